import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateRawSync } from 'node:zlib'
import {
  deflatedLittleEndian,
  explicitBigEndian,
  explicitLittleEndian,
  implicitLittleEndian,
} from './transferSyntaxes.ts'
import { DatasetWalker, type Walked, type WalkerOptions } from './walker.ts'
import { type NewElement, writeDataset } from './write.ts'

const jpeg = '1.2.840.10008.1.2.4.50'

function walk(bytes: Uint8Array, uid: string, options?: WalkerOptions, chunk = 1000): Walked {
  const walker = new DatasetWalker(uid, options)
  for (let at = 0; at < bytes.length; at += chunk) {
    // A copy that is wiped afterwards, as a receive buffer would be
    const part = Uint8Array.from(bytes.subarray(at, at + chunk))
    assert.equal(walker.push(part), undefined)
    part.fill(0xee)
  }
  return walker.end() as Walked
}

const image: NewElement[] = [
  { tag: 'SpecificCharacterSet', value: 'ISO_IR 100' },
  { tag: 'PatientName', value: 'Buc^Jérôme' },
  { tag: 'ReferencedImageSequence', items: [[{ tag: 'ReferencedSOPClassUID', value: '1.2.3' }]] },
  { tag: 'Rows', value: 512 },
]
const pixels: NewElement = { tag: 'PixelData', vr: 'OW', value: new Uint8Array(100_000) }

test('the header is the dataset up to its pixel data, and says where they begin', () => {
  for (const uid of [explicitLittleEndian, explicitBigEndian, implicitLittleEndian]) {
    const header = writeDataset(image, uid)
    const trailing: NewElement = { tag: 'DataSetTrailingPadding', value: new Uint8Array(10) }
    const whole = writeDataset([...image, pixels, trailing], uid)
    for (const chunk of [1, 7, 1000, whole.length]) {
      const walked = walk(whole, uid, {}, chunk)
      assert.deepEqual(Buffer.from(walked.header), Buffer.from(header))
      assert.equal(walked.pixelDataOffset, header.length)
      assert.deepEqual([walked.whole, walked.headerComplete, walked.omitted], [true, true, []])
      assert.equal(walked.dataset().text('PatientName'), 'Buc^Jérôme')
      assert.equal(walked.dataset().text('Rows'), '512')
    }
  }
})

test('float and double pixel data end the header too, their offset tables do not', () => {
  const float: NewElement = { tag: 'FloatPixelData', value: new Uint8Array(8) }
  const table: NewElement = { tag: 'ExtendedOffsetTable', value: new Uint8Array(8) }
  const header = writeDataset([...image, table], explicitLittleEndian)
  const bytes = writeDataset([...image, table, float], explicitLittleEndian)
  assert.equal(walk(bytes, explicitLittleEndian).pixelDataOffset, header.length)
})

test('a dataset without pixel data is all header', () => {
  const bytes = writeDataset(image, explicitLittleEndian)
  const walked = walk(bytes, explicitLittleEndian)
  assert.deepEqual(Buffer.from(walked.header), Buffer.from(bytes))
  assert.equal(walked.pixelDataOffset, undefined)
  assert.equal(walk(new Uint8Array(), explicitLittleEndian).whole, true)
})

test('a dataset cut within its fragments is not whole', () => {
  const fragments = [new Uint8Array(8), new Uint8Array(3000), new Uint8Array(2)]
  const bytes = writeDataset([...image, { tag: 'PixelData', vr: 'OB', fragments }], jpeg)
  assert.equal(walk(bytes, jpeg).whole, true)
  const start = walk(bytes, jpeg).pixelDataOffset!
  for (let length = start + 1; length < bytes.length; length++) {
    assert.throws(() => walk(bytes.subarray(0, length), jpeg), { code: 'dataset-truncated' })
  }
  const walker = new DatasetWalker(jpeg)
  walker.push(bytes.subarray(0, -1))
  const walked = walker.end({ lenient: true }) as Walked
  assert.equal(walked.whole, false)
  assert.equal(walked.dataset().text('Rows'), '512')
})

test('a large value before the pixel data is left out, and all else is still found', () => {
  const large = new Uint8Array(1_000_000).fill(7)
  const item: NewElement[] = [
    { tag: 'ReferencedSOPClassUID', value: '1.2.3' },
    { tag: 0x00091001, vr: 'OB', value: large },
    { tag: 0x00091002, vr: 'UN', value: large },
  ]
  const text = 'long '.repeat(40_000)
  const elements: NewElement[] = [
    ...image,
    { tag: 0x00091003, vr: 'UN', value: large },
    { tag: 'ReferencedStudySequence', items: [item, item] },
    { tag: 'TextValue', value: text },
    { tag: 'PatientID', value: '42' },
  ]
  for (const uid of [explicitLittleEndian, explicitBigEndian, implicitLittleEndian]) {
    const bytes = writeDataset([...elements, pixels], uid)
    const walked = walk(bytes, uid, {}, 4096)
    assert.ok(walked.header.length < 250_000)
    assert.equal(walked.headerComplete, true)
    assert.equal(walked.omitted.length, 5)
    for (const { offset, length } of walked.omitted) {
      assert.equal(length, 1_000_000)
      assert.ok(bytes.subarray(offset, offset + length).every(byte => byte === 7))
    }
    const dataset = walked.dataset()
    assert.equal(dataset.text('PatientID'), '42')
    assert.equal(dataset.text('TextValue'), text.trimEnd())
    const items = dataset.items('ReferencedStudySequence')
    assert.deepEqual(
      items.map(each => each.text('ReferencedSOPClassUID')),
      ['1.2.3', '1.2.3'],
    )
    assert.deepEqual(
      items.map(each => each.get(0x00091001)!.length),
      [0, 0],
    )
  }
})

test('large fragments outside of pixel data are left out', () => {
  const fragments = [new Uint8Array(), new Uint8Array(500_000)]
  const elements: NewElement[] = [{ tag: 0x00091001, vr: 'OB', fragments }, ...image]
  const walked = walk(writeDataset(elements, jpeg), jpeg)
  assert.ok(walked.header.length < 1000)
  assert.equal(walked.dataset().text('Rows'), '512')
  assert.deepEqual(
    walked.omitted.map(({ tag, length }) => [tag, length]),
    [[0x00091001, 500_000]],
  )
})

test('a header that would grow beyond its limit ends before what was too much', () => {
  const many = Array.from({ length: 200 }, () => [{ tag: 'ReferencedSOPClassUID', value: '1.2.3' }])
  const elements: NewElement[] = [...image, { tag: 'ReferencedSOPSequence', items: many }]
  const bytes = writeDataset([...elements, pixels], explicitLittleEndian)
  const walked = walk(bytes, explicitLittleEndian, { headerLimit: 2000 })
  assert.deepEqual([walked.whole, walked.headerComplete], [true, false])
  assert.deepEqual(
    Buffer.from(walked.header),
    Buffer.from(
      writeDataset(
        image.filter(({ tag }) => /Set|Sequence/.test(String(tag))),
        explicitLittleEndian,
      ),
    ),
    'name and rows come behind the sequence that was too much',
  )
  assert.equal(walked.pixelDataOffset, writeDataset(elements, explicitLittleEndian).length)
})

test('zeros behind the last element are taken, anything else is malformed for good', () => {
  const bytes = writeDataset([...image, pixels], explicitLittleEndian)
  assert.equal(walk(Buffer.concat([bytes, new Uint8Array(700)]), explicitLittleEndian).whole, true)
  const walker = new DatasetWalker(explicitLittleEndian)
  walker.push(bytes)
  for (let i = 0; i < 2; i++) {
    assert.throws(() => walker.push(Buffer.from('garbage behind the end')), {
      code: 'dataset-malformed',
    })
  }
  assert.throws(() => walker.end(), { code: 'dataset-malformed' })
})

async function walkDeflated(
  bytes: Uint8Array,
  options?: WalkerOptions,
  chunk = 1000,
): Promise<Walked> {
  const walker = new DatasetWalker(deflatedLittleEndian, options)
  for (let at = 0; at < bytes.length; at += chunk) {
    const part = Uint8Array.from(bytes.subarray(at, at + chunk))
    await walker.push(part)
    part.fill(0xee)
  }
  return await walker.end()
}

test('a deflated dataset is walked as it is inflated', async () => {
  const bytes = writeDataset([...image, pixels], deflatedLittleEndian)
  const header = writeDataset(image, explicitLittleEndian)
  for (const chunk of [1, 100, bytes.length]) {
    const walked = await walkDeflated(bytes, {}, chunk)
    assert.deepEqual([walked.whole, walked.pixelDataOffset], [true, undefined])
    assert.deepEqual(Buffer.from(walked.header), Buffer.from(header))
    assert.equal(walked.dataset().text('PatientName'), 'Buc^Jérôme')
  }
  // Bytes behind the end of the deflated data are not looked at, in the same chunk or later ones
  for (const chunk of [50, 10_000]) {
    const walked = await walkDeflated(Buffer.concat([bytes, new Uint8Array(500)]), {}, chunk)
    assert.equal(walked.whole, true)
  }
})

test('a deflated dataset that is cut, grows too far or is none is refused', async () => {
  const bytes = writeDataset([...image, pixels], deflatedLittleEndian)
  for (const length of [0, 1, 20, bytes.length - 5]) {
    await assert.rejects(walkDeflated(bytes.subarray(0, length)), { code: 'dataset-truncated' })
  }
  await assert.rejects(walkDeflated(bytes, { inflatedLimit: 50_000 }), { code: 'too-large' })
  const plain = writeDataset([...image, pixels], explicitLittleEndian)
  await assert.rejects(walkDeflated(plain), { code: 'dataset-malformed' })
  const garbage = deflateRawSync(new Uint8Array(40).fill(1))
  await assert.rejects(walkDeflated(garbage), { code: 'dataset-malformed' })
})
