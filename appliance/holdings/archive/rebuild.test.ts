import assert from 'node:assert/strict'
import { readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { freshFolders, type Holdings, openHoldings } from '../../../test/faults/holdings.ts'
import { whole } from '../../../test/faults/images.ts'
import type { Fault } from '../../faults.ts'
import { levels } from '../catalog/catalog.ts'

const freshFolder = freshFolders(after)

/** Everything that can be asked of the catalogue, in its order. */
function answers({ archive }: Holdings): string {
  const { catalog } = archive
  const all = levels.flatMap(level =>
    catalog
      .ids(level)
      .map(id => [
        catalog.parent(id) ?? catalog.instance(id),
        catalog.children(id),
        catalog.seriesStatus(id),
        Array.from(catalog.instancesOf(id), each => each.id),
      ]),
  )
  const where = { PatientID: { kind: 'wildcard', pattern: 'P*' } } as const
  const dated = { StudyDate: { kind: 'range', from: '20260101', to: '20260131' } } as const
  const searches = levels.flatMap(level => [
    [...catalog.search({ level, where })],
    [...catalog.search({ level, where: dated })],
    [...catalog.search({ level, where: {} })],
  ])
  const history = catalog.changes(0, 100_000)
  return JSON.stringify([
    ...[catalog.totals(), all, searches, history, catalog.lastChange()],
    ...[archive.quarantine(), archive.damaged()],
  ])
}

/** Says where two long answers part. */
function assertSame(actual: string, expected: string): void {
  let at = 0
  while (at < expected.length && actual[at] === expected[at]) at++
  const around = (text: string) => text.slice(Math.max(0, at - 300), at + 100)
  assert.equal(around(actual), around(expected))
}

async function filled(): Promise<Holdings> {
  const box = await openHoldings({
    folder: await freshFolder(),
    settings: { sameUidOtherBytes: 'keep-first' },
  })
  for (let n = 0; n < 40; n++) {
    const study = n % 7
    const modality = n % 3 === 1 ? 'CT' : 'MR'
    await box.receive({ patient: `P${study % 4}`, study, series: n % 3, instance: n, modality })
  }
  await box.receive({ patient: 'P1', study: 1, series: 1, instance: 1, modality: 'CT', shade: 9 })
  const [gone] = box.archive.catalog.lookup('1.2.826.0.1.3.0.3')
  await box.archive.remove(gone!.id)
  return box
}

const blobFile = (box: Holdings, blob: string) =>
  join(box.folder, 'blobs', '000', '00', `${blob}.dcm`)

test('a catalogue made again gives the same answers and the same change log, at once and after a restart', async () => {
  const box = await filled()
  const before = answers(box)
  for (let time = 1; time <= 3; time++) {
    const { state, read, kept } = await box.archive.rebuild()
    assert.deepEqual([state, read, kept], ['done', 39, 0])
    assertSame(answers(box), before)
  }
  await box.close()
  const again = await openHoldings({ folder: box.folder })
  assertSame(answers(again), before)
  const { instance } = await again.receive({ patient: 'P9', study: 9 })
  assert.equal(again.archive.catalog.lookup('P9').length, 1)
  assert.equal((await whole(again.archive.open(instance.id))).length, instance.bytes)
  await again.close()
})

test('what is received, removed, replaced and repeated meanwhile is as it would have been', async () => {
  const plain = await filled()
  const rebuilt = await filled()
  const meanwhile = async (box: Holdings) => {
    for (let n = 0; n < 30; n++) {
      await box.receive({
        patient: `P${n % 4}`,
        study: n % 7,
        series: 5,
        instance: n,
        modality: 'US',
      })
      if (n % 10 === 3) {
        const uid = `1.2.826.0.1.${n % 7}.${n % 3}.${n}`
        const [found] = box.archive.catalog.lookup(uid)
        if (found) await box.archive.remove(found.id)
      }
      if (n === 12) {
        const [study] = box.archive.catalog.lookup('1.2.826.0.1.2')
        await box.archive.remove(study!.id)
        await box.receive({ patient: 'P2', study: 2, series: 1, instance: 999 })
      }
      if (n === 20) await box.receive({ patient: 'P0', study: 4, series: 5, instance: 4, shade: 3 })
    }
  }
  await meanwhile(plain)
  const making = rebuilt.archive.rebuild()
  await meanwhile(rebuilt)
  assert.equal((await making).state, 'done')
  assertSame(answers(rebuilt), answers(plain))
  await rebuilt.archive.rebuild()
  assertSame(answers(rebuilt), answers(plain))
  await plain.close()
  await rebuilt.close()
})

test('records that are wrong are right again, and blobs nobody listed are found and told of', async () => {
  const box = await filled()
  const { catalog } = box.archive
  const right = answers(box)
  const store = box.store.space('c')
  const [key, record] = Array.from(
    store.range<{ level: string; tags: object }>({ under: 'r' }),
  ).find(([, each]) => each.level === 'Study')!
  store.commit({ put: [[key, { ...record, tags: { ...record.tags, StudyDate: '19990909' } }]] })
  for (const [index] of store.range({ under: 'xs' })) store.commit({ remove: [index] })
  assert.notEqual(answers(box), right)
  await box.archive.rebuild()
  assertSame(answers(box), right)
  assert.equal(catalog.totals().instances, 39)
  await box.close()
})

test('an instance whose blob does not tell keeps what was known, marked as damaged', async () => {
  const box = await filled()
  const held = Array.from(box.archive.catalog.instancesOf(box.archive.catalog.ids('Patient')[0]!))
  const before = box.archive.catalog.totals()
  await rm(blobFile(box, held[0]!.blob))
  await truncate(blobFile(box, held[1]!.blob), 700)
  const report = await box.archive.rebuild()
  assert.equal(report.kept, 2)
  assert.deepEqual(box.archive.catalog.totals(), before)
  assert.deepEqual(
    box.archive
      .damaged()
      .map(each => each.why)
      .sort(),
    ['altered', 'missing'],
  )
  await box.close()
  const again = await openHoldings({ folder: box.folder })
  assert.equal(again.archive.damaged().length, 2)
  await again.close()
})

test('a making that is broken off leaves the catalogue as it was, and is begun again', async () => {
  const box = await filled()
  const before = answers(box)
  const stop = new AbortController()
  const making = box.archive.rebuild(stop.signal)
  await assert.rejects(box.archive.rebuild(), (thrown: Fault) => thrown.code === 'busy')
  stop.abort()
  await assert.rejects(making, (thrown: Fault) => thrown.code === 'stopping')
  assertSame(answers(box), before)
  await box.store.flushed()
  await box.close()

  const again = await openHoldings({ folder: box.folder })
  assertSame(answers(again), before)
  await again.archive.services
    .find(each => each.name === 'upkeep')!
    .run(new AbortController().signal)
  assert.equal(again.archive.rebuildReport().state, 'done')
  assertSame(answers(again), before)
  await again.close()
})

test('what earlier makings left is cleared, and only that', async () => {
  const box = await filled()
  await box.archive.rebuild()
  await box.archive.rebuild()
  const before = answers(box)
  const size = box.store.count()
  await box.archive.services.find(each => each.name === 'upkeep')!.run(new AbortController().signal)
  assert.ok(box.store.count() < size * 0.6)
  assertSame(answers(box), before)
  await box.close()
})

test('of a catalogue lost altogether no old blob is swept, also when it does not tell what it is', async () => {
  const box = await filled()
  await box.close()
  await rm(join(box.folder, 'catalog'), { recursive: true })
  const path = blobFile(box, '00000001')
  const file = await readFile(path)
  await writeFile(path, file.subarray(0, 700))
  const again = await openHoldings({ folder: box.folder })
  assert.equal(again.archive.catalog.totals().instances + again.archive.quarantine().length, 39)
  await again.close()
})
