import { keyOf } from '../../holdings/catalog/catalog.ts'
import { done, json, missing } from './answers.ts'
import { type Call, flag, jsonBody } from './arguments.ts'
import type { Desk } from './desk.ts'
import { Refusal } from './errors.ts'
import type { Json } from './json.ts'
import { callPeer, type Peer } from './peersCalls.ts'
import { configurationOf, peerOf } from './peersConfiguration.ts'
import type { Routes } from './routes.ts'

/**
 * Other servers of this API: those of the settings, which only the settings change, and those that
 * were added at run time, which lie in the store. A name in both is that of the settings.
 */
export const peerRoutes: Routes = (app, desk) => {
  app.get('/peers', c => {
    const added = Array.from(
      desk.store.range<[string, Peer]>({ under: keyOf('peer') }),
      ([, kept]) => kept,
    )
    const all = [...new Map([...added, ...desk.peers])].sort(([a], [b]) => (a < b ? -1 : 1))
    return json(
      flag(c, 'expand')
        ? Object.fromEntries(all.map(([name, peer]) => [name, configurationOf(peer)]))
        : all.map(([name]) => name),
    )
  })

  app.get('/peers/:id', c =>
    kept(desk, c.req.param('id'))
      ? json(['configuration', 'store', 'store-straight', 'system'])
      : missing(),
  )
  app.get('/peers/:id/configuration', c => json(configurationOf(peerAt(desk, c))))

  app.put('/peers/:id', async c => {
    const name = c.req.param('id')
    const body = await jsonBody(c, desk.limits.formBytes)
    // So Orthanc says that a PUT has no effect.
    if (body === undefined) return missing()
    expectUnlocked(desk, name)
    const peer = peerOf(name, body)
    desk.store.commit({ put: [[keyOf('peer', name), [name, peer]]] })
    await desk.store.flushed()
    return done()
  })

  app.delete('/peers/:id', async c => {
    const name = c.req.param('id')
    expectUnlocked(desk, name)
    if (!kept(desk, name)) throw new Refusal('InexistentItem', 'Unknown Orthanc peer')
    desk.store.commit({ remove: [keyOf('peer', name)] })
    await desk.store.flushed()
    return done()
  })

  app.get('/peers/:id/system', async c => {
    const peer = peerAt(desk, c)
    const asked = { method: 'GET', path: 'system', stop: c.req.raw.signal }
    return json(answerOf(await callPeer(peer, asked)))
  })
}

const kept = (desk: Desk, name: string): Peer | undefined =>
  desk.peers.get(name) ?? desk.store.get<[string, Peer]>(keyOf('peer', name))?.[1]

function expectUnlocked(desk: Desk, name: string): void {
  if (!desk.peers.has(name)) return
  throw new Refusal('ForbiddenAccess', `peer "${name}" is set in the configuration file`)
}

/** The peer that a route names. */
export function peerAt(desk: Desk, c: Call): Peer {
  const peer = kept(desk, c.req.param('id') ?? '')
  if (!peer) throw new Refusal('UnknownResource', 'No peer with this symbolic name')
  return peer
}

/** The JSON of a good answer. */
export function answerOf({ status, body }: { status: number; body: Buffer }): Json {
  if (status !== 200)
    throw new Refusal('NetworkProtocol', `The peer answered with status ${status}`)
  try {
    return JSON.parse(body.toString('utf8')) as Json
  } catch {
    throw new Refusal('NetworkProtocol', 'The peer answered with something that is not JSON')
  }
}
