import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Hono } from 'hono'
import type { Delivery, DeliveryQuery, DestinationReport } from '../../duties/forward/forward.ts'
import { faultOf } from '../../faults.ts'
import { deliveryRoutes } from './deliveries.ts'

const sum = (deliveries: number) => ({ deliveries, bytes: deliveries * 1000 })

const report: DestinationReport = {
  name: 'cloud',
  kind: 'dimse',
  state: 'waiting',
  sums: {
    ...{ owed: sum(3), sending: sum(0), sent: sum(0), accepted: sum(5) },
    ...{ verified: sum(0), parked: sum(1), withdrawn: sum(0) },
  },
  oldestSeconds: 61,
  failures: 2,
  ...{ held: 0, paused: 0, connections: 0, parallel: 1, parallelAtMost: 4, bytesPerSecond: 0 },
  nextAttemptSeconds: 4,
  why: { code: 'peer-unreachable', detail: 'refused', advice: 'Check the network.' },
}

const parked: Delivery = {
  instance: 'i1',
  destination: 'cloud',
  study: 's1',
  series: 'e1',
  sopInstanceUid: '1.2.3',
  digest: 'd',
  bytes: 1000,
  priority: 1,
  number: 7,
  order: 7,
  state: 'parked',
  owedAt: 0,
  movedAt: 1000,
  claims: 1,
  failures: 1,
  status: 0xc000,
  why: { code: 'peer-declined', detail: 'answered 0xC000', advice: 'See its log.' },
}

function app() {
  const asked: DeliveryQuery[] = []
  const retried: unknown[] = []
  const routes = deliveryRoutes({
    forward: {
      destinations: () => [report],
      deliveries: query => {
        asked.push(query)
        return { deliveries: [parked], next: 'more' }
      },
      retry: selection => {
        retried.push(selection)
        return 1
      },
      withdraw(selection, reason) {
        retried.push([selection, reason])
        return 2
      },
      pauseDeliveries: selection => retried.push(['pause', selection]),
      resumeDeliveries: selection => retried.push(['resume', selection]),
      release: selection => retried.push(['release', selection]),
      reject: (selection, reason) => retried.push(['reject', selection, reason]),
      kept: async () => void retried.push('kept'),
      study: () => ({ cloud: { owed: 2 } }),
      async *follow() {
        yield { destinations: [report], plan: true }
      },
    },
  })
  const whole = new Hono().route('/', routes)
  whole.onError((error, context) => context.json({ code: faultOf(error).code }, 400))
  return { routes: whole, asked, retried }
}

test('the state of every destination is shown with a page of deliveries and why they are parked', async () => {
  const { routes, asked } = app()
  const response = await routes.request(
    '/api/deliveries?destination=cloud&state=parked&study=s1&limit=10&after=x',
  )
  assert.equal(response.status, 200)
  assert.deepEqual(asked, [
    { destination: 'cloud', state: 'parked', study: 's1', limit: 10, after: 'x' },
  ])
  const body = (await response.json()) as {
    destinations: { counts: object; bytes: object; why: object }[]
    deliveries: object[]
    next: string
  }
  const counts = { owed: 3, sending: 0, sent: 0, accepted: 5, verified: 0, parked: 1, withdrawn: 0 }
  assert.deepEqual(body.destinations[0]?.counts, counts)
  assert.deepEqual(body.destinations[0]?.why, report.why)
  assert.equal(body.next, 'more')
  assert.deepEqual(body.deliveries, [
    {
      instance: 'i1',
      study: 's1',
      sopInstanceUid: '1.2.3',
      destination: 'cloud',
      state: 'parked',
      bytes: 1000,
      failures: 1,
      priority: 'normal',
      owedAt: '1970-01-01T00:00:00.000Z',
      movedAt: '1970-01-01T00:00:01.000Z',
      kept: true,
      status: 0xc000,
      why: parked.why,
    },
  ])
})

test('parked deliveries are tried again on request, all of them or those named, and it is kept before it is answered', async () => {
  const { routes, retried } = app()
  const post = (body?: string) =>
    routes.request('/api/deliveries/retry', { method: 'POST', ...(body ? { body } : {}) })
  assert.deepEqual(await (await post()).json(), { retried: 1 })
  await post('{"destination":"cloud","study":"s1"}')
  assert.deepEqual(retried, [{}, 'kept', { destination: 'cloud', study: 's1' }, 'kept'])
})

test('deliveries are withdrawn only when named and with a reason', async () => {
  const { routes, retried } = app()
  const post = (body: string) =>
    routes.request('/api/deliveries/withdraw', { method: 'POST', body })
  for (const body of ['', '{"reason":"x"}', '{"study":"s1"}', '{"study":"s1","reason":" "}']) {
    assert.deepEqual(await (await post(body)).json(), { code: 'request-malformed' }, body)
  }
  const answer = await post('{"study":"s1","reason":"wrong patient"}')
  assert.deepEqual(await answer.json(), { withdrawn: 2 })
  assert.deepEqual(retried, [[{ study: 's1' }, 'wrong patient'], 'kept'])
})

test('deliveries are paused and resumed only when named, and it is kept before it is answered', async () => {
  const { routes, retried } = app()
  const post = (path: string, body: string) => routes.request(path, { method: 'POST', body })
  for (const verb of ['pause', 'resume'])
    for (const body of ['', '{}', '{"study":5}', '{"study":"s1","until":"noon"}'])
      assert.equal((await post(`/api/deliveries/${verb}`, body)).status, 400, `${verb} ${body}`)
  assert.deepEqual(await (await post('/api/deliveries/pause', '{"study":"s1"}')).json(), {
    paused: 1,
  })
  await post('/api/deliveries/resume', '{"destination":"cloud","study":"s1"}')
  assert.deepEqual(retried, [
    ['pause', { study: 's1' }],
    'kept',
    ['resume', { destination: 'cloud', study: 's1' }],
    'kept',
  ])
})

test('a question that is not understood is refused, and nothing is tried again by mistake', async () => {
  const { routes, asked, retried } = app()
  for (const query of ['state=lost', 'limit=0', 'limit=many', 'destinatoin=cloud']) {
    const response = await routes.request(`/api/deliveries?${query}`)
    assert.deepEqual(await response.json(), { code: 'request-malformed' }, query)
  }
  for (const body of ['{', '[]', '{"destinatoin":"cloud"}', '{"study":5}']) {
    const response = await routes.request('/api/deliveries/retry', { method: 'POST', body })
    assert.deepEqual(await response.json(), { code: 'request-malformed' }, body)
  }
  assert.deepEqual([asked, retried], [[], []])
})

test('what is held for review is listed apart, and released or rejected only when named', async () => {
  const { routes, asked, retried } = app()
  assert.equal((await routes.request('/api/review?destination=cloud')).status, 200)
  assert.equal((await routes.request('/api/review?priority=stat')).status, 200)
  assert.deepEqual(asked, [
    { destination: 'cloud', state: 'parked', held: true },
    { priority: 0, state: 'parked', held: true },
  ])
  const post = (path: string, body: string) => routes.request(path, { method: 'POST', body })
  for (const body of ['', '{}', '{"reason":"x"}']) {
    assert.equal((await post('/api/review/release', body)).status, 400, body)
    assert.equal((await post('/api/review/reject', body)).status, 400, body)
  }
  assert.equal((await post('/api/review/reject', '{"study":"s1"}')).status, 400)
  await post('/api/review/release', '{"study":"s1"}')
  await post('/api/review/reject', '{"study":"s1","reason":"a phantom"}')
  assert.deepEqual(retried, [
    ['release', { study: 's1' }],
    'kept',
    ['reject', { study: 's1' }, 'a phantom'],
    'kept',
  ])
})

test('whoever follows gets every destination at first, as an event each', async () => {
  const { routes } = app()
  const answer = await routes.request('/api/deliveries/stream')
  assert.match(answer.headers.get('content-type') ?? '', /text\/event-stream/)
  const text = await answer.text()
  assert.match(text, /event: plan\n/)
  assert.match(text, /event: destination\ndata: \{"name":"cloud"/)
})

test('deliveries are asked for by priority, reason and time', async () => {
  const { routes, asked } = app()
  await routes.request('/api/deliveries?priority=stat&reason=peer-declined&since=2026-03-01')
  const since = Date.UTC(2026, 2, 1)
  assert.deepEqual(asked, [{ priority: 0, reason: 'peer-declined', since }])
  assert.equal((await routes.request('/api/deliveries?since=yesterday')).status, 400)
})
