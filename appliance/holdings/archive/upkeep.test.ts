import assert from 'node:assert/strict'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
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
import { openCatalog, type Store } from '../catalog/catalog.ts'
import { type BlobKey, openDisk } from '../storage/storage.ts'
import { createScrub } from './scrub.ts'

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

/** The blobs of a box that is open, for reading: nothing of what it made ahead is swept. */
const besides = (folder: string) =>
  openDisk({ folder: join(folder, 'blobs'), after: 'fffffffe' as BlobKey })

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
  const box = await open({ settings: { sameUidOtherBytes: 'overwrite' } })
  const { instance } = await box.receive({ shade: 1 })
  const again = await box.receive({ shade: 2, pixels: 128 })
  assert.equal(again.outcome, 'kept')
  const held = box.archive.catalog.instance(instance.id)!
  assert.equal(held.revision, 1)
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

async function damage(box: Holdings, blob: string): Promise<void> {
  const path = join(box.folder, 'blobs', '000', '00', `${blob}.dcm`)
  const bytes = await readFile(path)
  bytes[600] = bytes[600]! ^ 1
  await writeFile(path, bytes)
}

const scrubOf = async (store: Store, blobs: Awaited<ReturnType<typeof openDisk>>) => {
  const now = () => new Date(0)
  const { catalog, register } = await openCatalog({ store, now })
  const pause = async () => {}
  const rates = { rate: 1e6, until: async () => {}, wasDue: () => false, elapsed: () => 0 }
  return createScrub({ blobs, catalog, register, now, pause, ...rates, log: silentLog })
}

test('damage is found by the scrub, told by verify, and mended by sending the image again', async () => {
  const box = await open()
  const images = [1, 2, 3, 4].map(instance => ({ instance, pixels: 2_000 }))
  const held = []
  for (const image of images) held.push((await box.receive(image)).instance)
  await damage(box, held[1]!.blob)
  await rm(join(box.folder, 'blobs', '000', '00', `${held[2]!.blob}.dcm`))

  const report = await box.archive.verify()
  assert.equal(report.intact, 2)
  assert.deepEqual(
    report.damaged.map(({ instance, why }) => [instance, why]),
    [
      [held[1]!.id, 'altered'],
      [held[2]!.id, 'missing'],
    ],
  )
  const disk = await besides(box.folder)
  const { looked, damaged } = await (await scrubOf(box.store, disk)).pass(
    new AbortController().signal,
  )
  assert.deepEqual([looked, damaged], [4, 2])
  assert.equal(box.archive.damaged().length, 2)

  assert.equal((await box.receive(images[1])).outcome, 'kept')
  assert.equal((await box.receive(images[2])).outcome, 'kept')
  assert.deepEqual(box.archive.damaged(), [])
  assert.equal((await box.archive.verify()).intact, 4)
  await box.close()
})

test('a scrub that was stopped goes on where it was', async () => {
  const box = await open()
  for (let instance = 1; instance <= 5; instance++) await box.receive({ instance })
  const disk = await besides(box.folder)
  const stop = new AbortController()
  const read: string[] = []
  const counting = {
    ...disk,
    read: (...asked: Parameters<typeof disk.read>) => {
      if (read.at(-1) !== asked[0]) read.push(asked[0])
      if (read.length === 2) stop.abort()
      return disk.read(...asked)
    },
  }
  await (await scrubOf(box.store, counting)).pass(stop.signal)
  await (await scrubOf(box.store, counting)).pass(new AbortController().signal)
  assert.equal(read.length, 5)
  assert.equal(new Set(read).size, 5)
  await box.close()
})

/** The service, whose clock is at `time`, until a pass ended or it would wait for its next date. */
async function runScrub(folder: string, time: string): Promise<boolean> {
  const stop = new AbortController()
  let passed = false
  const log = {
    ...silentLog,
    info: (event: string) => {
      if (event !== 'scrub-finished') return
      passed = true
      stop.abort()
    },
  }
  const box = await openHoldings({
    ...{ folder, log, now: () => new Date(time), pause: async () => {} },
    settings: { scrubSchedule: '0 2 * * 0' },
  })
  const run = box.archive.services.find(each => each.name === 'scrub')!.run(stop.signal)
  // A pass begins in the turn in which it is run, or it waits.
  if (!box.archive.scrub.report().underWay) stop.abort()
  await run
  await box.close()
  return passed
}

test('a scrub that was due while the box was off is made up for after the start, once', async () => {
  const box = await open()
  await box.receive({ instance: 1 })
  await box.receive({ instance: 2 })
  await box.close()
  assert.equal(await runScrub(box.folder, '2026-01-02T12:00:00'), false)
  assert.equal(await runScrub(box.folder, '2026-01-03T12:00:00'), false)
  assert.equal(await runScrub(box.folder, '2026-01-05T12:00:00'), true)
  assert.equal(await runScrub(box.folder, '2026-01-06T12:00:00'), false)
  // A box without a clock battery.
  assert.equal(await runScrub(box.folder, '1970-01-05T12:00:00'), false)
  assert.equal(await runScrub(box.folder, '2026-01-12T12:00:00'), true)
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
