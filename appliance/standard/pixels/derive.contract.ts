import { explicitLittleEndian, type NewElement, readDataset, writeDataset } from '../dicom/dicom.ts'
import { derive, transcode } from './pixels.ts'

/** Pictures, what becomes of them with loss, and how far that is from what they were. */

export const jpeg = (suffix: string) => `1.2.840.10008.1.2.4.${suffix}`
export const [baseline, extended, nearLossless, jpeg2000] = ['50', '51', '81', '91'].map(jpeg) as [
  ...[string, string, string, string],
]
export const targets = [baseline, extended, nearLossless, jpeg2000]
export const secondaryCapture = '1.2.840.10008.5.1.4.1.1.7'

export interface Picture {
  rows: number
  columns: number
  samples: number
  bitsAllocated: number
  bitsStored: number
  signed: boolean
  frames: number
  colours: string
  planar?: boolean
}

export const grey: Picture = {
  ...{ rows: 24, columns: 31, samples: 1, bitsAllocated: 8, bitsStored: 8, signed: false },
  ...{ frames: 3, colours: 'MONOCHROME2' },
}
export const deep: Picture = { ...grey, bitsAllocated: 16, bitsStored: 12 }
export const red: Picture = { ...grey, samples: 3, colours: 'RGB' }

export const elementsOf = (picture: Picture, pixels: Uint8Array, more: NewElement[] = []) =>
  [
    { tag: 'SOPClassUID', value: secondaryCapture },
    { tag: 'SOPInstanceUID', value: '1.2.3' },
    { tag: 'SamplesPerPixel', value: picture.samples },
    { tag: 'PhotometricInterpretation', value: picture.colours },
    ...(picture.samples > 1 ? [{ tag: 'PlanarConfiguration', value: picture.planar ? 1 : 0 }] : []),
    { tag: 'NumberOfFrames', value: String(picture.frames) },
    { tag: 'Rows', value: picture.rows },
    { tag: 'Columns', value: picture.columns },
    { tag: 'BitsAllocated', value: picture.bitsAllocated },
    { tag: 'BitsStored', value: picture.bitsStored },
    { tag: 'HighBit', value: picture.bitsStored - 1 },
    { tag: 'PixelRepresentation', value: picture.signed ? 1 : 0 },
    { tag: 'PixelData', vr: 'OW', value: pixels },
    ...more,
  ].filter(({ tag }, at, all) => all.findLastIndex(each => each.tag === tag) === at) as NewElement[]

export const opening = (bytes: Uint8Array, size = 1000) =>
  async function* () {
    for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size)
  }

export interface Asked {
  from?: string
  quality?: number
  keep?: number
  size?: number
}

export async function derived(
  elements: NewElement[],
  to: string,
  { from = explicitLittleEndian, quality = 90, keep, size }: Asked = {},
): Promise<Buffer> {
  const open = opening(writeDataset(elements, from), size)
  const derivation = { quality, sopInstanceUid: '1.2.4' }
  const chunks = derive(open, from, to, derivation, keep === undefined ? {} : { keep })
  return Buffer.concat(await Array.fromAsync(chunks))
}

export async function plain(bytes: Uint8Array, from: string) {
  const chunks = transcode(opening(bytes)(), from, explicitLittleEndian)
  return readDataset(Buffer.concat(await Array.fromAsync(chunks)), explicitLittleEndian)
}

export const countOf = ({ rows, columns, samples, frames }: Picture) =>
  rows * columns * samples * frames

/** Waves, another one in each colour, of which `noise` is by chance. */
export function painted(picture: Picture, { noise = 0.01, seed = 1 } = {}): Buffer {
  const { columns, samples, bitsAllocated, bitsStored, signed } = picture
  const width = bitsAllocated / 8
  const length = countOf(picture) * width
  const out = Buffer.alloc(length + (length % 2))
  const most = 2 ** bitsStored - 1
  let state = seed
  for (let at = 0; at < countOf(picture); at++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    const pixel = Math.floor(at / samples)
    const [x, y] = [pixel % columns, Math.floor(pixel / columns)]
    const wave = 0.5 + 0.3 * Math.sin(x / 9 + (at % samples) * 2) + 0.15 * Math.cos(y / 11)
    const share = wave * (1 - noise) + (state / 2 ** 32) * noise
    const value = Math.round(Math.min(Math.max(share, 0), 1) * most)
    if (signed) out.writeIntLE(value - 2 ** (bitsStored - 1), at * width, width)
    else out.writeUIntLE(value, at * width, width)
  }
  return out
}

export function samplesOf(pixels: Uint8Array, bitsAllocated: number, signed: boolean): number[] {
  const bytes = Buffer.from(pixels)
  const width = bitsAllocated / 8
  return Array.from({ length: Math.floor(bytes.length / width) }, (_, at) =>
    signed ? bytes.readIntLE(at * width, width) : bytes.readUIntLE(at * width, width),
  )
}

/** How far what comes back is from what was there; the noise in relation to all that bits can say. */
export async function compared(picture: Picture, pixels: Buffer, there: Uint8Array, to: string) {
  const dataset = await plain(there, to)
  const back = samplesOf(
    dataset.get('PixelData')!.value,
    Number(dataset.text('BitsAllocated')),
    picture.signed,
  ).slice(0, countOf(picture))
  const before = samplesOf(pixels, picture.bitsAllocated, picture.signed)
  let [worst, squares] = [0, 0]
  for (const [at, value] of back.entries()) {
    const off = Math.abs(value - before[at]!)
    worst = Math.max(worst, off)
    squares += off * off
  }
  const rms = Math.sqrt(squares / back.length)
  return {
    ...{ worst, back, dataset },
    decibels: 20 * Math.log10((2 ** picture.bitsStored - 1) / Math.max(rms, 1e-9)),
  }
}
