import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Fault } from '../../faults.ts'
import type { BlobKey, Blobs, Bytes } from './storage.ts'

/** What every kind of storage must do. `open` gives a fresh, empty one for each test. */
export function blobsContract(kind: string, open: () => Promise<Blobs>): void {
  test(`${kind}: a blob comes back as it was written`, async () => {
    const blobs = await open()
    const parts = [sample(3), sample(0), sample(700_000), sample(1)]
    const { key, bytes } = await blobs.write(stream(parts))
    assert.equal(bytes, 700_004)
    assert.deepEqual(await whole(blobs.read(key)), Buffer.concat(parts))
  })

  test(`${kind}: an empty blob is a blob`, async () => {
    const blobs = await open()
    const { key, bytes } = await blobs.write(stream([]))
    assert.equal(bytes, 0)
    assert.equal((await whole(blobs.read(key))).length, 0)
    assert.deepEqual(await listed(blobs), [{ key, bytes: 0 }])
  })

  test(`${kind}: a range is half open and ends where the blob ends`, async () => {
    const blobs = await open()
    const data = sample(600_000)
    const { key } = await blobs.write(stream([data]))
    for (const [from, to] of [
      [0, 1],
      [5, 5],
      [262_143, 262_145],
      [599_999, 700_000],
      [700_000, 800_000],
    ] as const) {
      assert.deepEqual(await whole(blobs.read(key, { from, to })), data.subarray(from, to))
      for (const room of [0, 5, data.length + 5]) {
        const into = Buffer.alloc(room)
        const read = await whole(blobs.read(key, { from, to }, into))
        assert.deepEqual(read, data.subarray(from, to), `room for ${room}`)
      }
    }
  })

  test(`${kind}: keys grow, are listed in order, and behind any of them`, async () => {
    const blobs = await open()
    const keys: BlobKey[] = []
    for (let n = 1; n <= 5; n++) keys.push((await blobs.write(stream([sample(n)]))).key)
    assert.deepEqual(keys, [...keys].sort())
    assert.deepEqual(
      await listed(blobs),
      keys.map((key, n) => ({ key, bytes: n + 1 })),
    )
    assert.deepEqual(
      (await listed(blobs, keys[2])).map(each => each.key),
      keys.slice(3),
    )
  })

  test(`${kind}: what was removed is gone, and removing it again is no error`, async () => {
    const blobs = await open()
    const { key } = await blobs.write(stream([sample(9)]))
    await blobs.remove(key)
    await blobs.remove(key)
    assert.deepEqual(await listed(blobs), [])
    await assert.rejects(whole(blobs.read(key)), (fault: Fault) => fault.code === 'not-found')
  })

  test(`${kind}: when the source breaks off, nothing is left and its own error comes out`, async () => {
    const blobs = await open()
    const broken = new Error('the scanner was switched off')
    await assert.rejects(
      blobs.write(
        (async function* () {
          yield sample(600_000)
          yield sample(600_000)
          throw broken
        })(),
      ),
      error => error === broken,
    )
    assert.deepEqual(await listed(blobs), [])
  })

  test(`${kind}: a blob is not listed before it is whole`, async () => {
    const blobs = await open()
    const seen: unknown[] = []
    await blobs.write(
      (async function* () {
        yield sample(600_000)
        yield sample(600_000)
        seen.push(...(await listed(blobs)))
        yield sample(1)
      })(),
    )
    assert.deepEqual(seen, [])
    assert.equal((await listed(blobs)).length, 1)
  })

  test(`${kind}: many blobs written at once do not mix`, async () => {
    const blobs = await open()
    const written = await Promise.all(
      Array.from({ length: 12 }, async (_, n) => {
        const data = sample(50_000 + n)
        return { data, key: (await blobs.write(stream([data, data]))).key }
      }),
    )
    assert.equal(new Set(written.map(each => each.key)).size, 12)
    for (const { key, data } of written) {
      assert.deepEqual(await whole(blobs.read(key)), Buffer.concat([data, data]))
    }
  })

  test(`${kind}: a reader who stops early lets go`, async () => {
    const blobs = await open()
    const { key } = await blobs.write(stream([sample(900_000)]))
    for await (const chunk of blobs.read(key)) {
      assert.ok(chunk.length > 0)
      break
    }
    await blobs.remove(key)
  })
}

let seed = 1
function sample(length: number): Buffer {
  const data = Buffer.alloc(length)
  for (let at = 0; at < length; at++) {
    seed = (seed * 1103515245 + 12345) & 0x7fffffff
    data[at] = seed >> 16
  }
  return data
}

async function* stream(parts: readonly Uint8Array[]): Bytes {
  yield* parts
}

async function whole(bytes: Bytes): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(bytes))
}

const listed = (blobs: Blobs, after?: BlobKey) => Array.fromAsync(blobs.keys(after))
