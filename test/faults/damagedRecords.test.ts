import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { open as openEnvironment } from 'lmdb'
import type { Fault } from '../../appliance/faults.ts'
import { levels } from '../../appliance/holdings/catalog/catalog.ts'
import { type Log, silentLog } from '../../appliance/log.ts'
import { freshFolders, type Holdings, openHoldings } from './holdings.ts'
import { imageOf, whole } from './images.ts'

const freshFolder = freshFolders(after)

const keyEncoder = {
  writeKey: (key: string, target: Buffer, at: number) => at + target.write(key, at, 'latin1'),
  readKey: (source: Buffer, from: number, to: number) => source.toString('latin1', from, to),
}

/** Puts garbage in the place of every value whose key begins so; answers how many there were. */
async function garble(folder: string, under: string, most = 1_000): Promise<number> {
  const db = openEnvironment<Buffer, string>({
    ...{ path: join(folder, 'catalog', 'catalog.mdb'), encoding: 'binary', maxDbs: 1, keyEncoder },
    overlappingSync: false,
  } as unknown as Parameters<typeof openEnvironment>[0])
  const keys = [...db.getKeys({ start: under, end: `${under}\xff\xff` })].slice(0, most)
  for (const key of keys) await db.put(key, Buffer.from('\x01\x02garbage'))
  await db.close()
  return keys.length
}

/** All that can be asked, without change numbers: what the images tell. */
function answers({ archive: { catalog, quarantine } }: Holdings): unknown {
  const where = { PatientID: { kind: 'wildcard', pattern: 'P*' } } as const
  return {
    totals: catalog.totals(),
    found: levels.map(level => [...catalog.search({ level, where })].sort()),
    resources: levels.flatMap(level =>
      catalog
        .ids(level)
        .sort()
        .map(id => [id, catalog.instance(id), catalog.children(id).sort(), tagsOf(id)]),
    ),
    aside: quarantine().map(({ instance }) => instance.id),
  }
  function tagsOf(id: string) {
    const parent = catalog.parent(id)
    return parent && [parent.tags, parent.instances, parent.series, parent.bytes]
  }
}

async function filled(): Promise<Holdings> {
  const box = await openHoldings({ folder: await freshFolder() })
  for (let n = 0; n < 24; n++) {
    const study = n % 5
    await box.receive({ patient: `P${study % 3}`, study, series: n % 2, instance: n })
  }
  await box.receive({ patient: 'P1', study: 1, series: 1, instance: 1, shade: 9 })
  const { instance } = await box.receive({ patient: 'P2', study: 2, series: 0, instance: 50 })
  await box.archive.remove(instance.id)
  return box
}

/** Runs the service that mends for so many looks. */
async function mend(box: Holdings, pauses: (() => void)[], looks = 1): Promise<void> {
  const stop = new AbortController()
  let looked = 0
  pauses.splice(0, pauses.length, () => void (++looked === looks && stop.abort()))
  await box.archive.services.find(({ name }) => name === 'mending')!.run(stop.signal)
}

const told = (): { log: Log; lines: [string, object][] } => {
  const lines: [string, object][] = []
  const log = { ...silentLog, error: (event: string, facts: object) => lines.push([event, facts]) }
  return { log: log as unknown as Log, lines }
}

/** Everything read, as a busy box would: what cannot be is a fault of its own. */
function readAll(box: Holdings): boolean {
  try {
    answers(box)
    for (const _ of box.archive.catalog.changes(0, 1_000));
    return true
  } catch (thrown) {
    assert.equal((thrown as Fault).code, 'catalogue-damaged')
    return false
  }
}

const tables: Record<string, string> = {
  'every record': 'c\0r',
  'every number of a public identifier': 'c\0i',
  'every child': 'c\0k',
  'every arrival': 'c\0a',
  'every index entry': 'c\0x',
  'every identifier': 'c\0u',
  'every blob’s number': 'c\0b',
  'every resource that is not stable': 'c\0y',
  'what is kept aside': 'c\0q',
  'the totals': 'c\0mtotals',
  'the count of numbers': 'c\0mcounters',
  'the archive’s own facts': 'c\0marchive.',
  'the watermark': 'c\0mwatermark',
}

for (const [what, under] of Object.entries(tables)) {
  test(`garbage in the catalogue is made good from the images while receiving goes on: ${what}`, async () => {
    const box = await filled()
    const before = answers(box)
    await box.close()
    assert.ok((await garble(box.folder, under)) > 0)
    const { log, lines } = told()
    const pauses: (() => void)[] = []
    const pause = async () => pauses[0]?.()
    const again = await openHoldings({ folder: box.folder, log, pause })
    const first = readAll(again)
    await again
      .receive({ patient: 'P1', study: 1, series: 1, instance: 100 })
      .catch((thrown: Fault) => assert.equal(thrown.code, 'catalogue-damaged'))
    await mend(again, pauses)
    if (!first) assert.equal(lines[0]?.[0], 'catalogue-damaged')
    assert.ok(!JSON.stringify(lines).includes('P1'))
    const { instance } = await again.receive({ patient: 'P1', study: 1, series: 1, instance: 100 })
    await again.archive.remove(instance.id)
    assert.deepEqual(answers(again), before)
    assert.equal(again.store.unreadable(), undefined)
    await again.close()
    const third = await openHoldings({ folder: box.folder })
    assert.deepEqual(answers(third), before)
    await third.close()
  })
}

test('garbage in the change log leaves a gap there, and all else as it was', async () => {
  const box = await filled()
  const last = box.archive.catalog.lastChange()
  await box.close()
  assert.equal(await garble(box.folder, 'c\0n', 3), 3)
  const { log, lines } = told()
  const pauses: (() => void)[] = []
  const again = await openHoldings({ folder: box.folder, log, pause: async () => pauses[0]?.() })
  assert.equal(readAll(again), false)
  await mend(again, pauses, 3)
  for (let n = 0; n < 3; n++) if (!readAll(again)) await mend(again, pauses)
  const changes = again.archive.catalog.changes(0, 1_000)
  assert.equal(changes[0]!.seq, 4)
  assert.equal(again.archive.catalog.lastChange(), last)
  assert.ok(lines.every(([event]) => event === 'catalogue-damaged'))
  await again.close()
})

test('garbage in another part’s record is told with its part, and does not stop receiving', async () => {
  const box = await filled()
  box.store.space('forward').commit({ put: [['delivery', { state: 'owed' }]] })
  await box.close()
  assert.equal(await garble(box.folder, 'forward\0'), 1)
  const { log, lines } = told()
  const pauses: (() => void)[] = []
  const again = await openHoldings({ folder: box.folder, log, pause: async () => pauses[0]?.() })
  assert.throws(() => again.store.space('forward').get('delivery'), { code: 'catalogue-damaged' })
  await mend(again, pauses, 3)
  assert.equal(lines.length, 1)
  assert.equal((lines[0]![1] as { space: string }).space, 'forward')
  const { instance } = await again.receive({ instance: 500 })
  assert.deepEqual(await whole(again.archive.open(instance.id)), imageOf({ instance: 500 }).file)
  await again.close()
})

test('garbage in what the catalogue begins with fails that start, and the next one makes it again', async () => {
  for (const fact of ['generation', 'schema', 'ceiling']) {
    const box = await filled()
    await box.archive.rebuild()
    const before = box.archive.catalog.totals()
    await box.close()
    assert.equal(await garble(box.folder, `c\0m${fact}`), 1)
    await assert.rejects(openHoldings({ folder: box.folder }), { code: 'catalogue-damaged' })
    const again = await openHoldings({ folder: box.folder })
    assert.deepEqual(again.archive.catalog.totals(), before)
    await again.close()
  }
})
