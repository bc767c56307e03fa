import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import dcmjsCodecs from 'dcmjs-codecs'
import {
  explicitBigEndian,
  explicitLittleEndian,
  type NewElement,
  readDataset,
  writeDataset,
} from '../dicom/dicom.ts'
import { transcode } from './pixels.ts'

const { Context, NativeCodecs } = dcmjsCodecs
before(() => NativeCodecs.initializeAsync())

const lossless = '1.2.840.10008.1.2.4.201'
const progressive = '1.2.840.10008.1.2.4.202'
const any = '1.2.840.10008.1.2.4.203'
const [rows, columns] = [48, 40]

interface Kind {
  bitsAllocated: number
  bitsStored: number
  samples: number
  signed: boolean
}

/** A slope with grain on it, from the least to the greatest value that the bits hold. */
function pixelsOf({ bitsAllocated, bitsStored, samples, signed }: Kind): Buffer {
  const width = bitsAllocated / 8
  const pixels = Buffer.alloc(rows * columns * samples * width)
  const count = rows * columns * samples
  const [least, range] = [signed ? -(2 ** (bitsStored - 1)) : 0, 2 ** bitsStored - 1]
  for (let at = 0; at < count; at++) {
    const grain = (at * 7919) % 5
    const value = least + Math.min(range, Math.floor((at / (count - 1)) * range) + grain)
    if (signed) pixels.writeIntLE(value, at * width, width)
    else pixels.writeUIntLE(value, at * width, width)
  }
  return pixels
}

function encoded(pixels: Buffer, kind: Kind, lossy = false): Uint8Array {
  const context = new Context({
    ...{ width: columns, height: rows, bitsAllocated: kind.bitsAllocated },
    ...{ bitsStored: kind.bitsStored, samplesPerPixel: kind.samples, planarConfiguration: 0 },
    pixelRepresentation: kind.signed ? 1 : 0,
    photometricInterpretation: kind.samples === 3 ? 'RGB' : 'MONOCHROME2',
    decodedBuffer: pixels,
  })
  const stream = NativeCodecs.encodeHtJpeg2000(context, { lossy }).getEncodedBuffer()!
  return Buffer.concat([stream, Buffer.alloc(stream.length % 2)])
}

const elementsOf = (kind: Kind, frames: readonly Uint8Array[]): NewElement[] => [
  { tag: 'SamplesPerPixel', value: kind.samples },
  { tag: 'PhotometricInterpretation', value: kind.samples === 3 ? 'YBR_RCT' : 'MONOCHROME2' },
  ...(kind.samples === 3 ? [{ tag: 'PlanarConfiguration', value: 0 }] : []),
  { tag: 'NumberOfFrames', value: String(frames.length) },
  { tag: 'Rows', value: rows },
  { tag: 'Columns', value: columns },
  { tag: 'BitsAllocated', value: kind.bitsAllocated },
  { tag: 'BitsStored', value: kind.bitsStored },
  { tag: 'HighBit', value: kind.bitsStored - 1 },
  { tag: 'PixelRepresentation', value: kind.signed ? 1 : 0 },
  { tag: 'PixelData', vr: 'OB', fragments: [new Uint8Array(), ...frames] },
]

async function decoded(elements: NewElement[], from: string, to = explicitLittleEndian) {
  const bytes = writeDataset(elements, from)
  const one = (async function* () {
    yield bytes
  })()
  return readDataset(Buffer.concat(await Array.fromAsync(transcode(one, from, to))), to)
}

const kinds: Record<string, Kind> = {
  '8 bits': { bitsAllocated: 8, bitsStored: 8, samples: 1, signed: false },
  '12 bits in two bytes': { bitsAllocated: 16, bitsStored: 12, samples: 1, signed: false },
  '16 bits': { bitsAllocated: 16, bitsStored: 16, samples: 1, signed: false },
  '16 bits with a sign': { bitsAllocated: 16, bitsStored: 16, samples: 1, signed: true },
  colours: { bitsAllocated: 8, bitsStored: 8, samples: 3, signed: false },
}

for (const [name, kind] of Object.entries(kinds))
  test(`HTJ2K frames of ${name} become the pixels that they were made of`, async () => {
    const frame = pixelsOf(kind)
    const other = Buffer.from(frame).fill(0, 0, 400)
    for (const from of [lossless, progressive, any]) {
      const elements = elementsOf(kind, [encoded(frame, kind), encoded(other, kind)])
      const out = await decoded(elements, from)
      assert.ok(Buffer.concat([frame, other]).equals(out.get('PixelData')!.value), from)
      if (kind.samples === 3) assert.equal(out.text('PhotometricInterpretation'), 'RGB')
    }
  })

test('lossy HTJ2K comes near what it was made of', async () => {
  const kind = kinds['12 bits in two bytes']!
  const frame = pixelsOf(kind)
  const out = await decoded(elementsOf(kind, [encoded(frame, kind, true)]), any)
  const value = Buffer.from(out.get('PixelData')!.value)
  for (let at = 0; at < frame.length; at += 2)
    assert.ok(Math.abs(value.readUInt16LE(at) - frame.readUInt16LE(at)) <= 64, `pixel ${at / 2}`)
})

test('HTJ2K in Explicit VR Big Endian has the bytes of each pixel the other way round', async () => {
  const kind = kinds['16 bits with a sign']!
  const frame = pixelsOf(kind)
  const out = await decoded(elementsOf(kind, [encoded(frame, kind)]), lossless, explicitBigEndian)
  assert.ok(Buffer.from(frame).swap16().equals(out.get('PixelData')!.value))
})

test('HTJ2K that is cut short, or of another size than is said, is a fault', async () => {
  const kind = kinds['8 bits']!
  const whole = encoded(pixelsOf(kind), kind)
  const cut = whole.subarray(0, (whole.length >> 1) & ~1)
  await assert.rejects(decoded(elementsOf(kind, [cut]), any), { code: 'dataset-malformed' })
  const wrong = elementsOf(kind, [whole]).map(each =>
    each.tag === 'Rows' ? { tag: 'Rows', value: rows + 1 } : each,
  )
  await assert.rejects(decoded(wrong, any), { code: 'dataset-malformed' })
})
