import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { freshFolders, openHoldings, origin } from '../../../test/faults/holdings.ts'
import { imageOf, whole } from '../../../test/faults/images.ts'
import type { Blobs, Room } from '../storage/storage.ts'

const freshFolder = freshFolders(after)

test('how long storage takes is told of each blob, and not how long its sender or reader takes', async () => {
  let time = 0
  const told: [string, number][] = []
  /** A disk that takes 30 ms to write an image out, 20 to give its first bytes and 5 to remove it. */
  const slow = (blobs: Blobs & Room): Blobs & Room => ({
    ...blobs,
    async write(bytes) {
      const written = await blobs.write(bytes)
      time += 30
      return written
    },
    async *read(...given) {
      time += 20
      yield* blobs.read(...given)
    },
    async remove(key) {
      time += 5
      await blobs.remove(key)
    },
  })
  const box = await openHoldings({
    ...{ folder: await freshFolder(), wrap: slow, elapsed: () => time },
    took: (...each) => void told.push(each),
  })
  const { file } = imageOf({ pixels: 3_000_000 })
  async function* slowly() {
    for (let at = 0; at < file.length; at += 1_000_000) {
      time += 1000
      yield file.subarray(at, at + 1_000_000)
    }
  }
  const { instance } = await box.archive.receiveFile(slowly(), origin)
  assert.deepEqual(told.splice(0), [['create', 30]])
  const into = Buffer.alloc(file.length)
  const chunks: Uint8Array[] = []
  for await (const chunk of box.archive.open(instance.id, undefined, into)) {
    time += 1000
    chunks.push(chunk)
  }
  assert.deepEqual(Buffer.concat(chunks), Buffer.from(file))
  assert.deepEqual(told.splice(0), [['read', 20]])
  const first = box.archive.open(instance.id, { from: 0, to: 1000 }, into)
  for await (const chunk of first) assert.equal(chunk.buffer, into.buffer)
  told.length = 0
  await box.archive.remove(instance.id)
  assert.deepEqual(told, [['remove', 5]])
  await assert.rejects(async () => whole(box.archive.open(instance.id)))
  await box.close()
})
