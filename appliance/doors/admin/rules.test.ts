import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Hono } from 'hono'
import { relay } from '../../../test/peers/relay.ts'
import { problemOf } from '../../host/http/http.ts'
import { destinationRoutes } from './destinations.ts'
import { ruleRoutes } from './rules.ts'

test('rules and destinations are made, refused with every problem, ordered, tried and removed', async () => {
  const box = await relay()
  const { forward } = box
  const app = new Hono()
    .route('/', destinationRoutes({ forward }))
    .route('/', ruleRoutes({ forward, now: () => new Date(box.time.now()) }))
    .onError(problemOf)
  async function ask(method: string, path: string, body?: unknown) {
    const init = body === undefined ? { method } : { method, body: JSON.stringify(body) }
    const answer = await app.request(path, init)
    return [answer.status, (await answer.json()) as Record<string, unknown>] as const
  }
  const away = { name: 'away', kind: 'dimse', aet: 'AWAY', host: '10.1.1.1' }
  assert.equal((await ask('POST', '/api/destinations', away))[0], 201)
  const [status, problem] = await ask('POST', '/api/rules', {
    name: 'all',
    send: ['clod'],
    on: 'x',
  })
  assert.equal(status, 400)
  assert.equal((problem.problems as unknown[]).length, 3)
  assert.equal((await ask('POST', '/api/rules', { name: 'one', send: ['away'] }))[0], 201)
  assert.equal((await ask('POST', '/api/rules?before=one', { name: 'two', drop: true }))[0], 201)
  const names = async () =>
    ((await ask('GET', '/api/rules'))[1].rules as { name: string }[]).map(each => each.name)
  assert.deepEqual(await names(), ['all', 'two', 'one'])
  assert.equal((await ask('PUT', '/api/rules', { order: ['one', 'two'] }))[0], 200)
  assert.deepEqual(await names(), ['all', 'one', 'two'])
  assert.equal((await ask('PUT', '/api/rules/all', { name: 'all', drop: true }))[0], 403)
  assert.equal((await ask('DELETE', '/api/rules/three'))[0], 404)
  assert.equal((await ask('POST', '/api/rules/trial', {}))[0], 400)
  assert.deepEqual((await ask('POST', '/api/rules/trial', { days: 1 }))[1].instances, 0)
  assert.equal((await ask('DELETE', '/api/destinations/away'))[0], 400)
  assert.equal((await ask('DELETE', '/api/rules/one'))[0], 200)
  assert.equal((await ask('DELETE', '/api/destinations/away'))[0], 200)
  assert.equal((await ask('PUT', '/api/link', { cap: 1, windows: [{ at: '* 25 * * *' }] }))[0], 400)
  await box.stop()
})
