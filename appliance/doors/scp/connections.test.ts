import assert from 'node:assert/strict'
import { test } from 'node:test'
import { opened, record } from '../../../test/faults/connectionLog.ts'
import { keyOf } from '../../holdings/catalog/catalog.ts'

const day = 24 * 3_600_000

test('the newest records are kept, newest first, and no more than the limit', async () => {
  const { connections: log, stop } = await opened({ kept: 3 })
  assert.deepEqual(log.recent(10), [])
  for (const id of [1, 2, 3, 4, 5]) log.add(record(id))
  assert.deepEqual(
    log.recent(10).map(each => each.id),
    [5, 4, 3],
  )
  assert.deepEqual(
    log.recent(1).map(each => each.id),
    [5],
  )
  await stop()
})

test('callers that propose without measure cost the oldest records their contexts, and no more', async () => {
  const contexts = Array.from({ length: 10 }, (_, id) => ({
    id,
    abstractSyntax: '1.2.3',
    transferSyntaxes: ['1.2.840.10008.1.2', '1.2.840.10008.1.2.1'],
  }))
  // Each weighs 10 × (200 + 2 × 80) = 3,600 bytes: two of them fit.
  const { connections: log, keptIn, passes, stop } = await opened({ kept: 4, contextsBytes: 8_000 })
  for (let id = 1; id <= 11; id++) {
    log.add(record(id, { contexts }))
    const all = log.recent(10)
    assert.equal(all.length, Math.min(id, 4))
    assert.deepEqual(
      all.map(each => each.contexts.length),
      all.map((_, index) => (index < 2 ? 10 : 0)),
    )
  }
  await passes()
  assert.deepEqual(
    keptIn().map(([, { record }]) => [record.id, record.contexts.length]),
    [8, 9, 10, 11].map(id => [id, id < 10 ? 0 : 10]),
  )
  await stop()
})

test('a refused caller is listed once, with its attempts and its last one', async () => {
  const { connections: log, stop } = await opened()
  log.add(record(1, { outcome: 'rejected', sentence: 'first' }))
  log.add(record(2, { outcome: 'rejected', callingAeTitle: 'MR02' }))
  log.add(record(3, { outcome: 'rejected', sentence: 'last' }))
  log.add(record(4))
  assert.deepEqual(
    log
      .refusedCallers()
      .map(each => [each.callingAeTitle, each.attempts, each.lastAt, each.sentence]),
    [
      ['CT01', 2, '2026-01-01T00:00:03Z', 'last'],
      ['MR02', 1, '2026-01-01T00:00:02Z', ''],
    ],
  )
  await stop()
})

test('a follower sees every record as it comes, and ends when told to', async () => {
  const { connections: log, stop: close } = await opened()
  const stop = new AbortController()
  const seen: number[] = []
  const following = (async () => {
    for await (const each of log.follow(stop.signal)) {
      seen.push(each.id)
      if (each.id === 3) stop.abort()
    }
  })()
  await Promise.resolve()
  for (const id of [1, 2, 3]) log.add(record(id))
  await following
  assert.deepEqual(seen, [1, 2, 3])
  await close()
})

test('a caller that was refused a month ago is forgotten, here and on the disk', async () => {
  const first = await opened()
  const ago = (days: number) => new Date(Date.parse('2026-01-02') - days * day).toISOString()
  first.add(
    record(1, { outcome: 'rejected', callingAeTitle: 'OLD', startedAt: ago(31) }),
    record(2, { outcome: 'rejected', callingAeTitle: 'NEW', startedAt: ago(29) }),
  )
  await first.passes()
  first.add(record(3))
  await first.passes()
  assert.deepEqual(
    first.connections.refusedCallers().map(each => each.callingAeTitle),
    ['NEW'],
  )
  assert.equal(first.space.count({ under: keyOf('refused') }), 1)
  await first.stop()
})
