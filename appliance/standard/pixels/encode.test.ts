import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Fault } from '../../faults.ts'
import {
  explicitBigEndian,
  explicitLittleEndian,
  implicitLittleEndian,
  type NewElement,
  readDataset,
  writeDataset,
} from '../dicom/dicom.ts'
import { convertible, losslessTargets, transcode } from './pixels.ts'

const jpeg = (suffix: string) => `1.2.840.10008.1.2.4.${suffix}`
const rle = '1.2.840.10008.1.2.5'
const targets = [...['57', '70', '80', '90', '91', '201', '203'].map(jpeg), rle]
const jpeg2000 = ['90', '91', '201', '203'].map(jpeg)

interface Picture {
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

const grey: Picture = {
  ...{ rows: 3, columns: 5, samples: 1, bitsAllocated: 16, bitsStored: 12, signed: false },
  ...{ frames: 2, colours: 'MONOCHROME2' },
}
const red: Picture = { ...grey, samples: 3, bitsAllocated: 8, bitsStored: 8, colours: 'RGB' }

const elementsOf = (picture: Picture, pixels: Uint8Array, vr = 'OW'): NewElement[] => [
  { tag: 'SamplesPerPixel', value: picture.samples },
  { tag: 'PhotometricInterpretation', value: picture.colours },
  ...(picture.samples > 1
    ? [{ tag: 'PlanarConfiguration', value: picture.planar ? 1 : 0 } as const]
    : []),
  { tag: 'NumberOfFrames', value: String(picture.frames) },
  { tag: 'Rows', value: picture.rows },
  { tag: 'Columns', value: picture.columns },
  { tag: 'BitsAllocated', value: picture.bitsAllocated },
  { tag: 'BitsStored', value: picture.bitsStored },
  { tag: 'HighBit', value: picture.bitsStored - 1 },
  { tag: 'PixelRepresentation', value: picture.signed ? 1 : 0 },
  { tag: 'PixelData', vr, value: pixels },
]

async function converted(bytes: Uint8Array, from: string, to: string, size = 1000) {
  const pieces = (async function* () {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
  })()
  return Buffer.concat(await Array.fromAsync(transcode(pieces, from, to)))
}

/** What is written in `to`, and what it is when it comes back. */
async function thereAndBack(elements: NewElement[], to: string, from = explicitLittleEndian) {
  const there = await converted(writeDataset(elements, from), from, to)
  const back = await converted(there, to, explicitLittleEndian)
  const dataset = readDataset(back, explicitLittleEndian)
  return { there, dataset, pixels: Buffer.from(dataset.get('PixelData')!.value) }
}

const countOf = ({ rows, columns, samples, frames }: Picture) => rows * columns * samples * frames

/** Any number that the bits hold, signs drawn out. */
function noise(picture: Picture, seed = 1): Buffer {
  const { bitsAllocated, bitsStored, signed } = picture
  const width = bitsAllocated / 8
  const length = countOf(picture) * width
  const out = Buffer.alloc(length + (length % 2))
  let state = seed
  for (let at = 0; at < countOf(picture); at++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    const value = Math.floor((state / 2 ** 32) * 2 ** bitsStored)
    if (signed) out.writeIntLE(value - 2 ** (bitsStored - 1), at * width, width)
    else out.writeUIntLE(value, at * width, width)
  }
  return out
}

describe('into compressed transfer syntaxes', () => {
  const picture = fc.record({
    rows: fc.integer({ min: 1, max: 40 }),
    columns: fc.integer({ min: 1, max: 40 }),
    frames: fc.integer({ min: 1, max: 3 }),
    bits: fc.constantFrom([8, 8], [8, 5], [16, 8], [16, 10], [16, 12], [16, 15], [16, 16]),
    signed: fc.boolean(),
    colours: fc.constantFrom('MONOCHROME1', 'MONOCHROME2', 'PALETTE COLOR', 'RGB', 'YBR_FULL'),
    seed: fc.integer({ min: 1 }),
  })

  /** What cannot be written so, by README.md. */
  const refused = (made: Picture, to: string): boolean => {
    const { rows, columns, bitsAllocated, samples, signed, colours } = made
    if (jpeg2000.includes(to) && samples === 3 && bitsAllocated > 8) return true
    if (to === jpeg('201') || to === jpeg('203')) return colours === 'YBR_FULL'
    if (to !== jpeg('90') && to !== jpeg('91')) return false
    return rows === 1 || columns === 1 || (signed && bitsAllocated === 8)
  }

  for (const to of targets)
    test(`any pixels come back from ${to} bit by bit, or are a fault that is known before`, async () => {
      await fc.assert(
        fc.asyncProperty(picture, async ({ bits, colours, seed, ...rest }) => {
          const samples = colours === 'RGB' || colours === 'YBR_FULL' ? 3 : 1
          const [bitsAllocated, bitsStored] = bits as [number, number]
          const made = { ...rest, colours, samples, bitsAllocated, bitsStored }
          const pixels = noise(made, seed)
          const going = thereAndBack(elementsOf(made, pixels), to)
          if (refused(made, to)) return assert.rejects(going, { code: 'not-supported' })
          const { pixels: back, dataset } = await going
          assert.ok(back.equals(pixels))
          assert.equal(dataset.text('PhotometricInterpretation'), colours)
        }),
        { numRuns: 40 },
      )
    })

  test('one fragment a frame, of even length, after an empty Basic Offset Table', async () => {
    for (const to of targets) {
      const { there } = await thereAndBack(elementsOf(grey, noise(grey)), to)
      let at = there.indexOf(Buffer.from('e07f1000', 'hex'))
      assert.equal(there.toString('latin1', at + 4, at + 6), 'OB')
      assert.equal(there.readUInt32LE(at + 8), 0xffffffff)
      const lengths: number[] = []
      for (at += 12; there.readUInt32LE(at) === 0xe000fffe; ) {
        lengths.push(there.readUInt32LE(at + 4))
        at += 8 + lengths.at(-1)!
      }
      assert.equal(there.readUInt32LE(at), 0xe0ddfffe)
      assert.equal(there.length, at + 8)
      assert.equal(lengths.length, 1 + grey.frames)
      assert.ok(lengths.every((length, index) => length % 2 === 0 && length > 0 === index > 0))
    }
  })

  test('JPEG 2000 of RGB is YBR_RCT, of others and in other codecs it stays what it is', async () => {
    for (const to of targets) {
      const { there } = await thereAndBack(elementsOf(red, noise(red)), to)
      const expected = jpeg2000.includes(to) ? 'YBR_RCT' : 'RGB'
      assert.equal(readDataset(there, to).text('PhotometricInterpretation'), expected)
    }
  })

  test('planes are put together, and PlanarConfiguration says so', async () => {
    const planar: Picture = { ...red, rows: 2, columns: 2, frames: 1, planar: true }
    for (const to of targets) {
      const planes = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
      const { there, pixels } = await thereAndBack(elementsOf(planar, planes, 'OB'), to)
      assert.equal(readDataset(there, to).text('PlanarConfiguration'), '0')
      assert.deepEqual([...pixels], [1, 5, 9, 2, 6, 10, 3, 7, 11, 4, 8, 12])
    }
  })

  test('pixels that share their colours get their own', async () => {
    const shared: Picture = { ...red, rows: 1, columns: 4, frames: 1, colours: 'YBR_FULL_422' }
    const elements = elementsOf(shared, Uint8Array.of(1, 2, 10, 20, 3, 4, 30, 40), 'OB')
    const { pixels, dataset } = await thereAndBack(elements, rle)
    assert.deepEqual([...pixels], [1, 10, 20, 2, 10, 20, 3, 30, 40, 4, 30, 40])
    assert.equal(dataset.text('PhotometricInterpretation'), 'YBR_FULL')
  })

  test('bits beyond those stored, such as overlays, are kept', async () => {
    for (const signed of [false, true]) {
      const odd = { ...grey, signed }
      const pixels = noise({ ...odd, bitsStored: 16 })
      for (const to of targets)
        assert.ok((await thereAndBack(elementsOf(odd, pixels), to)).pixels.equals(pixels), to)
    }
  })

  test('big endian pixels, implicit ones and RLE of 32 bits come through', async () => {
    const pixels = noise(grey)
    const big = elementsOf(grey, Buffer.from(pixels).swap16())
    for (const to of targets) {
      assert.ok((await thereAndBack(big, to, explicitBigEndian)).pixels.equals(pixels), to)
      const implicit = await thereAndBack(elementsOf(grey, pixels), to, implicitLittleEndian)
      assert.ok(implicit.pixels.equals(pixels), to)
    }
    const deep: Picture = { ...grey, bitsAllocated: 32, bitsStored: 32 }
    const { pixels: back } = await thereAndBack(elementsOf(deep, noise(deep)), rle)
    assert.ok(back.equals(noise(deep)))
  })

  test('of one compressed transfer syntax to any other, pixel for pixel', async () => {
    const pixels = noise(grey)
    const source = writeDataset(elementsOf(grey, pixels), explicitLittleEndian)
    for (const from of targets) {
      const compressed = await converted(source, explicitLittleEndian, from)
      for (const to of targets) {
        assert.ok(convertible(from, to))
        const other = await converted(compressed, from, to)
        const back = await converted(other, to, explicitLittleEndian)
        const value = readDataset(back, explicitLittleEndian).get('PixelData')!.value
        assert.ok(pixels.equals(value), `${from} ${to}`)
      }
    }
  })

  test('a dataset without pixel data is explicit little endian, and an icon stays native', async () => {
    const icon = elementsOf({ ...grey, frames: 1 }, noise({ ...grey, frames: 1 }))
    const elements: NewElement[] = [{ tag: 'IconImageSequence', items: [icon] }]
    const source = writeDataset(elements, implicitLittleEndian)
    for (const to of targets) {
      const there = await converted(source, implicitLittleEndian, to)
      const plain = await converted(source, implicitLittleEndian, explicitLittleEndian)
      assert.ok(there.equals(plain))
    }
  })

  const whole = noise(grey)
  const without = (tag: string, elements = elementsOf(grey, whole)) =>
    elements.filter(each => each.tag !== tag)
  const broken: [string, NewElement[], Fault['code'], string[]][] = [
    ['without Rows', without('Rows'), 'dataset-malformed', targets],
    ['without BitsAllocated', without('BitsAllocated'), 'not-supported', targets],
    ['without BitsStored', without('BitsStored'), 'dataset-malformed', targets],
    ['of one bit', elementsOf({ ...grey, bitsAllocated: 1 }, whole), 'not-supported', targets],
    [
      'of 32 bits',
      elementsOf({ ...grey, bitsAllocated: 32, frames: 1 }, whole),
      ...(['not-supported', targets.filter(to => to !== rle)] as const),
    ],
    ['of 4 samples', elementsOf({ ...red, samples: 4 }, whole), 'not-supported', targets],
    [
      'with more bits stored than there are',
      elementsOf({ ...grey, bitsStored: 17 }, whole),
      ...(['dataset-malformed', targets] as const),
    ],
    [
      'with pixels too few',
      elementsOf(grey, whole.subarray(2)),
      ...(['dataset-malformed', targets] as const),
    ],
    [
      'with pixels too many',
      elementsOf(grey, Buffer.concat([whole, whole])),
      ...(['dataset-malformed', targets] as const),
    ],
    ['with no pixels', elementsOf(grey, new Uint8Array()), 'dataset-malformed', targets],
    [
      'in colours without a name',
      without('PhotometricInterpretation', elementsOf(red, noise(red))),
      ...(['not-supported', targets.filter(to => to !== rle)] as const),
    ],
    [
      'of a frame larger than there is room for',
      elementsOf({ ...grey, rows: 65535, columns: 65535 }, whole),
      ...(['too-large', targets] as const),
    ],
  ]
  for (const [title, elements, code, to] of broken)
    test(`an image ${title} is a fault, not a crash`, async () => {
      const source = writeDataset(elements, explicitLittleEndian)
      for (const each of to)
        await assert.rejects(converted(source, explicitLittleEndian, each), { code }, each)
    })

  test('pixels that break off are a fault', async () => {
    const source = writeDataset(elementsOf(grey, whole), explicitLittleEndian).subarray(0, -3)
    for (const to of targets)
      await assert.rejects(converted(source, explicitLittleEndian, to), {
        code: 'dataset-truncated',
      })
  })

  test('what is written without loss is known before, and nothing else is', () => {
    assert.deepEqual(losslessTargets.slice(4).toSorted(), targets.toSorted())
    for (const from of [explicitLittleEndian, rle, jpeg('50')])
      for (const to of losslessTargets) assert.ok(convertible(from, to))
    for (const to of ['50', '51', '81', '202', '110'].map(jpeg))
      assert.ok(!convertible(explicitLittleEndian, to), to)
    assert.ok(!convertible(jpeg('102'), rle))
  })
})
