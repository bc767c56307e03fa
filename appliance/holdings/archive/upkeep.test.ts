import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import {
  blobFiles,
  freshFolders,
  type Holdings,
  type HoldingsOptions,
  openHoldings,
} from '../../../test/faults/holdings.ts'
import { imageOf, whole } from '../../../test/faults/images.ts'
import type { Fault } from '../../faults.ts'
import { silentLog } from '../../log.ts'

const freshFolder = freshFolders(after)
const open = async (options: Partial<HoldingsOptions> = {}) =>
  openHoldings({ folder: await freshFolder(), ...options })
const fault = (code: string) => (thrown: Fault) => thrown.code === code
const kinds = (box: Holdings) => box.archive.catalog.changes(0, 1_000).map(each => each.kind)
const stable = (box: Holdings) => kinds(box).filter(kind => kind.startsWith('Stable'))

/** Runs the service of stable resources for one look at the clock. */
async function lookOnce(box: Holdings, options: { pauses: (() => void)[] }): Promise<void> {
  const stop = new AbortController()
  options.pauses.push(() => stop.abort())
  await box.archive.services.find(each => each.name === 'stability')!.run(stop.signal)
}

function clocked(): { at: number; pauses: (() => void)[]; options: Partial<HoldingsOptions> } {
  const clock = {
    at: 0,
    pauses: [] as (() => void)[],
    options: {
      elapsed: () => clock.at,
      pause: async () => void clock.pauses.shift()?.(),
    },
  }
  return clock
}

test('a study becomes stable once after each quiet time, also over restarts', async () => {
  const clock = clocked()
  const box = await open(clock.options)
  const { instance } = await box.receive({ instance: 1 })
  clock.at += 59_000
  await box.receive({ instance: 2 })
  clock.at += 59_000
  await lookOnce(box, clock)
  assert.deepEqual(stable(box), [])
  clock.at += 1_000
  await lookOnce(box, clock)
  await lookOnce(box, clock)
  assert.deepEqual(stable(box), ['StableSeries', 'StableStudy', 'StablePatient'])
  assert.equal(box.archive.catalog.parent(instance.study)!.stable, true)
  await box.receive({ instance: 3 })
  assert.equal(box.archive.catalog.parent(instance.study)!.stable, false)
  await box.close()

  const again = await openHoldings({ folder: box.folder, ...clock.options })
  clock.at += 60_000
  await lookOnce(again, clock)
  assert.equal(stable(again).length, 6)
  await again.close()
  const third = await openHoldings({ folder: box.folder, ...clock.options })
  clock.at += 600_000
  await lookOnce(third, clock)
  assert.equal(stable(third).length, 6)
  await third.close()
})

test('what the last run left unstable waits anew when something comes for it after the start', async () => {
  const clock = clocked()
  const box = await open(clock.options)
  await box.receive({ instance: 1 })
  await box.close()
  const again = await openHoldings({ folder: box.folder, ...clock.options })
  await lookOnce(again, clock)
  clock.at += 30_000
  await again.receive({ instance: 2 })
  clock.at += 30_000
  await lookOnce(again, clock)
  assert.deepEqual(stable(again), [])
  clock.at += 30_000
  await lookOnce(again, clock)
  assert.equal(stable(again).length, 3)
  await again.close()
})

test('a repeat does not make a stable study unstable', async () => {
  const clock = clocked()
  const box = await open(clock.options)
  await box.receive()
  clock.at += 60_000
  await lookOnce(box, clock)
  await box.receive()
  clock.at += 60_000
  await lookOnce(box, clock)
  assert.equal(stable(box).length, 3)
  await box.close()
})

test('a series that reaches its expected number is told complete', async () => {
  const box = await open()
  const more = [
    { tag: 'ImagesInAcquisition', value: '2' },
    { tag: 'NumberOfTemporalPositions', value: '1' },
  ]
  const { instance } = await box.receive({ instance: 1, more })
  const { catalog } = box.archive
  assert.equal(catalog.parent(instance.series)!.expectedInstances, 2)
  assert.equal(catalog.seriesStatus(instance.series), 'Missing')
  await box.receive({ instance: 2, more })
  assert.equal(catalog.seriesStatus(instance.series), 'Complete')
  await box.receive({ instance: 7, more })
  assert.equal(catalog.seriesStatus(instance.series), 'Inconsistent')
  assert.equal(kinds(box).filter(kind => kind === 'CompletedSeries').length, 1)
  await box.close()
})

test('keep-first: other bytes under the same UID are kept aside, seen, and can be discarded', async () => {
  const box = await open()
  const first = await box.receive({ shade: 1 })
  const second = await box.receive({ shade: 2 })
  assert.equal(second.outcome, 'quarantined')
  assert.equal((await box.receive({ shade: 2 })).outcome, 'quarantined')
  assert.equal((await box.receive({ shade: 1 })).outcome, 'repeated')
  const aside = box.archive.quarantine()
  assert.equal(aside.length, 1)
  assert.equal(aside[0]!.reason, 'same-uid-other-bytes')
  const { blob } = aside[0]!.instance
  assert.deepEqual(await whole(box.archive.openQuarantined(blob)), imageOf({ shade: 2 }).file)
  assert.deepEqual(await whole(box.archive.open(first.instance.id)), imageOf({ shade: 1 }).file)
  assert.equal(box.archive.catalog.totals().instances, 1)
  await box.archive.discardQuarantined(blob)
  assert.deepEqual(box.archive.quarantine(), [])
  await assert.rejects(box.archive.discardQuarantined(blob), fault('not-found'))
  await box.close()
})

test('overwrite: the newcomer takes the place, its revision grows, the old blob goes', async () => {
  const told: [string, Record<string, unknown> | undefined][] = []
  const log = { ...silentLog, info: (...line: (typeof told)[number]) => void told.push(line) }
  const box = await open({ log, settings: { sameUidOtherBytes: 'overwrite' } })
  const { instance } = await box.receive({ shade: 1 })
  const again = await box.receive({ shade: 2, pixels: 128 })
  assert.equal(again.outcome, 'kept')
  const held = box.archive.catalog.instance(instance.id)!
  assert.equal(held.revision, 1)
  const [[, line] = []] = told.filter(([event]) => event === 'instance-overwritten')
  assert.deepEqual(line, {
    ...{ sopInstanceUid: instance.sopInstanceUid, revision: 1, door: 'DicomProtocol' },
    ...{ callingAeTitle: 'SCANNER', was: instance.datasetDigest, is: held.datasetDigest },
  })
  assert.deepEqual(
    await whole(box.archive.open(instance.id)),
    imageOf({ shade: 2, pixels: 128 }).file,
  )
  assert.equal(box.archive.catalog.totals().instances, 1)
  assert.equal(box.archive.catalog.totals().bytes, held.bytes)
  assert.equal(kinds(box).filter(kind => kind === 'NewInstance').length, 2)
  await box.close()
  const reopened = await openHoldings({ folder: box.folder })
  assert.equal((await blobFiles(box.folder)).length, 1)
  await reopened.close()
})

test('refuse: other bytes under the same UID are an error and leave nothing', async () => {
  const box = await open({ settings: { sameUidOtherBytes: 'refuse' } })
  await box.receive({ shade: 1 })
  await assert.rejects(box.receive({ shade: 2 }), fault('instance-conflicts'))
  assert.equal((await blobFiles(box.folder)).length, 1)
  await box.close()
})

test('a catalogue made again from blobs alone gives the same answers', async () => {
  const box = await open()
  for (let n = 0; n < 30; n++) {
    await box.receive({ patient: `P${n % 4}`, study: n % 7, series: n % 3, instance: n })
  }
  await box.receive({ patient: 'P1', study: 1, series: 1, instance: 1, shade: 9 })
  const other = box.store.space('other')
  other.commit({ put: [['k', 'kept']] })
  const before = answers(box)
  const last = box.archive.catalog.lastChange()
  await box.archive.forgetCatalog()
  await box.store.close()
  const again = await openHoldings({ folder: box.folder })
  assert.deepEqual(answers(again), before)
  assert.equal(again.store.space('other').get('k'), 'kept')
  assert.ok(again.archive.catalog.changes(0, 1)[0]!.seq > last)
  await again.close()
})

/** Everything that can be asked without change numbers. */
function answers({ archive: { catalog, quarantine } }: Holdings): unknown {
  const levels = ['Patient', 'Study', 'Series', 'Instance'] as const
  return {
    totals: catalog.totals(),
    resources: levels.flatMap(level =>
      catalog
        .ids(level)
        .map(id => [
          catalog.parent(id) ?? catalog.instance(id),
          catalog.children(id),
          catalog.levelOf(id),
        ]),
    ),
    searches: ['P0', 'p1', 'P*'].map(pattern =>
      levels.map(level =>
        [...catalog.search({ level, where: { PatientID: { kind: 'wildcard', pattern } } })].sort(),
      ),
    ),
    aside: quarantine().map(each => each.instance),
  }
}
