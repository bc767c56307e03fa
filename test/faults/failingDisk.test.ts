import assert from 'node:assert/strict'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Fault } from '../../appliance/faults.ts'
import { faultyBlobs, type Trouble } from './faultyBlobs.ts'
import { blobFiles, freshFolders, openHoldings } from './holdings.ts'
import { imageOf, whole } from './images.ts'

const freshFolder = freshFolders(after)
const fault = (code: string) => (thrown: Fault) => thrown.code === code

async function openWith(troubles: Trouble[]) {
  return openHoldings({ folder: await freshFolder(), wrap: blobs => faultyBlobs(blobs, troubles) })
}

test('a disk that is full or failing at the n-th write refuses that one and leaves nothing', async () => {
  for (const [how, code] of [
    ['full', 'storage-full'],
    ['failing', 'storage-failed'],
  ] as const) {
    const box = await openWith([{ verb: 'write', at: 2, how, after: 1_500 }])
    await box.receive({ instance: 1, pixels: 4_000 })
    await assert.rejects(box.receive({ instance: 2, pixels: 4_000 }), fault(code))
    assert.equal(box.archive.catalog.totals().instances, 1)
    assert.equal((await blobFiles(box.folder)).length, 1)
    assert.equal((await box.receive({ instance: 2, pixels: 4_000 })).outcome, 'kept')
    await box.close()
  }
})

test('one slow write holds up nobody else', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const box = await openWith([{ verb: 'write', at: 1, how: 'slow', until: promise }])
  const slow = box.receive({ instance: 1 })
  await box.receive({ instance: 2 })
  await box.receive({ instance: 3 })
  assert.equal(box.archive.catalog.totals().instances, 2)
  resolve()
  assert.equal((await slow).outcome, 'kept')
  await box.close()
})

test('a waiting second sender of the same instance is served when the first one fails', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const box = await openWith([
    { verb: 'write', at: 1, how: 'slow', until: promise },
    { verb: 'write', at: 2, how: 'slow', until: promise },
  ])
  const both = [box.receive(), box.receive()]
  resolve()
  const outcomes = (await Promise.all(both)).map(each => each.outcome)
  assert.deepEqual(outcomes.sort(), ['kept', 'repeated'])
  await box.close()
})

test('a blob that cannot be read at the start is left alone, and listed when it can be', async () => {
  const box = await openWith([])
  await box.receive({ instance: 1 })
  await box.close()
  const troubles: Trouble[] = [{ verb: 'read', at: 'always', how: 'failing' }]
  const folder = await freshFolder()
  await cp(join(box.folder, 'blobs'), join(folder, 'blobs'), { recursive: true })
  const failing = await openHoldings({ folder, wrap: blobs => faultyBlobs(blobs, troubles) })
  assert.equal((await blobFiles(folder)).length, 1)
  await failing.close()
  const mended = await openHoldings({ folder })
  assert.equal(mended.archive.catalog.totals().instances, 1)
  await mended.close()
})

test('blobs that could not be removed are removed at the next start', async () => {
  const troubles: Trouble[] = [{ verb: 'remove', at: 'always', how: 'failing' }]
  const box = await openWith(troubles)
  const { instance } = await box.receive()
  await assert.rejects(box.archive.remove(instance.id), fault('storage-failed'))
  assert.equal(box.archive.catalog.totals().instances, 0)
  await box.close()
  const again = await openHoldings({ folder: box.folder })
  assert.deepEqual(await blobFiles(box.folder), [])
  assert.equal(again.archive.catalog.totals().instances, 0)
  await again.close()
})

test('a sender that breaks off leaves nothing and holds no claim', async () => {
  const box = await openWith([])
  const { file } = imageOf()
  const broken = async function* () {
    yield file.subarray(0, 400)
    throw new Error('cable')
  }
  await assert.rejects(box.archive.receiveFile(broken(), { door: 'Unknown', at: '' }), /cable/)
  assert.deepEqual(await blobFiles(box.folder), [])
  const { instance } = await box.receive()
  assert.deepEqual(await whole(box.archive.open(instance.id)), file)
  await box.close()
})
