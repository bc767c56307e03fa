import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '../../faults.ts'
import type { Instance } from '../../holdings/catalog/catalog.ts'
import type { OutgoingStore } from '../../standard/dimse/dimse.ts'
import { type Ahead, type Fate, type Outgoing, sendEach } from './outgoing.ts'
import { readAhead } from './reading.ts'
import { rooms } from './rooms.ts'

const explicit = '1.2.840.10008.1.2.1'
const sector = new Fault('storage-failed', 'a bad sector')

/** Images of three pieces, each of 10 bytes; what is told of them as they are opened and read. */
function images(count: number, broken: Partial<Record<number, number>> = {}) {
  const told = { read: Array.from({ length: count }, () => 0), open: new Set<number>() }
  const all: Outgoing[] = told.read.map((_, at) => ({
    instance: { id: `${at}`, sopInstanceUid: `1.2.${at}`, bytes: 30 } as unknown as Instance,
    async open() {
      const reading = await readAhead(async function* () {
        told.open.add(at)
        try {
          for (let piece = 0; piece < 3; piece++) {
            if (broken[at] === piece) throw sector
            told.read[at]!++
            yield new Uint8Array(10).fill(at)
          }
        } finally {
          told.open.delete(at)
        }
      })
      return { transferSyntaxUid: explicit, reading }
    },
  }))
  return { told, all }
}

/** A peer that takes what comes, and does something before it answers. */
function taker(before: (at: number) => unknown = () => {}) {
  const taken: string[] = []
  const peer = {
    async store({ sopInstanceUid, data }: OutgoingStore) {
      if (!(data instanceof Uint8Array)) for await (const _piece of data);
      await before(taken.length)
      taken.push(sopInstanceUid)
      return { status: 0 }
    },
  }
  return { peer, taken }
}

const one: Ahead = { images: 1, bytes: 0 }
const how = (fates: readonly Fate[]) => fates.map(fate => fate.how)
const collect = (...given: Parameters<typeof sendEach>) => Array.fromAsync(sendEach(...given))

test('an image that cannot be read, is not taken or was called off costs nothing but itself', async () => {
  const { told, all } = images(5, { 1: 0 })
  all[2] = { ...all[2]!, open: async () => undefined }
  all[3] = { ...all[3]!, calledOff: () => new Fault('not-found', 'it was withdrawn') }
  const { peer, taken } = taker()
  const fates = await collect(peer, all, { ahead: one })
  assert.deepEqual(how(fates), ['answered', 'unread', 'not-taken', 'unread', 'answered'])
  assert.deepEqual(
    fates.map(fate => fate.instance.id),
    ['0', '1', '2', '3', '4'],
  )
  assert.deepEqual(taken, ['1.2.0', '1.2.4'])
  assert.equal(told.open.size, 0)
})

test('a file of ours that breaks off within its message is the last on that association', async () => {
  for (const ahead of [one, { images: 8, bytes: 1000 }]) {
    const { told, all } = images(4, { 1: 2 })
    const { peer, taken } = taker()
    const fates = await collect(peer, all, { ahead })
    assert.deepEqual(how(fates), ['answered', 'broken-off'])
    assert.equal(fates[1]?.how === 'broken-off' && fates[1].fault, sector)
    assert.deepEqual(taken, ['1.2.0'])
    assert.equal(told.open.size, 0, 'what was open ahead is closed')
  }
})

test('an association that ends names the image that was under way, and no further one', async () => {
  const { told, all } = images(4)
  const over = new Fault('peer-aborted', 'it hung up')
  const { peer } = taker(at => at === 1 && Promise.reject(over))
  const fates = await collect(peer, all, { ahead: { images: 8, bytes: 1000 } })
  assert.deepEqual(how(fates), ['answered', 'cut'])
  assert.equal(fates[1]?.how === 'cut' && fates[1].fault, over)
  assert.equal(told.open.size, 0)
})

test('called off, the image under way is finished, and none begins or is opened any more', async () => {
  const { told, all } = images(5)
  const cancel = new AbortController()
  const { peer, taken } = taker(at => at === 1 && cancel.abort())
  const fates = await collect(peer, all, { ahead: one, cancel: cancel.signal })
  assert.deepEqual(how(fates), ['answered', 'answered'])
  assert.equal(taken.length, 2)
  assert.deepEqual(told.read, [3, 3, 1, 0, 0], 'one was open already')
  assert.equal(told.open.size, 0)
})

test('no more images, and no more bytes of them, are open before their turn than is asked for', async () => {
  const opened = async (ahead: Ahead) => {
    const { told, all } = images(10)
    const counts: number[] = []
    const { peer } = taker(at => counts.push(told.read.filter(pieces => pieces > 0).length - at))
    await collect(peer, all, { ahead })
    return Math.max(...counts) - 1
  }
  assert.equal(await opened(one), 1)
  assert.equal(await opened({ images: 4, bytes: 1000 }), 4)
  assert.equal(await opened({ images: 4, bytes: 70 }), 2)
})

test('memory that an image was read into is given to another only after its answer', async () => {
  const bytes = 123_456
  const instance = { bytes } as unknown as Instance
  const used: ArrayBufferLike[] = []
  const open = async () => {
    const room = rooms.take(bytes)!
    used.push(room.buffer)
    const reading = await readAhead(async function* () {
      yield room.subarray(0, bytes)
    }, bytes + 1)
    return { transferSyntaxUid: explicit, reading }
  }
  // More than are kept: whatever is free is among them.
  const free = () => Array.from({ length: 9 }, () => rooms.take(bytes)!.buffer)
  const { peer } = taker(() => assert.ok(!free().includes(used[0]!)))
  await collect(peer, [{ instance, open }], { ahead: one })
  assert.ok(free().includes(used[0]!))
  const cut = taker(() => Promise.reject(new Fault('peer-aborted', 'it hung up')))
  await collect(cut.peer, [{ instance, open }], { ahead: one })
  assert.ok(!free().includes(used[1]!), 'the socket may still look at it')
})
