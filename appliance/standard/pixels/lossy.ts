import { Fault } from '../../faults.ts'
import { implicitLittleEndian } from '../dicom/dicom.ts'
import type { Codec } from './decode.ts'
import { checkEncodable, type Native, runEncoder, unsupported } from './encode.ts'
import { extremes, narrowed, rgbOf, within } from './samples.ts'

/** Codecs that lose something here: the library's HTJ2K is with loss no smaller than without. */
export type LossyCodec = Extract<Codec, 'jpeg' | 'jpeg-ls' | 'jpeg2000'>

const jpegSuffix = (suffix: string) => `${implicitLittleEndian}.4.${suffix}`

/** What is written with loss. JPEG Extended holds code streams of 8 bits: the library has no other. */
export const lossyCodecs: ReadonlyMap<string, LossyCodec> = new Map<string, LossyCodec>([
  [jpegSuffix('50'), 'jpeg'],
  [jpegSuffix('51'), 'jpeg'],
  [jpegSuffix('81'), 'jpeg-ls'],
  [jpegSuffix('91'), 'jpeg2000'],
])

/** LossyImageCompressionMethod, PS3.3 §C.7.6.1.1.5.1. */
export const lossyMethods: Readonly<Record<LossyCodec, string>> = {
  jpeg: 'ISO_10918_1',
  'jpeg-ls': 'ISO_14495_1',
  jpeg2000: 'ISO_15444_1',
}

/** What PhotometricInterpretation is after encoding with loss (PS3.5 §8.2.1, §8.2.4). */
export function lossyPhotometricInterpretation(codec: LossyCodec, native: string): string {
  const coloured = native === 'RGB' || native === 'YBR_FULL'
  if (codec === 'jpeg' && coloured) return 'YBR_FULL_422'
  return codec === 'jpeg2000' && native === 'RGB' ? 'YBR_ICT' : native
}

/**
 * How samples are written: in a byte where 8 bits or fewer are stored, and of JPEG all 8 of it count
 * (PS3.5 §8.2.1).
 */
export function lossyBits(
  codec: LossyCodec,
  { bitsAllocated, bitsStored }: { bitsAllocated: number; bitsStored: number },
): { bitsAllocated: number; bitsStored: number } {
  if (bitsStored > 8) return { bitsAllocated, bitsStored }
  return { bitsAllocated: 8, bitsStored: codec === 'jpeg' ? 8 : bitsStored }
}

/** By how many grey values JPEG-LS may miss a sample: 2 of quality 90, as Orthanc has it; 1 to 20. */
export function nearOf(quality: number): number {
  return Math.max(1, Math.ceil((100 - quality) / 5))
}

/** How many times smaller JPEG 2000 gets: ten times of quality 90. */
export function rateOf(quality: number): number {
  return Math.max(2, 100 - quality)
}

/** Segmentation and Label Map Segmentation: numbers there are names, PS3.3 §C.8.20.2. */
const labelled = new Set(['66.4', '66.7'].map(end => `1.2.840.10008.5.1.4.1.1.${end}`))

/** Faults of an image that is not written with loss, before any of it is. */
export function checkLossy(
  codec: LossyCodec,
  native: Native & { highBit: number | undefined; sopClassUid: string },
): void {
  checkEncodable(codec, native)
  const { samples, bitsStored, signed, highBit, sopClassUid } = native
  const colours = native.photometricInterpretation
  if (labelled.has(sopClassUid)) throw unsupported('that name segments')
  if (samples === 1 && !colours.startsWith('MONOCHROME'))
    throw unsupported(`in ${colours || 'no PhotometricInterpretation'}`)
  if (codec === 'jpeg' && signed) throw unsupported('with a sign')
  if (codec === 'jpeg' && bitsStored > 8) throw unsupported(`of ${bitsStored} bits`)
  if (highBit !== undefined && highBit !== bitsStored - 1)
    throw unsupported(`of ${bitsStored} bits below bit ${highBit + 1}`)
  checkEncodable(codec, { ...native, ...lossyBits(codec, native) })
}

/**
 * One frame with loss, of even length. Faults: `not-supported`, also of samples with more in them than
 * BitsStored, such as an overlay, which would be lost.
 */
export function encodeLossyFrame(
  codec: LossyCodec,
  pixels: Uint8Array,
  native: Native,
  quality: number,
): Uint8Array {
  const { bitsAllocated, bitsStored, signed, photometricInterpretation: colours } = native
  const { least, most } = extremes(pixels, native)
  const [lowest, highest] = signed
    ? [-(2 ** (bitsStored - 1)), 2 ** (bitsStored - 1) - 1]
    : [0, 2 ** bitsStored - 1]
  if (least < lowest || most > highest)
    throw new Fault('not-supported', `pixels with more in them than ${bitsStored} bits lose it`)
  const bits = lossyBits(codec, native)
  const narrow = bits.bitsAllocated < bitsAllocated ? narrowed(pixels) : pixels
  const written = { ...native, ...bits }
  if (codec === 'jpeg') {
    const rgb = colours === 'YBR_FULL' ? rgbOf(narrow) : narrow
    return runEncoder(codec, rgb, written, { lossy: true, quality, sampleFactor: halved })
  }
  if (codec === 'jpeg2000')
    return runEncoder(codec, narrow, written, { lossy: true, rate: rateOf(quality) })
  // JPEG-LS knows no signs: the greatest number and the least are neighbours to it, and one would
  // become the other. Of fewer bits than 8 or 16 the library goes beyond the greatest.
  const isOpen = signed || bits.bitsStored < bits.bitsAllocated
  const room = Math.min(
    isOpen ? highest - most : Number.POSITIVE_INFINITY,
    signed ? least - lowest : Number.POSITIVE_INFINITY,
  )
  const near = Math.min(nearOf(quality), Math.floor(highest / 2))
  if (near <= room) return nearly(narrow, written, near)
  // Half of what may be missed makes room for the other half
  const half = Math.floor(near / 2)
  const range = { least: signed ? lowest + half : lowest, most: highest - half }
  return nearly(within(narrow, written, range), written, half)
}

function nearly(pixels: Uint8Array, native: Native, allowedLossyError: number): Uint8Array {
  return runEncoder('jpeg-ls', pixels, native, { lossy: allowedLossyError > 0, allowedLossyError })
}

/** The library's number of 4:2:2. */
const halved = 1
