import assert from 'node:assert/strict'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Blobs, Room } from '../../appliance/holdings/storage/storage.ts'
import {
  blobFiles,
  freshFolders,
  type Holdings,
  type HoldingsOptions,
  openHoldings,
} from './holdings.ts'
import { type ImageOf, imageOf, whole } from './images.ts'

/**
 * The rows of the archive's failure matrix: the data folder is copied at the moment of the cut, as
 * it stands on disk, and the archive is opened on the copy. What is in memory is lost with it; the
 * catalogue's file holds what was flushed.
 */
const freshFolder = freshFolders(after)

async function cutOf(folder: string): Promise<string> {
  const copy = await freshFolder()
  await cp(folder, copy, { recursive: true })
  return copy
}

const open = async (options: Partial<HoldingsOptions> = {}) =>
  openHoldings({ folder: await freshFolder(), ...options })

async function assertKept(box: Holdings, image: ImageOf): Promise<void> {
  const { announced, file } = imageOf(image)
  const [found] = box.archive.catalog.lookup(announced.sopInstanceUid)
  assert.ok(found, 'found by its UID')
  assert.deepEqual(await whole(box.archive.open(found.id)), file)
}

/** Storage that calls `moment` between a blob being durable and its writer being told. */
function pausing(moment: () => Promise<void>) {
  return (blobs: Blobs & Room): Blobs & Room => ({
    ...blobs,
    async write(bytes) {
      const written = await blobs.write(bytes)
      await moment()
      return written
    },
  })
}

test('row 3: cut while bytes arrive: nothing of it is there after the start', async () => {
  const box = await open()
  const { file } = imageOf({ pixels: 3_000_000 })
  let cut = ''
  const halting = async function* () {
    yield file.subarray(0, 2_500_000)
    await box.receive({ instance: 9 })
    cut = await cutOf(box.folder)
    yield file.subarray(2_500_000)
  }
  await box.archive.receiveFile(halting(), { door: 'Unknown', at: '' })
  assert.equal((await blobFiles(cut)).length, 2)
  const again = await openHoldings({ folder: cut })
  assert.equal(again.archive.catalog.totals().instances, 1)
  assert.equal((await blobFiles(cut)).length, 1)
  await assertKept(again, { instance: 9 })
  await Promise.all([box.close(), again.close()])
})

test('row 4: cut when the blob is durable but not listed: it is listed at the start', async () => {
  let cut = ''
  let folder = ''
  const box = await open({
    wrap: pausing(async () => {
      cut = await cutOf(folder)
    }),
  })
  folder = box.folder
  await box.receive({ instance: 1 })
  const again = await openHoldings({ folder: cut })
  await assertKept(again, { instance: 1 })
  assert.equal(again.archive.catalog.lastChange() > 0, true)
  await Promise.all([box.close(), again.close()])
})

test('row 5: cut between commit and flush: the instance is listed again, and nothing twice', async () => {
  const box = await open()
  await box.receive({ instance: 1 })
  await box.store.flushed()
  await box.receive({ instance: 2 })
  await box.receive({ instance: 3, study: 2 })
  const again = await openHoldings({ folder: await cutOf(box.folder) })
  for (const image of [{ instance: 1 }, { instance: 2 }, { instance: 3, study: 2 }]) {
    await assertKept(again, image)
  }
  const { totals, ids } = again.archive.catalog
  assert.equal(totals().instances, 3)
  assert.equal(ids('Study').length, 2)
  await Promise.all([box.close(), again.close()])
})

test('row 6: an answered instance sent again after the cut gets the same answer, no change', async () => {
  const box = await open()
  await box.receive()
  const again = await openHoldings({ folder: await cutOf(box.folder) })
  const changes = again.archive.catalog.lastChange()
  assert.equal((await again.receive()).outcome, 'repeated')
  assert.equal(again.archive.catalog.lastChange(), changes)
  await Promise.all([box.close(), again.close()])
})

test('a change number that was told before the cut never means something else after it', async () => {
  const box = await open()
  await box.receive({ instance: 1 })
  await box.store.flushed()
  await box.receive({ instance: 2 })
  const told = box.archive.catalog.lastChange()
  const again = await openHoldings({ folder: await cutOf(box.folder) })
  await again.receive({ instance: 3 })
  const anew = again.archive.catalog.changes(0, 100).map(each => each.seq)
  assert.deepEqual(
    anew.filter(seq => seq === told),
    [],
  )
  assert.ok(anew.every(seq => seq <= 4 || seq > told))
  await Promise.all([box.close(), again.close()])
})

test('cut while a removal is under way: it is complete after the start, or never began', async () => {
  let cutBefore = ''
  let cutBetween = ''
  let folder = ''
  const box = await open({
    wrap: blobs => ({
      ...blobs,
      async remove(key) {
        // The first blob goes; the power goes before the second.
        if (!cutBetween) {
          await blobs.remove(key)
          cutBetween = await cutOf(folder)
        } else await blobs.remove(key)
      },
    }),
  })
  folder = box.folder
  const { instance } = await box.receive({ instance: 1 })
  await box.receive({ instance: 2 })
  await box.receive({ instance: 1, study: 2 })
  await box.store.flushed()
  cutBefore = await cutOf(folder)
  await box.archive.remove(instance.study)

  const before = await openHoldings({ folder: cutBefore })
  assert.equal(before.archive.catalog.totals().instances, 3)
  const between = await openHoldings({ folder: cutBetween })
  assert.equal(between.archive.catalog.totals().instances, 1)
  assert.equal((await blobFiles(cutBetween)).length, 1)
  await Promise.all([box.close(), before.close(), between.close()])
})

test('cut right after a removal was answered: the dead stay dead', async () => {
  const box = await open()
  const { instance } = await box.receive()
  await box.archive.remove(instance.id)
  const again = await openHoldings({ folder: await cutOf(box.folder) })
  assert.equal(again.archive.catalog.totals().instances, 0)
  assert.deepEqual(await blobFiles(again.folder), [])
  await Promise.all([box.close(), again.close()])
})

test('cut while an instance is replaced: the old or the new is there, never neither or both', async () => {
  const settings = { sameUidOtherBytes: 'overwrite' } as const
  let cut = ''
  let folder = ''
  const box = await open({
    settings,
    wrap: pausing(async () => {
      cut = await cutOf(folder)
    }),
  })
  folder = box.folder
  await box.receive({ shade: 1 })
  await box.receive({ shade: 2 })
  const again = await openHoldings({ folder: cut, settings })
  assert.equal(again.archive.catalog.totals().instances, 1)
  await assertKept(again, { shade: 2 })
  assert.equal((await blobFiles(cut)).length, 1)
  const later = await openHoldings({ folder: await cutOf(box.folder), settings })
  assert.equal(later.archive.catalog.totals().instances, 1)
  await assertKept(later, { shade: 2 })
  await Promise.all([box.close(), again.close(), later.close()])
})

test('what was set aside before the cut is aside after it', async () => {
  const box = await open()
  await box.receive({ shade: 1 })
  assert.equal((await box.receive({ shade: 2 })).outcome, 'quarantined')
  const again = await openHoldings({ folder: await cutOf(box.folder) })
  await assertKept(again, { shade: 1 })
  assert.equal((await again.receive({ shade: 2 })).outcome, 'quarantined')
  assert.equal((await blobFiles(again.folder)).length, 2)
  await Promise.all([box.close(), again.close()])
})

test('the catalogue as a whole is lost: every instance is listed again', async () => {
  const box = await open()
  const images = Array.from({ length: 20 }, (_, n) => ({ study: 1 + (n % 3), instance: n }))
  for (const image of images) await box.receive(image)
  const totals = box.archive.catalog.totals()
  await box.close()
  const folder = await freshFolder()
  await cp(join(box.folder, 'blobs'), join(folder, 'blobs'), { recursive: true })
  const again = await openHoldings({ folder })
  for (const image of images) await assertKept(again, image)
  assert.deepEqual(again.archive.catalog.totals(), totals)
  await again.close()
})
