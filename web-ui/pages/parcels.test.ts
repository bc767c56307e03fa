import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DeliveryAnswer } from '../api/api.ts'
import { bundlesOf, firstParked } from './parcels.ts'

const delivery = (instance: string, rest: Partial<DeliveryAnswer> = {}): DeliveryAnswer => ({
  ...{ instance, study: 's1', sopInstanceUid: '1.2', destination: 'cloud', state: 'parked' },
  ...{ bytes: 100, failures: 1, priority: 'normal', kept: true },
  ...{ owedAt: '2026-03-01T08:00:00.000Z', movedAt: '2026-03-01T08:00:00.000Z' },
  ...rest,
})
const why = (detail: string) => ({ code: 'peer-declined', detail, advice: 'Ask there.' })

test('images of a study that stand alike are one line with their sum', () => {
  const [one, ...more] = bundlesOf([
    delivery('a', { why: why('no') }),
    delivery('b', { why: why('no'), failures: 4, owedAt: '2026-03-01T07:00:00.000Z' }),
    delivery('c', { why: why('no'), movedAt: '2026-03-01T09:00:00.000Z' }),
  ])
  assert.deepEqual(more, [])
  assert.equal(one!.images, 3)
  assert.equal(one!.bytes, 300)
  assert.equal(one!.failures, 4)
  assert.equal(one!.owedAt, '2026-03-01T07:00:00.000Z')
  assert.equal(one!.movedAt, '2026-03-01T09:00:00.000Z')
})

test('another study, destination, state or reason is another line', () => {
  const bundles = bundlesOf([
    delivery('a', { why: why('no') }),
    delivery('b', { why: why('not this kind') }),
    delivery('c', { study: 's2', why: why('no') }),
    delivery('d', { destination: 'pacs', why: why('no') }),
    delivery('e', { state: 'owed' }),
    delivery('f', { state: 'owed', paused: true }),
    delivery('g', { review: true }),
  ])
  assert.equal(bundles.length, 7)
})

test('what is parked comes first, and once', () => {
  const parked = [delivery('b'), delivery('a', { destination: 'pacs' })]
  const page = [delivery('a', { state: 'owed' }), delivery('b')]
  const order = firstParked(page, parked).map(each => [each.instance, each.destination])
  assert.deepEqual(order, [
    ['b', 'cloud'],
    ['a', 'pacs'],
    ['a', 'cloud'],
  ])
})
