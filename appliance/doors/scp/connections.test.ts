import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConnectionRecord } from '../../standard/dimse/dimse.ts'
import { createConnectionLog } from './connections.ts'

function record(id: number, over: Partial<ConnectionRecord> = {}): ConnectionRecord {
  return {
    id,
    direction: 'incoming',
    remoteAddress: '10.0.0.7',
    remotePort: 1000 + id,
    secure: false,
    callingAeTitle: 'CT01',
    calledAeTitle: 'ORTHANC',
    contexts: [],
    requests: {},
    bytesReceived: 0,
    bytesSent: 0,
    startedAt: `2026-01-01T00:00:0${id % 10}Z`,
    durationMs: 1,
    outcome: 'released',
    sentence: '',
    ...over,
  }
}

test('the newest records are kept, newest first, and no more than the limit', () => {
  const log = createConnectionLog(3)
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
})

test('callers that propose without measure cost the oldest records their contexts, and no more', () => {
  const contexts = Array.from({ length: 10 }, (_, id) => ({
    id,
    abstractSyntax: '1.2.3',
    transferSyntaxes: ['1.2.840.10008.1.2', '1.2.840.10008.1.2.1'],
  }))
  // Each weighs 10 × (200 + 2 × 80) = 3,600 bytes: two of them fit.
  const log = createConnectionLog(4, 8_000)
  for (let id = 1; id <= 11; id++) {
    log.add(record(id, { contexts }))
    const all = log.recent(10)
    assert.equal(all.length, Math.min(id, 4))
    assert.deepEqual(
      all.map(each => each.contexts.length),
      all.map((_, index) => (index < 2 ? 10 : 0)),
    )
  }
})

test('a refused caller is listed once, with its attempts and its last one', () => {
  const log = createConnectionLog()
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
})

test('a follower sees every record as it comes, and ends when told to', async () => {
  const log = createConnectionLog()
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
})
