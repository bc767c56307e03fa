import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Fault } from '../../faults.ts'
import {
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

const hex = (text: string) => Buffer.from(text, 'hex')

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

async function decode(elements: NewElement[], from = rle, to = explicitLittleEndian) {
  const bytes = writeDataset(elements, from)
  const pieces = (async function* () {
    for (let at = 0; at < bytes.length; at += 11) yield bytes.subarray(at, at + 11)
  })()
  return Buffer.concat(await Array.fromAsync(transcode(pieces, from, to)))
}

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
    const video = '1.2.840.10008.1.2.4.102'
    assert.ok(!convertible(video, explicitLittleEndian))
    await assert.rejects(
      decode(image(frames), video),
      (error: Fault) => error.code === 'not-supported',
    )
  })
})
