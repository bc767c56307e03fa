import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { inflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import type { Fault } from '../../faults.ts'
import {
  deflatedLittleEndian,
  explicitBigEndian,
  explicitLittleEndian,
  implicitLittleEndian,
  type NewElement,
  readDataset,
  writeDataset,
} from '../dicom/dicom.ts'
import { transcode } from './pixels.ts'

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
