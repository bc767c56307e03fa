import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { inflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { Fault } from '../../faults.ts'
import {
  deflatedLittleEndian,
  explicitBigEndian,
  explicitLittleEndian,
  implicitLittleEndian,
  type NewElement,
  readDataset,
  writeDataset,
} from '../dicom/dicom.ts'
import { convertible, transcode } from './pixels.ts'

const rle = '1.2.840.10008.1.2.5'
const jpeg = '1.2.840.10008.1.2.4.50'
const jpeg2000 = '1.2.840.10008.1.2.4.90'

async function* cut(bytes: Uint8Array, size = bytes.length) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function converted(bytes: Uint8Array, from: string, to: string, size?: number) {
  return Buffer.concat(await Array.fromAsync(transcode(cut(bytes, size), from, to)))
}

const hex = (text: string) => Buffer.from(text.replaceAll(/[^0-9a-f]/gi, ''), 'hex')

/** Everything that depends on the encoding, but no sequence. */
const flat: NewElement[] = [
  { tag: 'PatientName', value: 'Doe^Jane' },
  { tag: 'InstanceNumber', value: '7' },
  { tag: 'SimpleFrameList', vr: 'UL', value: [1, 0x01020304] },
  { tag: 'FrameIncrementPointer', vr: 'AT', value: Uint8Array.of() },
  { tag: 'RecommendedDisplayFrameRateInFloat', vr: 'FL', value: [1.5] },
  { tag: 'PixelRepresentation', value: 1 },
  { tag: 'SmallestImagePixelValue', vr: 'SS', value: [-2] },
  { tag: 'ExposureTimeInms', vr: 'FD', value: [0.1] },
]

describe('between the uncompressed transfer syntaxes', () => {
  const plain = [explicitLittleEndian, implicitLittleEndian, explicitBigEndian]
  for (const from of [...plain, deflatedLittleEndian])
    for (const to of plain)
      test(`values come through from ${from} to ${to}, however they are cut`, async () => {
        const source = writeDataset(flat, from)
        for (const size of [1, 3, 7, 1000])
          assert.ok((await converted(source, from, to, size)).equals(writeDataset(flat, to)))
      })

  test('deflated is the same explicit little endian, wrapped, of even length', async () => {
    const nested: NewElement[] = [...flat, { tag: 'ReferencedStudySequence', items: [flat] }]
    const source = writeDataset(nested, explicitLittleEndian)
    const deflated = await converted(source, explicitLittleEndian, deflatedLittleEndian, 5)
    assert.equal(deflated.length % 2, 0)
    assert.ok(inflateRawSync(deflated).equals(source))
  })

  test('sequences and items get undefined lengths, empty ones stay empty', async () => {
    const items: NewElement[][] = [[{ tag: 'Modality', value: 'CT' }], []]
    const source = writeDataset(
      [
        { tag: 'ReferencedStudySequence', items: [] },
        { tag: 'ReferencedSeriesSequence', items },
      ],
      explicitLittleEndian,
    )
    assert.deepEqual(
      await converted(source, explicitLittleEndian, implicitLittleEndian),
      hex(`
        08001011 00000000
        08001511 ffffffff
          feff00e0 ffffffff
            08006000 02000000 4354
          feff0de0 00000000
          feff00e0 00000000
        feffdde0 00000000`),
    )
  })

  test('group lengths, which would be wrong, are left out on every level', async () => {
    const length: NewElement = { tag: 0x00080000, vr: 'UL', value: 10 }
    const modality: NewElement = { tag: 'Modality', value: 'CT' }
    const source = writeDataset([length, modality], implicitLittleEndian)
    assert.deepEqual(
      await converted(source, implicitLittleEndian, explicitLittleEndian),
      Buffer.from(writeDataset([modality], explicitLittleEndian)),
    )
  })

  test('what nobody knows is UN, and its bytes are never turned', async () => {
    const value = Uint8Array.of(1, 2, 3, 4)
    const known = { tag: 0x00290010, vr: 'LO', value: 'MAKER ' }
    const source = writeDataset([known, { tag: 0x00291001, vr: 'UN', value }], implicitLittleEndian)
    for (const to of [explicitLittleEndian, explicitBigEndian])
      assert.deepEqual(
        await converted(source, implicitLittleEndian, to),
        Buffer.from(writeDataset([known, { tag: 0x00291001, vr: 'UN', value }], to)),
      )
  })

  test('an unknown sequence stays implicit little endian inside', async () => {
    const implicit = hex(`
      29000110 ffffffff
        feff00e0 ffffffff 29000210 02000000 0102 feff0de0 00000000
      feffdde0 00000000`)
    const big = await converted(implicit, implicitLittleEndian, explicitBigEndian)
    assert.deepEqual(
      big,
      hex(`
      00291001 554e 0000 ffffffff
        feff00e0 ffffffff 29000210 02000000 0102 feff0de0 00000000
      feffdde0 00000000`),
    )
    assert.deepEqual(await converted(big, explicitBigEndian, implicitLittleEndian), implicit)
  })

  test('a text too long for its VR becomes UN', async () => {
    const value = new Uint8Array(70_000).fill(0x31)
    const long = writeDataset([{ tag: 'WindowCenter', vr: 'DS', value }], implicitLittleEndian)
    const [element] = [
      ...readDataset(
        await converted(long, implicitLittleEndian, explicitLittleEndian, 999),
        explicitLittleEndian,
      ).elements(),
    ]
    assert.equal(element!.vr, 'UN')
    assert.deepEqual(Buffer.from(element!.value), Buffer.from(value))
  })

  test('pixels of OW are turned, of OB not', async () => {
    for (const [vr, expected] of [
      ['OW', '02010403'],
      ['OB', '01020304'],
    ] as const) {
      const source = writeDataset(
        [{ tag: 'PixelData', vr, value: hex('01020304') }],
        explicitLittleEndian,
      )
      const big = await converted(source, explicitLittleEndian, explicitBigEndian, 13)
      assert.deepEqual(big.subarray(12), hex(expected))
    }
  })

  test('there and back is the same, for any values and cuts', async () => {
    const element = fc.record({
      tag: fc.constantFrom('PatientComments', 'SimpleFrameList', 'RedPaletteColorLookupTableData'),
      value: fc.uint8Array({ maxLength: 6000 }).map(bytes => bytes.subarray(bytes.length % 8)),
    })
    const unique = fc.uniqueArray(element, { selector: ({ tag }) => tag })
    await fc.assert(
      fc.asyncProperty(unique, fc.integer({ min: 1, max: 5000 }), async (elements, size) => {
        const source = Buffer.from(writeDataset(elements, explicitLittleEndian))
        for (const to of [implicitLittleEndian, explicitBigEndian, deflatedLittleEndian]) {
          const there = await converted(source, explicitLittleEndian, to, size)
          assert.deepEqual(await converted(there, to, explicitLittleEndian, size), source)
        }
      }),
      { numRuns: 40 },
    )
  })

  test('a dataset that was cut is a fault', async () => {
    const source = writeDataset(flat, explicitLittleEndian)
    await assert.rejects(
      converted(source.subarray(0, -3), explicitLittleEndian, implicitLittleEndian),
      (error: Fault) => error.code === 'dataset-truncated',
    )
    const deflated = writeDataset(flat, deflatedLittleEndian)
    await assert.rejects(
      converted(deflated.subarray(0, -8), deflatedLittleEndian, implicitLittleEndian),
      (error: Fault) => error.code === 'dataset-truncated',
    )
  })
})

/** An image of two columns and a row, two samples of a byte each frame. */
const image = (fragments: Uint8Array[], over: NewElement[] = []): NewElement[] => {
  const own: NewElement[] = [
    { tag: 'SamplesPerPixel', value: 1 },
    { tag: 'PhotometricInterpretation', value: 'MONOCHROME2' },
    { tag: 'NumberOfFrames', value: '2' },
    { tag: 'Rows', value: 1 },
    { tag: 'Columns', value: 2 },
    { tag: 'BitsAllocated', value: 8 },
    { tag: 'BitsStored', value: 8 },
    { tag: 'HighBit', value: 7 },
    { tag: 'PixelRepresentation', value: 0 },
    { tag: 'PixelData', vr: 'OB', fragments: [new Uint8Array(), ...fragments] },
  ]
  return [...own.filter(({ tag }) => !over.some(other => other.tag === tag)), ...over]
}

/** One segment of literal bytes. */
const rleOf = (...segments: number[][]): Uint8Array => {
  const header = Buffer.alloc(64)
  header.writeUInt32LE(segments.length)
  let at = 64
  const parts = segments.map((bytes, index) => {
    header.writeUInt32LE(at, 4 + 4 * index)
    const part = Buffer.from([bytes.length - 1, ...bytes])
    at += part.length
    return part
  })
  return Buffer.concat([header, ...parts, Buffer.alloc(at % 2)])
}

const decode = (elements: NewElement[], from = rle, to = explicitLittleEndian) =>
  converted(writeDataset(elements, from), from, to, 11)

describe('out of compressed transfer syntaxes', () => {
  test('RLE frames become native pixels', async () => {
    const out = readDataset(
      await decode(image([rleOf([1, 2]), rleOf([3, 4])])),
      explicitLittleEndian,
    )
    assert.deepEqual(Buffer.from(out.get('PixelData')!.value), hex('01020304'))
    assert.equal(out.get('PixelData')!.vr, 'OB')
  })

  test('colours of a pixel come together, and PlanarConfiguration says so', async () => {
    for (const told of [[], [{ tag: 'PlanarConfiguration', value: 1 }]]) {
      const out = readDataset(
        await decode(
          image(
            [rleOf([1, 2], [3, 4], [5, 6])],
            [
              { tag: 'SamplesPerPixel', value: 3 },
              { tag: 'NumberOfFrames', value: '1' },
              { tag: 'PhotometricInterpretation', value: 'YBR_FULL_422' },
              ...told,
            ],
          ),
        ),
        explicitLittleEndian,
      )
      assert.deepEqual(Buffer.from(out.get('PixelData')!.value), hex('010305020406'))
      assert.equal(out.text('PlanarConfiguration'), '0')
      assert.equal(out.text('PhotometricInterpretation'), 'YBR_FULL')
    }
  })

  test('samples of two bytes are OW, in the byte order asked for', async () => {
    const deep = image(
      [rleOf([1, 3], [2, 4])],
      [
        { tag: 'NumberOfFrames', value: '1' },
        { tag: 'BitsAllocated', value: 16 },
        { tag: 'BitsStored', value: 16 },
      ],
    )
    for (const [to, expected] of [
      [explicitLittleEndian, '02010403'],
      [explicitBigEndian, '01020304'],
    ] as const) {
      const out = readDataset(await decode(deep, rle, to), to)
      assert.deepEqual(Buffer.from(out.get('PixelData')!.value), hex(expected))
      assert.equal(out.get('PixelData')!.vr, 'OW')
    }
  })

  const frames = [rleOf([1, 2]), rleOf([3, 4])]
  const broken: [string, NewElement[], string, Fault['code']][] = [
    ['with a frame too few', image(frames.slice(1)), rle, 'dataset-malformed'],
    ['with a frame too many', image([...frames, frames[0]!]), rle, 'dataset-malformed'],
    ['of a short segment', image([rleOf([1]), frames[1]!]), rle, 'dataset-malformed'],
    ['of too many segments', image([rleOf([1, 2], [3, 4]), frames[1]!]), rle, 'dataset-malformed'],
    ['that is no JPEG', image(frames), jpeg, 'dataset-malformed'],
    ['that is no JPEG 2000', image(frames), jpeg2000, 'dataset-malformed'],
    ['without rows', image(frames, [{ tag: 'Rows', value: 0 }]), rle, 'dataset-malformed'],
    ['of one bit', image(frames, [{ tag: 'BitsAllocated', value: 1 }]), rle, 'not-supported'],
    [
      'larger than there is room for',
      image(frames, [
        { tag: 'Rows', value: 65535 },
        { tag: 'Columns', value: 65535 },
      ]),
      ...([rle, 'too-large'] as const),
    ],
    [
      'beside native pixel data',
      image([], [{ tag: 'PixelData', vr: 'OB', value: Uint8Array.of(1, 2) }]),
      ...([rle, 'dataset-malformed'] as const),
    ],
  ]
  for (const [title, elements, from, code] of broken)
    test(`an image ${title} is a fault, not a crash`, async () => {
      await assert.rejects(decode(elements, from), (error: unknown) => {
        assert.ok(error instanceof Fault, String(error))
        assert.equal(error.code, code)
        return true
      })
    })

  test('what is not decoded is known before', async () => {
    assert.ok(convertible(rle, implicitLittleEndian))
    assert.ok(!convertible(explicitLittleEndian, rle))
    const video = '1.2.840.10008.1.2.4.102'
    assert.ok(!convertible(video, explicitLittleEndian))
    await assert.rejects(
      decode(image(frames), video),
      (error: Fault) => error.code === 'not-supported',
    )
  })
})
