import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Hono } from 'hono'
import { type Box, startBox } from '../../../test/conformance/nodes/box.ts'
import { freshFolders } from '../../../test/faults/holdings.ts'
import { freePort } from '../../../test/peers/programs.ts'
import { problemOf } from '../../host/http/http.ts'
import type { EchoAnswer, FaultAnswer, NodeAnswer, ProbeAnswer } from './answers.ts'
import { nodeRoutes } from './nodes.ts'

const freshFolder = freshFolders(after)
let box: Box
let scanner: Box
let app: Hono

before(async () => {
  scanner = await startBox({
    ...{ folder: await freshFolder(), aet: 'CT01', dicom: { checkCalledAet: true } },
  })
  box = await startBox({
    ...{ folder: await freshFolder(), aet: 'WAYSTATION' },
    nodes: [{ name: 'ct', aet: 'CT01', host: '127.0.0.1', port: scanner.port }],
  })
  app = new Hono().onError(problemOf).route('/', nodeRoutes(box))
})
after(async () => {
  await Promise.all([box.stop(), scanner.stop()])
})

async function ask<T = FaultAnswer>(method: string, path: string, body?: unknown) {
  const init = body === undefined ? { method } : { method, body: JSON.stringify(body) }
  const answer = await app.request(`/api/nodes${path}`, init)
  return { status: answer.status, said: (await answer.json()) as T }
}

describe('known nodes', () => {
  test('are added, shown, changed and removed while the service runs', async () => {
    const pacs = { name: 'pacs', aet: 'PACS', host: '10.0.0.5' }
    const added = await ask<NodeAnswer>('POST', '', pacs)
    assert.equal(added.status, 201)
    assert.deepEqual(
      [added.said.name, added.said.locked, added.said.settings.port],
      ['pacs', false, 104],
    )
    const { settings } = (await ask<NodeAnswer>('GET', '/pacs')).said
    const changed = await ask<NodeAnswer>('PUT', '/pacs', { ...settings, port: 11112 })
    assert.equal(changed.said.settings.port, 11112)
    assert.equal(box.nodes.get('pacs')?.port, 11112)
    const { nodes } = (await ask<{ nodes: NodeAnswer[] }>('GET', '')).said
    assert.deepEqual(
      nodes.map(({ name, locked }) => [name, locked]),
      [
        ['ct', true],
        ['pacs', false],
      ],
    )
    assert.equal((await ask('DELETE', '/pacs')).status, 200)
    assert.equal((await ask('GET', '/pacs')).status, 404)
    assert.equal((await ask('DELETE', '/pacs')).status, 404)
    assert.equal((await ask('PUT', '/pacs', pacs)).status, 404)
  })

  test('that are wrong are refused with every problem at its field, in plain words', async () => {
    const wrong = { name: 'a b', aet: 'MORE THAN 16 CHARACTERS', port: 99_999, colour: 'red' }
    const { status, said } = await ask('POST', '', wrong)
    assert.equal(status, 400)
    assert.equal(said.code, 'settings-refused')
    assert.deepEqual(said.problems!.map(({ path }) => path).sort(), [
      '',
      'aet',
      'host',
      'name',
      'port',
    ])
    const messages = said.problems!.map(({ message }) => message).join('; ')
    assert.match(messages, /is needed/)
    assert.match(messages, /is at most 65535/)
    assert.match(messages, /no setting called "colour"/)
    const twice = await ask('POST', '', { name: 'ct', aet: 'X', host: 'x' })
    assert.deepEqual(
      twice.said.problems!.map(({ path }) => path),
      ['name'],
    )
    assert.equal((await ask('POST', '', [])).status, 400)
    assert.equal((await ask('POST', '', null)).status, 400)
  })

  test('of the configuration file are changed and removed only there', async () => {
    const settings = { aet: 'CT02', host: '127.0.0.1' }
    const { status, said } = await ask('PUT', '/ct', settings)
    assert.deepEqual([status, said.code], [403, 'not-allowed'])
    assert.equal((await ask('DELETE', '/ct')).status, 403)
    assert.equal(box.nodes.get('ct')?.aet, 'CT01')
  })

  test('keep their name', async () => {
    await ask('POST', '', { name: 'mr', aet: 'MR01', host: 'mr' })
    const { said } = await ask('PUT', '/mr', { name: 'mr2', aet: 'MR01', host: 'mr' })
    assert.deepEqual(
      said.problems!.map(({ path }) => path),
      ['name'],
    )
    assert.equal(box.nodes.get('mr2'), undefined)
  })
})

describe('a node that is tried', () => {
  test('answers an echo, or the reason says what to change', async () => {
    assert.deepEqual((await ask<EchoAnswer>('POST', '/ct/echo')).said, { answered: true })
    await box.knows('misnamed', 'CT99', scanner.port)
    const misnamed = (await ask<EchoAnswer>('POST', '/misnamed/echo')).said
    assert.deepEqual([misnamed.answered, misnamed.why?.code], [false, 'peer-refused'])
    await box.knows('nobody', 'NOBODY', await freePort())
    const nobody = (await ask<EchoAnswer>('POST', '/nobody/echo')).said
    assert.deepEqual([nobody.answered, nobody.why?.code], [false, 'peer-unreachable'])
    assert.match(nobody.why!.advice, /check address, port, network/)
    assert.equal((await ask('POST', '/stranger/echo')).status, 404)
  })

  test('tells what it takes without being sent anything', async () => {
    const { said } = await ask<ProbeAnswer>('POST', '/ct/probe')
    assert.equal(said.answered, true)
    const { capabilities } = said
    assert.equal(capabilities?.speaks, 'plain')
    assert.ok(capabilities.services.includes('find-study'))
    const ct = capabilities.storage.find(({ name }) => name === 'CT Image Storage')
    assert.ok(ct?.transferSyntaxes.includes('1.2.840.10008.1.2.1'))
    assert.deepEqual([...scanner.archive.catalog.changes(0, 10)], [])
    const nobody = (await ask<ProbeAnswer>('POST', '/nobody/probe')).said
    assert.deepEqual([nobody.answered, nobody.capabilities], [false, undefined])
  })
})
