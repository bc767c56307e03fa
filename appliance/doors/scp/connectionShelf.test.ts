import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { opened, record } from '../../../test/faults/connectionLog.ts'
import { Fault } from '../../faults.ts'
import { type Key, keyOf, openStore } from '../../holdings/catalog/catalog.ts'
import { silentLog } from '../../log.ts'
import { openConnectionLog } from './connections.ts'

test('what is kept is there after a restart as it was, and ids go on', async () => {
  const first = await opened({ kept: 3 })
  const refusal = { outcome: 'rejected', sentence: 'CT01 calls ORTHANC.' } as const
  first.add(...[1, 2, 3].map(id => record(id, refusal)), record(5), record(4))
  const { connections } = first
  const before = [connections.recent(10), connections.refusedCallers()]
  await first.stop()

  const second = await opened({ folder: first.folder, kept: 3 })
  assert.deepEqual([second.connections.recent(10), second.connections.refusedCallers()], before)
  assert.equal(second.lastId(), 5)
  second.add(record(6, refusal))
  assert.equal(second.connections.refusedCallers()[0]!.attempts, 4)
  await second.stop()

  const third = await opened({ folder: first.folder, kept: 3 })
  assert.deepEqual(third.ids(), [6, 4, 5])
  assert.equal(third.connections.refusedCallers()[0]!.attempts, 4)
  assert.equal(third.lastId(), 6)
  await third.stop()
})

test('the order of refused callers is that of their last attempts, after a restart too', async () => {
  const first = await opened()
  for (const [index, name] of ['A', 'B', 'C', 'A'].entries()) {
    first.add(record(index + 1, { outcome: 'rejected', callingAeTitle: name }))
  }
  await first.stop()
  const second = await opened({ folder: first.folder })
  assert.deepEqual(
    second.connections.refusedCallers().map(each => each.callingAeTitle),
    ['A', 'C', 'B'],
  )
  await second.stop()
})

test('a power cut takes the last seconds only, and no id is given twice', async () => {
  const first = await opened()
  first.add(record(1), record(2))
  await first.passes()
  first.add(record(3), record(4))
  await first.cut()

  const second = await opened({ folder: first.folder })
  assert.deepEqual(second.ids(), [2, 1])
  assert.ok(second.lastId() > 4)
  await second.stop()
})

test('an association that ends waits for no write and makes none', async () => {
  let commits = 0
  const { add, passes, stop } = await opened({
    commit: take => writes => {
      commits++
      return take(writes)
    },
  })
  const atStart = commits
  add(...Array.from({ length: 1_200 }, (_, at) => record(at + 1)))
  assert.equal(commits, atStart)
  // In lots, so that the thread is not held up by one that is long.
  assert.equal(await passes(), 0.5)
  assert.equal(await passes(), 0.5)
  assert.equal(await passes(), 5)
  assert.equal(commits, atStart + 3)
  assert.equal(await passes(), 5)
  assert.equal(commits, atStart + 3, 'nothing new, nothing written')
  await stop()
})

test('what is kept is bounded on the disk as in memory, however long nothing could be written', async () => {
  let full = true
  const { add, keptIn, passes, stop, space } = await opened({
    kept: 20,
    commit: take => writes => {
      if (full) throw new Fault('storage-full')
      return take(writes)
    },
  })
  const refusals = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, at) =>
      record(from + at, { outcome: 'rejected', callingAeTitle: `N${from + at}` }),
    )
  add(...refusals(1, 1_500))
  await passes()
  assert.equal(keptIn().length, 0)
  full = false
  while ((await passes()) < 5);
  assert.equal(keptIn().length, 20)
  assert.equal(space.count({ under: keyOf('refused') }), 1_000)
  add(...refusals(1_500, 2_600))
  while ((await passes()) < 5);
  add(record(2_600))
  while ((await passes()) < 5);
  assert.equal(keptIn().length, 20)
  assert.equal(space.count({ under: keyOf('refused') }), 1_000)
  await stop()
})

test('a disk that is full is told of once, ends nothing, and what came meanwhile is kept afterwards', async () => {
  const told: string[] = []
  let full = true
  const first = await opened({
    log: { ...silentLog, warn: event => void told.push(event) },
    commit: take => writes => {
      if (full) throw new Fault('storage-full')
      return take(writes)
    },
  })
  first.add(record(1))
  await first.passes()
  first.add(record(2))
  await first.passes()
  assert.deepEqual(told, ['connection-records-not-kept'])
  assert.deepEqual(first.ids(), [2, 1])
  full = false
  await first.passes()
  await first.cut()
  const second = await opened({ folder: first.folder })
  assert.deepEqual(second.ids(), [2, 1])
  await second.stop()
})

test('while the store cannot write out what it has, it is given no more', async () => {
  let trouble: Fault | undefined = new Fault('storage-failed')
  const { add, passes, keptIn, stop } = await opened({ trouble: () => trouble })
  add(record(1))
  await passes()
  assert.equal(keptIn().length, 0)
  trouble = undefined
  await passes()
  assert.equal(keptIn().length, 1)
  await stop()
})

test('a damaged record is left out and removed, the others are there', async () => {
  const first = await opened()
  first.add(...[1, 2, 3, 4].map(id => record(id, { outcome: 'rejected', sentence: `mark${id}` })))
  await first.stop()
  const file = join(first.folder, 'catalog.mdb')
  const bytes = await readFile(file)
  for (let at = bytes.indexOf('mark2'); at >= 0; at = bytes.indexOf('mark2', at)) bytes[at] = 1
  await writeFile(file, bytes)

  const told: string[] = []
  const log = { ...silentLog, warn: (event: string) => void told.push(event) }
  const second = await opened({ folder: first.folder, log })
  assert.deepEqual(second.ids(), [4, 3, 1])
  assert.equal(second.store.unreadable(), undefined)
  assert.deepEqual(told, ['connection-records-damaged'])
  second.add(record(5))
  await second.stop()
  const third = await opened({ folder: first.folder })
  assert.deepEqual(third.ids(), [5, 4, 3, 1])
  await third.stop()
})

test('what still is JSON but no record is left out, too', async () => {
  const first = await opened()
  first.add(record(1, { outcome: 'rejected' }))
  await first.stop()
  const store = await openStore({ folder: first.folder, ahead: 0 })
  const space = store.space('connections')
  const [[key, value]] = Array.from(space.range<{ record: object }>({ under: keyOf('ended') })) as [
    [Key, { record: object }],
  ]
  const wrong = [{}, [], 5, 'x', { number: 9 }, { number: 8, record: {} }, value]
  wrong.push({ ...value, record: { ...value.record, contexts: [{}] } })
  space.commit({
    put: [
      ...wrong.map((each, at) => [keyOf('ended', at + 2), each] as const),
      [keyOf('refused', 'x', 'y', 'z'), { number: 1 }],
      [keyOf('id'), 'many'],
    ],
  })
  await store.close()
  const second = await opened({ folder: first.folder })
  assert.deepEqual(second.ids(), [1])
  assert.equal(second.connections.refusedCallers().length, 1)
  assert.deepEqual(
    second.keptIn().map(([each]) => each),
    [key],
  )
  await second.stop()
})

test('a store that cannot be read begins the list anew and ends nothing', async () => {
  const { space, stop } = await opened()
  const told: string[] = []
  const connections = openConnectionLog({
    store: {
      ...space,
      // biome-ignore lint/correctness/useYield: it fails before its first entry
      *range() {
        throw new Fault('catalogue-damaged')
      },
    },
    trouble: () => undefined,
    log: { ...silentLog, warn: event => void told.push(event) },
    ...{ now: Date.now, pause: async () => {}, ids: { last: () => 0, goOnAfter() {} } },
  })
  assert.deepEqual(told, ['connection-records-unread'])
  connections.add(record(1))
  assert.equal(connections.recent(10).length, 1)
  await connections.run(AbortSignal.abort())
  assert.equal(space.count({ under: keyOf('ended') }), 1)
  await stop()
})
