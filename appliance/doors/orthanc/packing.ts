import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { createDeflate } from 'node:zlib'
import type { Bytes } from '../../holdings/storage/storage.ts'
import type { Range } from '../../host/http/http.ts'

/** Orthanc's compressed form: the plain length in eight bytes, little endian, then a zlib stream. */
export async function* packedOf(length: number, bytes: Bytes): AsyncGenerator<Uint8Array> {
  const head = Buffer.alloc(8)
  head.writeBigUInt64LE(BigInt(length))
  yield head
  yield* Readable.from(bytes).compose(createDeflate()) as AsyncIterable<Uint8Array>
}

/** How many bytes there are, and their MD5. */
export async function measured(bytes: Bytes): Promise<{ size: number; md5: string }> {
  const hash = createHash('md5')
  let size = 0
  for await (const chunk of bytes) {
    hash.update(chunk)
    size += chunk.length
  }
  return { size, md5: hash.digest('hex') }
}

/** A part of bytes that have to be read from their beginning. */
export async function* partOf(bytes: Bytes, { from, to }: Range): AsyncGenerator<Uint8Array> {
  let at = 0
  for await (const chunk of bytes) {
    const part = chunk.subarray(Math.max(0, from - at), Math.max(0, to - at))
    if (part.length > 0) yield part
    at += chunk.length
    if (at >= to) return
  }
}
