import { Fault } from '../../faults.ts'
import { encodingOf, explicitLittleEndian, transferSyntaxes } from '../dicom/dicom.ts'
import { openCodecs } from './decode.ts'
import { type Amendment, amendmentsOf, type Derivation, notedTags } from './derivation.ts'
import { frameLength, Image } from './image.ts'
import { encodeLossyFrame, lossyBits, lossyCodecs } from './lossy.ts'
import type { Piece } from './pieces.ts'
import { Rewriting } from './rewriting.ts'
import { decoding, fragment, inner, isAlso, isRead, sliceSize, unwrapped } from './transcode.ts'

type Bytes = AsyncIterable<Uint8Array>

/** Bytes of compressed frames kept for the second reading; what is beyond is made again. */
const keptLimit = 32 * 1024 * 1024

/**
 * Whether images of one transfer syntax are, as a rule, written in another one with loss. Baseline is
 * Extended already and does not have to lose more; what lost nothing may get smaller in .91.
 */
export function derivable(from: string, to: string): boolean {
  const loses = lossyCodecs.has(to) && (!isAlso(from, to) || losesNothing(from))
  return from !== to && isRead(from) && loses
}

const losesNothing = (uid: string) => transferSyntaxes.get(uid)?.lossy === false

/**
 * Another image of an image: the same with loss, so another SOP instance (PS3.3 §C.7.6.1.1.5). It
 * says how many times smaller it got before it comes to the pixels, so the dataset is read twice: all
 * faults come before the first byte. In memory for a chunk, a frame, and 32 MB of compressed frames.
 * Faults: `not-supported`, also of a dataset without pixel data; `dataset-malformed`,
 * `dataset-truncated`, `too-large`, and those of the dataset.
 */
export async function* derive(
  open: () => Bytes,
  from: string,
  to: string,
  derivation: Derivation,
  { keep = keptLimit } = {},
): AsyncGenerator<Uint8Array> {
  if (!derivable(from, to)) throw new Fault('not-supported', `from ${from} to ${to} with loss`)
  await openCodecs()
  const codec = lossyCodecs.get(to)!
  const { lossyJpeg, decoder, decoded } = decoding(from)
  const conversion = { from: decoder, lossyJpeg, loss: { to: codec, notes: notedTags } }
  const encoded = (image: Image, frame: Uint8Array) => {
    const { shape, native } = image
    return encodeLossyFrame(codec, decoded(frame, shape), native, derivation.quality)
  }
  const read = (image: Image, amendments: readonly Amendment[] = []) => {
    const target = encodingOf(explicitLittleEndian)
    const rewriting = new Rewriting(encodingOf(inner(from)), target, image, amendments)
    return piecesOf(unwrapped(open(), from), rewriting)
  }

  const first = new Image(conversion)
  const kept = new Map<number, Uint8Array>()
  let [frames, length, keptLength] = [0, 0, 0]
  for await (const piece of read(first)) {
    if (piece instanceof Uint8Array) continue
    const frame = encoded(first, piece.frame)
    frames++
    length += frame.length
    if (keptLength + frame.length > keep) continue
    keptLength += frame.length
    kept.set(piece.index, frame)
  }
  if (frames === 0) throw new Fault('not-supported', 'there are no pixels to compress')
  const { native } = first
  const plain = frameLength({ ...first.shape, ...lossyBits(codec, native) }) * frames
  const amendments = amendmentsOf(first, derivation, { codec, ratio: plain / length })

  const second = new Image(conversion)
  for await (const piece of read(second, amendments)) {
    if (piece instanceof Uint8Array) yield piece
    else yield fragment(kept.get(piece.index) ?? encoded(second, piece.frame))
  }
}

async function* piecesOf(dataset: Bytes, rewriting: Rewriting): AsyncGenerator<Piece> {
  for await (const chunk of dataset) {
    for (let at = 0; at < chunk.length; at += sliceSize)
      yield* rewriting.push(chunk.subarray(at, at + sliceSize))
  }
  rewriting.end()
}
