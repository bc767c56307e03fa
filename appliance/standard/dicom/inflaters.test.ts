import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateRawSync, gzipSync } from 'node:zlib'
import { takeInflater, type Wrapping } from './inflaters.ts'

const long = Buffer.from('abcdefgh'.repeat(30_000))
const pack = { raw: deflateRawSync, gzip: gzipSync }

async function inflated(wrapping: Wrapping, packed: Uint8Array, step = packed.length) {
  const inflater = takeInflater(wrapping)
  const out: Uint8Array[] = []
  try {
    for (let at = 0; at < packed.length; at += step) {
      for await (const chunk of inflater.inflated(packed.subarray(at, at + step))) out.push(chunk)
    }
    await inflater.finish()
    return { out: Buffer.concat(out), used: inflater.used(), isOver: inflater.isOver() }
  } finally {
    inflater.giveBack()
  }
}

test('streams are inflated one after the other, whatever became of the one before', async () => {
  for (const wrapping of ['raw', 'gzip'] as const) {
    const packed = pack[wrapping](long)
    for (const step of [1000, 7, packed.length]) {
      const told = await inflated(wrapping, packed, step)
      assert.deepEqual(told, { out: long, used: packed.length, isOver: false })
      // One that is cut, one that is nonsense, one that nobody reads to its end.
      await assert.rejects(inflated(wrapping, packed.subarray(0, -9)), { code: 'Z_BUF_ERROR' })
      await assert.rejects(inflated(wrapping, Buffer.alloc(50, 0xff)), { code: 'Z_DATA_ERROR' })
      const left = takeInflater(wrapping)
      for await (const _ of left.inflated(packed.subarray(0, 200))) break
      left.giveBack()
    }
  }
})

test('what stands behind the end of the data is not used, and it is told how much that is', async () => {
  const packed = deflateRawSync(long)
  for (const step of [packed.length + 100, packed.length, 3]) {
    const told = await inflated('raw', Buffer.concat([packed, Buffer.alloc(100, 'x')]), step)
    assert.deepEqual(told, { out: long, used: packed.length, isOver: true })
  }
})

test('several inflate at once, each its own', async () => {
  const plain = Array.from({ length: 20 }, (_, i) => Buffer.from(String(i).repeat(100_000)))
  const told = await Promise.all(plain.map(each => inflated('raw', deflateRawSync(each), 50)))
  assert.deepEqual(
    told.map(({ out }) => out),
    plain,
  )
})
