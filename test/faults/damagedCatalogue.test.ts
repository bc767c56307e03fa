import assert from 'node:assert/strict'
import { readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Fault } from '../../appliance/faults.ts'
import { freshFolders, openHoldings } from './holdings.ts'
import { imageOf, whole } from './images.ts'

const freshFolder = freshFolders(after)

test('a catalogue file that is cut short is made again from the images at the next start', async () => {
  const box = await openHoldings({ folder: await freshFolder() })
  const { instance } = await box.receive({ instance: 1 })
  await box.receive({ instance: 2 })
  await box.receive({ instance: 2, shade: 7 })
  await box.archive.rebuild()
  await box.close()
  await truncate(join(box.folder, 'catalog', 'catalog.mdb'), 9_000)
  const again = await openHoldings({ folder: box.folder })
  assert.equal(again.archive.catalog.totals().instances, 2)
  assert.equal(again.archive.quarantine().length, 1)
  assert.deepEqual(await whole(again.archive.open(instance.id)), imageOf({ instance: 1 }).file)
  await again.close()
})

test('a page of the catalogue that would crash its reader is found, and all made again from the images', async () => {
  const box = await openHoldings({ folder: await freshFolder() })
  for (let instance = 1; instance <= 60; instance++) await box.receive({ instance })
  await box.close()
  const file = join(box.folder, 'catalog', 'catalog.mdb')
  const sound = await readFile(file)
  const isUsedLeaf = (number: number) =>
    number > 1 &&
    (sound.readUInt16LE(number * 4_096 + 18) & 0x0f) === 2 &&
    sound.readUInt16LE(number * 4_096 + 20) > 20
  const leaves = Array.from({ length: sound.length / 4_096 }, (_, n) => n).filter(isUsedLeaf)
  assert.ok(leaves.length > 5)
  let made = 0
  for (const [at, number] of leaves.entries()) {
    if (at % 3 !== 0) continue
    const spoilt = Buffer.from(sound)
    spoilt.fill(0x55 + at, number * 4_096 + 24, number * 4_096 + 64)
    await writeFile(file, spoilt)
    await rm(`${file}.damaged`, { force: true })
    const again = await openHoldings({ folder: box.folder })
    assert.equal(again.archive.catalog.totals().instances, 60)
    assert.equal(again.archive.catalog.ids('Instance').length, 60)
    await again.close()
    // A page that an older commit left, and nothing leads to, does no harm.
    if (await stat(`${file}.damaged`).catch(() => undefined)) made++
  }
  assert.ok(made > 1)
})

test('while the catalogue cannot be written nothing is acknowledged, and it resumes by itself', async () => {
  let trouble: Fault | undefined
  const box = await openHoldings({
    folder: await freshFolder(),
    wrapStore: store => ({ ...store, trouble: () => trouble ?? store.trouble() }),
  })
  await box.receive({ instance: 1 })
  trouble = new Fault('storage-failed', 'EIO')
  assert.deepEqual(box.archive.readiness(), { refused: 'storage-failed' })
  await assert.rejects(
    box.receive({ instance: 2 }),
    (thrown: Fault) => thrown.code === 'storage-failed',
  )
  trouble = new Fault('storage-full', 'ENOSPC')
  assert.deepEqual(box.archive.readiness(), { refused: 'storage-full' })
  await assert.rejects(
    box.receive({ instance: 2 }),
    (thrown: Fault) => thrown.code === 'storage-full',
  )
  assert.equal(box.archive.catalog.totals().instances, 1)
  trouble = undefined
  assert.equal(box.archive.readiness(), 'receiving')
  assert.equal((await box.receive({ instance: 2 })).outcome, 'kept')
  await box.close()
})

test('a released newcomer takes the place of the first, also after a restart', async () => {
  const box = await openHoldings({ folder: await freshFolder() })
  const { instance } = await box.receive({ shade: 1 })
  await box.receive({ shade: 2 })
  const [aside] = box.archive.quarantine()
  assert.equal((await box.archive.releaseQuarantined(aside!.instance.blob)).outcome, 'kept')
  assert.deepEqual(box.archive.quarantine(), [])
  await box.close()
  const again = await openHoldings({ folder: box.folder })
  assert.deepEqual(await whole(again.archive.open(instance.id)), imageOf({ shade: 2 }).file)
  assert.equal(again.archive.catalog.instance(instance.id)!.revision, 1)
  await assert.rejects(
    again.archive.releaseQuarantined(aside!.instance.blob),
    (thrown: Fault) => thrown.code === 'not-found',
  )
  await again.close()
})
