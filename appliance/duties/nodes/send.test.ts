import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '../../faults.ts'
import type { Archive } from '../../holdings/archive/archive.ts'
import type { Instance, PublicId } from '../../holdings/catalog/catalog.ts'
import type { OutgoingStore } from '../../standard/dimse/dimse.ts'
import { sendOver } from './send.ts'

const explicit = '1.2.840.10008.1.2.1'
const megabyte = 2 ** 20

/** Instances of so many bytes, and an archive that tells how many of them are open or were read. */
function holding(sizes: readonly number[], broken?: number) {
  const open = new Set<number>()
  const told = { opened: 0, open, most: 0 }
  const instances = sizes.map(
    (bytes, at) =>
      ({
        ...{ id: String(at), sopClassUid: '1.2', sopInstanceUid: `1.2.${at}` },
        ...{ transferSyntaxUid: explicit, datasetOffset: 0, bytes },
      }) as unknown as Instance,
  )
  const archive: Pick<Archive, 'open'> = {
    async *open(id: PublicId) {
      const at = Number(id)
      told.opened++
      open.add(at)
      told.most = Math.max(told.most, open.size)
      try {
        for (let left = sizes[at]!; left > 0; left -= megabyte) {
          yield new Uint8Array(Math.min(left, megabyte)).fill(at)
          if (at === broken) throw new Fault('storage-failed', 'a bad sector')
        }
      } finally {
        open.delete(at)
      }
    },
  }
  return { told, instances, archive }
}

/** Answers each store, having read all of it. */
function taker(before: () => void = () => {}) {
  const taken: number[] = []
  const peer = {
    accepted: () => ({ contextId: 1, transferSyntaxUid: explicit }),
    async store({ data }: OutgoingStore) {
      before()
      let length = 0
      if (data instanceof Uint8Array) length = data.length
      else for await (const chunk of data) length += chunk.length
      taken.push(length)
      return { status: 0 }
    },
    // Asked for by nobody here.
    echo: () => Promise.reject(new Error('not asked')),
  }
  return { peer, taken }
}

test('small images are read some ahead of their turn, no more than 2 MB of them', async () => {
  const { told, instances, archive } = holding(Array.from({ length: 20 }, () => megabyte / 2))
  const opened: number[] = []
  const { peer, taken } = taker(() => opened.push(told.opened))
  await Array.fromAsync(sendOver({ archive }, peer, instances))
  assert.deepEqual(
    taken,
    Array.from({ length: 20 }, () => megabyte / 2),
  )
  assert.ok(
    opened.every((count, at) => count <= Math.min(20, at + 1 + 4)),
    `${opened}`,
  )
  assert.ok(opened[10]! >= 13, 'several are read before it is their turn')
})

test('of large images one is open ahead', async () => {
  const { told, instances, archive } = holding([5, 5, 5, 5].map(each => each * megabyte))
  const { peer, taken } = taker()
  await Array.fromAsync(sendOver({ archive }, peer, instances))
  assert.deepEqual(
    taken,
    [5, 5, 5, 5].map(each => each * megabyte),
  )
  assert.equal(told.most, 2)
})

test('whoever has enough leaves no file open', async () => {
  const { told, instances, archive } = holding([5, 1, 1, 5, 5].map(each => each * megabyte))
  const { peer } = taker()
  for await (const _sent of sendOver({ archive }, peer, instances)) break
  assert.equal(told.open.size, 0)
})

test('an image that breaks off behind its first megabyte was not begun', async () => {
  const { instances, archive } = holding([megabyte / 2, 3 * megabyte, megabyte / 2], 1)
  const { peer } = taker()
  const sent = await Array.fromAsync(sendOver({ archive }, peer, instances))
  assert.deepEqual(
    sent.map(({ outcome }) => outcome),
    ['taken', 'failed', 'taken'],
  )
})
