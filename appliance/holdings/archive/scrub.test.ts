import assert from 'node:assert/strict'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { freshFolders, type Holdings, openHoldings } from '../../../test/faults/holdings.ts'
import { silentLog } from '../../log.ts'
import { openCatalog, type Store } from '../catalog/catalog.ts'
import { type BlobKey, openDisk } from '../storage/storage.ts'
import { createScrub } from './scrub.ts'

const freshFolder = freshFolders(after)
const open = async () => openHoldings({ folder: await freshFolder() })

/** The blobs of a box that is open, for reading: nothing of what it made ahead is swept. */
const besides = (folder: string) =>
  openDisk({ folder: join(folder, 'blobs'), after: 'fffffffe' as BlobKey })

async function damage(box: Holdings, blob: string): Promise<void> {
  const path = join(box.folder, 'blobs', '000', '00', `${blob}.dcm`)
  const bytes = await readFile(path)
  bytes[600] = bytes[600]! ^ 1
  await writeFile(path, bytes)
}

const scrubOf = async (
  store: Store,
  blobs: Awaited<ReturnType<typeof openDisk>>,
  pause = async (_milliseconds: number) => {},
) => {
  const now = () => new Date(0)
  const { catalog, register } = await openCatalog({ store, now })
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

test('the scrub leaves the disk alone between two images, so that it reads no faster than its rate', async () => {
  const box = await open()
  const images = [2_000, 500_000, 60_000].map((pixels, at) => ({ pixels, instance: at + 1 }))
  const held = []
  for (const image of images) held.push((await box.receive(image)).instance)
  const pauses: number[] = []
  const disk = await besides(box.folder)
  const scrub = await scrubOf(box.store, disk, async milliseconds => void pauses.push(milliseconds))
  await scrub.pass(new AbortController().signal)
  assert.deepEqual(
    pauses,
    held.map(each => (each.bytes / 1e6) * 1_000),
  )
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
