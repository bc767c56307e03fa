import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Fault } from '../../appliance/faults.ts'
import { openHoldings } from './holdings.ts'
import { imageOf, inPieces, whole } from './images.ts'
import { fill, freeOn, smallDisks } from './smallDisk.ts'

const smallDisk = smallDisks(after)
const megabyte = 1024 * 1024
const noDisk = 'may not mount a disk of its own here'

test('on a full disk receiving is refused clearly, all else goes on, and it resumes by itself', async t => {
  const folder = await smallDisk(40)
  if (!folder) return t.skip(noDisk)
  let time = 0
  const box = await openHoldings({ folder, settings: { reserve: '4 MB' }, elapsed: () => time })
  const { instance } = await box.receive({ instance: 1, pixels: megabyte })
  const other = await box.receive({ instance: 2, pixels: megabyte })
  await box.store.flushed()

  const giveBack = fill(folder, 0)
  time += 60_000
  await assert.rejects(
    box.receive({ instance: 3 }),
    (thrown: Fault) => thrown.code === 'storage-full' && thrown.again,
  )
  assert.deepEqual(box.archive.readiness(), { refused: 'storage-full' })

  // Reading, finding and the records of other parts, on a disk without a free block.
  assert.equal((await whole(box.archive.open(instance.id))).length, instance.bytes)
  assert.equal(box.archive.catalog.lookup('P1').length, 1)
  const ledger = box.store.space('forward')
  for (let n = 0; n < 40; n++) {
    ledger.commit({ put: [[`delivery-${n}`, { state: 'owed', n, text: 'x'.repeat(2_000) }]] })
    await box.store.flushed()
  }
  await box.archive.remove(other.instance.id)
  assert.equal(box.archive.catalog.totals().instances, 1)

  giveBack()
  time += 60_000
  assert.equal((await box.receive({ instance: 3 })).outcome, 'kept')
  assert.equal(box.archive.readiness(), 'receiving')
  await box.close()
  const again = await openHoldings({ folder })
  assert.equal(again.archive.catalog.totals().instances, 2)
  assert.equal(again.store.space('forward').count(), 40)
  await again.close()
})

test('a large object is broken off before it fills the disk, and leaves nothing', async t => {
  const folder = await smallDisk(48)
  if (!folder) return t.skip(noDisk)
  const box = await openHoldings({ folder, settings: { reserve: '4 MB' } })
  const { file } = imageOf({ pixels: 60 * megabyte })
  const free = freeOn(folder)
  await assert.rejects(
    box.archive.receiveFile(inPieces(file, 65_536), { door: 'Unknown', at: '' }),
    (thrown: Fault) => thrown.code === 'storage-full',
  )
  assert.ok(freeOn(folder) > free - megabyte)
  assert.equal((await box.receive({ instance: 2 })).outcome, 'kept')
  await box.close()
})

test('a disk that fills behind our back fails one write, and nothing is half kept', async t => {
  const folder = await smallDisk(40)
  if (!folder) return t.skip(noDisk)
  const box = await openHoldings({ folder, settings: { reserve: '1 MB' } })
  await box.receive({ instance: 1 })
  const giveBack = fill(folder, 100_000)
  await assert.rejects(
    box.receive({ instance: 2, pixels: 2 * megabyte }),
    (thrown: Fault) => thrown.code === 'storage-full',
  )
  giveBack()
  assert.equal((await box.receive({ instance: 2, pixels: 2 * megabyte })).outcome, 'kept')
  assert.equal(box.archive.catalog.totals().instances, 2)
  await box.close()
})
