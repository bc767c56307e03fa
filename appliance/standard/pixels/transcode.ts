import { Readable } from 'node:stream'
import { constants, createDeflateRaw, type DeflateRaw } from 'node:zlib'
import { Fault } from '../../faults.ts'
import {
  deflatedLittleEndian,
  encodingOf,
  explicitBigEndian,
  explicitLittleEndian,
  implicitLittleEndian,
  takeInflater,
  transferSyntaxes,
} from '../dicom/dicom.ts'
import { type Codec, decodeFrame, openCodecs } from './decode.ts'
import { encodeFrame, losslessCodecs } from './encode.ts'
import { Image, type Shape } from './image.ts'
import type { Piece } from './pieces.ts'
import { Rewriting, turned } from './rewriting.ts'

type Bytes = AsyncIterable<Uint8Array>

const plain: ReadonlySet<string> = new Set([
  explicitLittleEndian,
  implicitLittleEndian,
  explicitBigEndian,
  deflatedLittleEndian,
])

function jpegOf(suffix: string): string {
  return `${implicitLittleEndian}.4.${suffix}`
}

const jpegBaseline = '1.2.840.10008.1.2.4.50'
const jpegExtended = '1.2.840.10008.1.2.4.51'

/** Those whose frames are decoded. */
const compressed: ReadonlySet<string> = new Set([
  jpegBaseline,
  jpegExtended,
  ...['57', '70', '80', '81', '90', '91', '201', '202', '203'].map(jpegOf),
  '1.2.840.10008.1.2.5',
])

/** Code streams of the first are as they stand ones of the others: PS3.5 §A.4.1, §A.4.4, §A.4.9. */
const others: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({ 50: ['51'], 70: ['57'], 90: ['91'], 201: ['203'], 202: ['201', '203'] }).map(
    ([from, to]) => [jpegOf(from), to.map(jpegOf)] as const,
  ),
)

/** Whether images of one transfer syntax are as they stand ones of the other. */
export function isAlso(from: string, to: string): boolean {
  return from === to || others.get(from)?.includes(to) === true
}

/** Whether datasets in this transfer syntax are read. */
export function isRead(uid: string): boolean {
  return plain.has(uid) || compressed.has(uid)
}

/** Whether datasets of one transfer syntax are, as a rule, converted to another without loss. */
export function convertible(from: string, to: string): boolean {
  return isAlso(from, to) || (isRead(from) && (plain.has(to) || losslessCodecs.has(to)))
}

/** Into what is converted without loss, best first: as anybody reads it, else small and well known. */
export const losslessTargets: readonly string[] = [
  explicitLittleEndian,
  implicitLittleEndian,
  deflatedLittleEndian,
  explicitBigEndian,
  ...losslessCodecs.keys(),
]

/** How far a deflated dataset may grow, as the archive's walker has it. */
const inflatedLimit = 8 * 1024 ** 3

/** So much is rewritten at a time. */
export const sliceSize = 256 * 1024

/**
 * A dataset in another transfer syntax, while it passes by: in memory for a chunk, and for a frame
 * when it is decoded. Values stay byte for byte what they were, but for the order of their bytes,
 * and for decoded frames with what describes them. Faults: `not-supported`, `dataset-malformed`,
 * `dataset-truncated`, `too-large`, and those of `dataset`.
 */
export async function* transcode(
  dataset: Bytes,
  from: string,
  to: string,
): AsyncGenerator<Uint8Array> {
  if (!convertible(from, to)) throw new Fault('not-supported', `from ${from} to ${to}`)
  if (isAlso(from, to)) {
    yield* dataset
    return
  }
  const source = unwrapped(dataset, from)
  const written = inner(from) === inner(to) ? source : rewritten(source, inner(from), inner(to))
  yield* to === deflatedLittleEndian ? deflated(written) : written
}

/** Deflated is explicit little endian in another wrapping, PS3.5 §A.5. */
export const inner = (uid: string) => (uid === deflatedLittleEndian ? explicitLittleEndian : uid)

export function unwrapped(dataset: Bytes, from: string): Bytes {
  return from === deflatedLittleEndian ? inflated(dataset) : dataset
}

/** What the frames of a transfer syntax are decoded with, if with anything. */
export function decoding(from: string) {
  const lossyJpeg = from === jpegBaseline || from === jpegExtended
  const decoder = compressed.has(from) ? (transferSyntaxes.get(from)!.kind as Codec) : undefined
  const decoded = (frame: Uint8Array, shape: Shape): Uint8Array => {
    if (!decoder) return frame
    const toRgb = lossyJpeg && shape.photometricInterpretation.startsWith('YBR')
    return decodeFrame(decoder, frame, shape, { toRgb })
  }
  return { lossyJpeg, decoder, decoded }
}

async function* rewritten(dataset: Bytes, from: string, to: string): AsyncGenerator<Uint8Array> {
  const { lossyJpeg, decoder, decoded } = decoding(from)
  const encoder = losslessCodecs.get(to)
  const image =
    decoder || encoder ? new Image({ from: decoder, to: encoder, lossyJpeg }) : undefined
  if (image) await openCodecs()
  const target = encodingOf(to)
  const become = (piece: Piece) => {
    if (piece instanceof Uint8Array) return piece
    const { shape, native } = image!
    const pixels = decoded(piece.frame, shape)
    if (encoder) return fragment(encodeFrame(encoder, pixels, native))
    return target.bigEndian && shape.bitsAllocated > 8 ? turned(pixels, 2) : pixels
  }
  const rewriting = new Rewriting(encodingOf(from), target, image)
  for await (const chunk of dataset) {
    for (let at = 0; at < chunk.length; at += sliceSize)
      for (const piece of rewriting.push(chunk.subarray(at, at + sliceSize))) yield become(piece)
  }
  rewriting.end()
}

/** One fragment a frame, PS3.5 §A.4. */
export function fragment(encoded: Uint8Array): Uint8Array {
  const out = Buffer.allocUnsafe(8 + encoded.length)
  out.writeUInt32LE(0xe000fffe, 0)
  out.writeUInt32LE(encoded.length, 4)
  out.set(encoded, 8)
  return out
}

async function* inflated(dataset: Bytes): AsyncGenerator<Uint8Array> {
  const inflater = takeInflater('raw')
  let length = 0
  try {
    for await (const packed of dataset) {
      for await (const chunk of inflater.inflated(packed)) {
        length += chunk.length
        if (length > inflatedLimit)
          throw new Fault('too-large', 'the deflated dataset grows too long')
        yield chunk
      }
    }
    await inflater.finish()
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException
    if (thrown instanceof Fault || !code?.startsWith('Z_')) throw thrown
    const cut = code === 'Z_BUF_ERROR'
    throw new Fault(
      cut ? 'dataset-truncated' : 'dataset-malformed',
      'the deflated dataset is broken',
    )
  } finally {
    inflater.giveBack()
  }
}

async function* deflated(dataset: Bytes): AsyncGenerator<Uint8Array> {
  let length = 0
  for await (const chunk of through(dataset, createDeflateRaw({ level: constants.Z_BEST_SPEED }))) {
    length += chunk.length
    yield chunk
  }
  // PS3.5 §A.5: padded to an even length
  if (length % 2 === 1) yield Uint8Array.of(0)
}

/** Faults of the source come out as they are. */
async function* through(dataset: Bytes, transform: DeflateRaw): AsyncGenerator<Uint8Array> {
  const source = Readable.from(dataset, { objectMode: true })
  source.once('error', error => transform.destroy(error))
  try {
    yield* source.pipe(transform)
  } finally {
    source.destroy()
    transform.destroy()
  }
}
