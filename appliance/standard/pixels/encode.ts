import dcmjsCodecs from 'dcmjs-codecs'
import { Fault } from '../../faults.ts'
import { implicitLittleEndian } from '../dicom/dicom.ts'
import { type Codec, inCodec } from './decode.ts'
import type { Shape } from './image.ts'
import { encodeRle } from './rle.ts'
import { fits } from './samples.ts'

const { Context, NativeCodecs } = dcmjsCodecs

const jpegSuffix = (suffix: string) => `${implicitLittleEndian}.4.${suffix}`

/**
 * What is written without loss. JPEG 2000 (.91) and HTJ2K (.203) "may be lossless" (PS3.5 §A.4.4):
 * here they are, unless loss is asked for (`lossy.ts`).
 */
export const losslessCodecs: ReadonlyMap<string, Codec> = new Map<string, Codec>([
  [jpegSuffix('70'), 'jpeg'],
  [jpegSuffix('57'), 'jpeg'],
  [jpegSuffix('80'), 'jpeg-ls'],
  [jpegSuffix('90'), 'jpeg2000'],
  [jpegSuffix('91'), 'jpeg2000'],
  [jpegSuffix('201'), 'htj2k'],
  [jpegSuffix('203'), 'htj2k'],
  ['1.2.840.10008.1.2.5', 'rle'],
])

/** Bytes of the pixels of one frame: the codecs need several times as much beside it. */
const encodedLimit = 128 * 1024 * 1024

/** What an encoder is given: native pixels, colours of a pixel together. */
export interface Native extends Omit<Shape, 'frames'> {}

/**
 * What PhotometricInterpretation is after encoding (PS3.5 §8.2): JPEG 2000 transforms RGB, the others
 * leave colours as they are.
 */
export function encodedPhotometricInterpretation(codec: Codec, native: string): string {
  return native === 'RGB' && (codec === 'jpeg2000' || codec === 'htj2k') ? 'YBR_RCT' : native
}

/**
 * One frame without loss, of even length (PS3.5 §A.4). Faults: `not-supported`, `dataset-malformed`,
 * `too-large`. After a fault the codecs may hold memory that nobody frees.
 */
export function encodeFrame(codec: Codec, pixels: Uint8Array, native: Native): Uint8Array {
  const { rows, columns, samples, bitsAllocated: bits, bitsStored, signed } = native
  if (codec === 'rle')
    return encodeRle(pixels, { rows, columns, samples, bytesPerSample: bits / 8 })
  // Of 16 bits the library takes 8 and fewer for bytes, and JPEG knows no signs
  const asAllocated = bits === 8 || bitsStored <= 8 || (codec === 'jpeg' && signed)
  // There may be something in the others, such as overlays or signs that are not drawn out
  const precision = !asAllocated && fits(pixels, bitsStored, signed) ? bitsStored : bits
  return runEncoder(codec, pixels, { ...native, bitsStored: precision }, { lossy: false })
}

/** Faults of an image that is not written, before any of it is. */
export function checkEncodable(codec: Codec, native: Native): void {
  const { rows, columns, samples, bitsAllocated, bitsStored, signed } = native
  const { photometricInterpretation: colours } = native
  const bytes = (rows * columns * samples * bitsAllocated) / 8
  if (bytes > encodedLimit) throw new Fault('too-large', `a frame of ${bytes} bytes to compress`)
  if (bitsStored < 1 || bitsStored > bitsAllocated)
    throw new Fault('dataset-malformed', `${bitsStored} bits stored of ${bitsAllocated}`)
  if (codec === 'rle') return
  if (bitsAllocated > 16) throw unsupported(`of ${bitsAllocated} bits`)
  if (samples === 3 && colours !== 'RGB' && colours !== 'YBR_FULL')
    throw unsupported(`in colours of ${colours || 'no PhotometricInterpretation'}`)
  if (codec !== 'jpeg2000' && codec !== 'htj2k') return
  // The library mistakes these, or what it makes of them cannot be decoded here
  if (samples === 3 && bitsAllocated > 8) throw unsupported('in colours of over 8 bits')
  if (codec === 'htj2k') {
    // It always transforms, and no PhotometricInterpretation says so of YBR_FULL
    if (colours === 'YBR_FULL') throw unsupported('in YBR_FULL')
    return
  }
  if (bitsAllocated === 8 && signed) throw unsupported('of bytes with a sign')
  if (rows === 1 || columns === 1) throw unsupported('of a single row or column')
}

/** What the library is told beside the image; what is not said is as it has it. */
export interface Parameters {
  lossy: boolean
  quality?: number
  sampleFactor?: number
  allowedLossyError?: number
  rate?: number
}

/**
 * One frame as the library compresses it, `bitsStored` bits of each sample, of even length. Fault:
 * `not-supported`.
 */
export function runEncoder(
  codec: Exclude<Codec, 'rle'>,
  decodedBuffer: Uint8Array,
  native: Native,
  parameters: Parameters,
): Uint8Array {
  const { rows, columns, samples, bitsAllocated, bitsStored, signed } = native
  const context = new Context({
    ...{ width: columns, height: rows, bitsAllocated, bitsStored },
    ...{ samplesPerPixel: samples, pixelRepresentation: signed ? 1 : 0, planarConfiguration: 0 },
    photometricInterpretation: samples === 3 ? native.photometricInterpretation : 'MONOCHROME2',
    decodedBuffer,
  })
  try {
    const encoded = inCodec(() => encoders[codec](context, parameters).getEncodedBuffer()!)
    return encoded.length % 2 === 0 ? encoded : Buffer.concat([encoded, Buffer.alloc(1)])
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message.slice(0, 200) : String(thrown)
    throw new Fault('not-supported', `a frame is not compressed: ${why}`, { cause: thrown })
  }
}

const encoders = {
  jpeg: (context: dcmjsCodecs.Context, parameters: Parameters) =>
    NativeCodecs.encodeJpeg(context, { predictor: 1, pointTransform: 0, ...parameters }),
  'jpeg-ls': (context: dcmjsCodecs.Context, parameters: Parameters) =>
    NativeCodecs.encodeJpegLs(context, { allowedLossyError: 0, ...parameters }),
  jpeg2000: NativeCodecs.encodeJpeg2000.bind(NativeCodecs),
  htj2k: NativeCodecs.encodeHtJpeg2000.bind(NativeCodecs),
}

export function unsupported(what: string): Fault {
  return new Fault('not-supported', `pixels ${what} are not compressed so`)
}
