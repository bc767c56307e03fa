import { crc32 } from 'node:zlib'
import type { Packers } from './zipPackers.ts'

export interface Sums {
  crc: number
  plain: number
  packed: number
}

/** The content of a member of a ZIP file as a deflate stream (RFC 1951). */
export interface Packing {
  /** Whole once the chunks are read to their end. */
  sums: Sums
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>
  /** Whether all of it is packed already. */
  isWhole: boolean
  /** Lets go of the content, read to its end or not. */
  end(): Promise<void>
}

/** Up to so many bytes a content is packed whole, in a thread of its own and before it is asked for. */
const wholeAtMost = 2 * 1024 * 1024
const longestBlock = 0xffff
const sampleSize = 64 * 1024

/**
 * Begins to pack: a short content wholly, of a long one so much is read. It is deflated, or copied
 * where that gains nothing: with compression 0, or when it is noise.
 */
export async function beginPacking(
  content: AsyncIterable<Uint8Array>,
  compression: number,
  packers: Packers,
): Promise<Packing> {
  const rest = content[Symbol.asyncIterator]()
  const read: Uint8Array[] = []
  try {
    for (let length = 0; length <= wholeAtMost; ) {
      const { value, done } = await rest.next()
      if (done) return await packedWhole(joined(read), compression, packers)
      read.push(value)
      length += value.length
    }
  } catch (error) {
    await rest.return?.()
    throw error
  }
  return packedAsRead(read, rest, compression, packers)
}

const joined = (chunks: readonly Uint8Array[]) =>
  chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)

async function packedWhole(
  plain: Uint8Array,
  compression: number,
  packers: Packers,
): Promise<Packing> {
  const sums = { crc: crc32(plain), plain: plain.length, packed: 0 }
  const chunks =
    compression > 0 && (await isWorthwhile(plain, packers))
      ? await Array.fromAsync(packers.deflated(once(plain), compression))
      : [blocksOf(plain), lastBlock()]
  for (const chunk of chunks) sums.packed += chunk.length
  return { sums, chunks, isWhole: true, end: async () => undefined }
}

function packedAsRead(
  read: Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
  compression: number,
  packers: Packers,
): Packing {
  const sums = { crc: 0, plain: 0, packed: 0 }
  async function* plain(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const first = read.shift()
      const next = first ? { value: first, done: false } : await rest.next()
      if (next.done) return
      sums.crc = crc32(next.value, sums.crc)
      sums.plain += next.value.length
      yield next.value
    }
  }
  async function* chunks(): AsyncGenerator<Uint8Array> {
    const worthwhile = compression > 0 && (await isWorthwhile(read[0]!, packers))
    const packed = worthwhile ? packers.deflated(plain(), compression) : copied(plain())
    for await (const chunk of packed) {
      sums.packed += chunk.length
      yield chunk
    }
  }
  return {
    ...{ sums, chunks: chunks(), isWhole: false },
    end: async () => void (await rest.return?.()),
  }
}

async function* once(plain: Uint8Array): AsyncGenerator<Uint8Array> {
  yield plain
}

async function* copied(plain: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of plain) yield blocksOf(chunk)
  yield lastBlock()
}

/** RFC 1951 §3.2.4: blocks of bytes as they are, each behind its length and what is not its length. */
function blocksOf(plain: Uint8Array): Uint8Array {
  const out = Buffer.allocUnsafe(plain.length + 5 * Math.ceil(plain.length / longestBlock))
  let to = 0
  for (let at = 0; at < plain.length; at += longestBlock) {
    const block = plain.subarray(at, at + longestBlock)
    to = out.writeUInt8(0, to)
    to = out.writeUInt16LE(block.length, to)
    to = out.writeUInt16LE(~block.length & 0xffff, to)
    out.set(block, to)
    to += block.length
  }
  return out
}

const lastBlock = () => Uint8Array.of(1, 0, 0, 0xff, 0xff)

/**
 * Whether a content shrinks by a tenth or more, judged by the end of its first chunk, where pixels
 * are: noise costs ten times as much to deflate as to copy, and gains nothing.
 */
async function isWorthwhile(first: Uint8Array, packers: Packers): Promise<boolean> {
  if (first.length < 2 * sampleSize) return true
  const sample = first.subarray(first.length - sampleSize)
  let packed = 0
  for await (const { length } of packers.deflated(once(sample), 1)) packed += length
  return packed < 0.9 * sampleSize
}
