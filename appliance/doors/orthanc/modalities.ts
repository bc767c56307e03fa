import type { Asking, Commitments, Node, Nodes, Promises } from '../../duties/nodes/nodes.ts'
import { done, doneAsJson, json, missing } from './answers.ts'
import { type Call, flag, jsonBody, textBody } from './arguments.ts'
import type { Desk } from './desk.ts'
import { questioned, Refusal } from './errors.ts'
import { count, isObject, truth, words } from './jobsBodies.ts'
import type { JsonObject } from './json.ts'
import { configurationOf, nodeOf } from './modalitiesConfiguration.ts'
import type { Routes } from './routes.ts'

/** The remote DICOM nodes, and what is asked of them. */
export interface Network {
  nodes: Nodes
  asking: Asking
  /** Without them nobody is asked to promise anything. */
  commitments?: Pick<Commitments, 'request' | 'of' | 'forget'> & Promises
}

const operations = [
  ...['configuration', 'echo', 'find', 'find-instance', 'find-patient', 'find-series'],
  ...['find-study', 'find-worklist', 'get', 'move', 'query', 'storage-commitment', 'store'],
  'store-straight',
]

/** The known nodes: listed, changed while the box runs, and asked for a sign of life. */
export const modalityRoutes: Routes = (app, desk) => {
  const { nodes, asking } = desk.network

  app.get('/modalities', c => {
    const all = [...nodes.list()].sort((a, b) => (a.name < b.name ? -1 : 1))
    return json(
      flag(c, 'expand')
        ? Object.fromEntries(all.map(node => [node.name, configurationOf(node)]))
        : all.map(({ name }) => name),
    )
  })

  app.get('/modalities/:id', c => (nodes.get(c.req.param('id')) ? json(operations) : missing()))
  app.get('/modalities/:id/configuration', c => json(configurationOf(modalityAt(desk, c))))

  app.put('/modalities/:id', async c => {
    const name = c.req.param('id')
    const body = await jsonBody(c, desk.limits.formBytes)
    await nodes.put(nodeOf(name, body, nodes.get(name)))
    return done()
  })

  app.delete('/modalities/:id', async c => {
    modalityAt(desk, c)
    await nodes.remove(c.req.param('id'))
    return done()
  })

  app.post('/modalities/:id/echo', async c => {
    const node = modalityAt(desk, c)
    const body = echoOptions(await textBody(c, desk.limits.formBytes))
    const asked = overridden(node, body)
    const checksFind = truth(body, 'CheckFind') ?? desk.settings.echoChecksFind
    const stop = c.req.raw.signal
    await asking.echo(asked, { stop })
    if (checksFind) {
      const identifier = [{ tag: 'PatientID', value: 'CHECK-FIND' }]
      const found = asking.find(asked, { level: 'Patient', identifier }, { stop })
      for await (const _ of questioned(found)) break
    }
    return doneAsJson()
  })
}

/** An object, or nothing: other JSON says nothing either. */
function echoOptions(body: string): JsonObject {
  if (body === '') return {}
  try {
    const given = JSON.parse(body) as unknown
    return isObject(given) ? given : {}
  } catch {
    throw new Refusal('BadFileFormat')
  }
}

/** The node that a route names. */
export function modalityAt(desk: Desk, c: Call): Node {
  const node = desk.network.nodes.get(c.req.param('id') ?? '')
  if (!node) throw new Refusal('InexistentItem', 'No modality with this symbolic name')
  return node
}

/** A node as this one request wants it asked. */
export function overridden(node: Node, body: JsonObject): Node {
  const timeout = count(body, 'Timeout')
  const localAet = words(body, 'LocalAet')
  return { ...node, ...(timeout && { timeout }), ...(localAet && { localAet }) }
}

export function commitmentsOf(desk: Desk): NonNullable<Network['commitments']> {
  const { commitments } = desk.network
  if (!commitments) throw new Refusal('NotImplemented')
  return commitments
}

export const localAetOf = (desk: Desk, node: Node): string =>
  node.localAet ?? desk.system().dicomAet
