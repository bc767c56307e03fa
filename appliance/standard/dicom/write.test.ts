import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readDataset } from './read.ts'
import {
  deflatedLittleEndian,
  explicitBigEndian,
  explicitLittleEndian,
  implicitLittleEndian,
} from './transferSyntaxes.ts'
import { type NewElement, writeDataset } from './write.ts'

const everyEncoding = [
  implicitLittleEndian,
  explicitLittleEndian,
  explicitBigEndian,
  deflatedLittleEndian,
]

test('an identifier is written in the bytes of PS3.5', () => {
  const identifier: NewElement[] = [
    { tag: 'PatientID', value: 'ID1' },
    { tag: 'QueryRetrieveLevel', value: 'STUDY' },
    { tag: 'StudyInstanceUID' },
  ]
  // (0008,0052) 'STUDY ', (0010,0020) 'ID1 ', (0020,000D) empty
  const implicit = '080052000600000053545544592010002000040000004944312020000d0000000000'
  assert.equal(
    Buffer.from(writeDataset(identifier, implicitLittleEndian)).toString('hex'),
    implicit,
  )
  const explicit = '080052004353060053545544592010002000 4c4f04004944312020000d0055490000'
  assert.equal(
    Buffer.from(writeDataset(identifier, explicitLittleEndian)).toString('hex'),
    explicit.replace(' ', ''),
  )
})

test('every kind of value is read back as it was written, in every encoding', () => {
  const elements: NewElement[] = [
    { tag: 'SpecificCharacterSet', value: 'ISO_IR 192' },
    { tag: 'PatientName', value: 'Müller^Jürgen=山田^太郎' },
    { tag: 'OtherPatientNames', value: ['A^B', 'C^D'] },
    { tag: 'InstanceNumber', value: 7 },
    { tag: 'PixelSpacing', value: [0.5, 0.25] },
    { tag: 'Rows', value: 512 },
    { tag: 'FrameIncrementPointer', value: 0x00181063 },
    { tag: 'ReferencePixelX0', value: -5 },
    { tag: 'RecommendedDisplayFrameRateInFloat', value: 29.97 },
    { tag: 'FrameAcquisitionDuration', value: 1 / 3 },
    { tag: 'FileOffsetInContainer', value: 2n ** 63n },
    { tag: 'TextValue', value: ' not trimmed \\ not split' },
    {
      tag: 'ReferencedStudySequence',
      items: [
        [{ tag: 'PatientName', value: 'É' }],
        [],
        [
          { tag: 'SpecificCharacterSet', value: 'ISO_IR 100' },
          { tag: 'PatientName', value: 'É' },
        ],
      ],
    },
    { tag: 'PixelData', vr: 'OW', value: Uint8Array.of(1, 2, 3, 4) },
  ]
  for (const uid of everyEncoding) {
    const dataset = readDataset(writeDataset(elements, uid), uid)
    assert.equal(dataset.text('PatientName'), 'Müller^Jürgen=山田^太郎')
    assert.deepEqual(dataset.strings('OtherPatientNames'), ['A^B', 'C^D'])
    assert.equal(dataset.text('InstanceNumber'), '7')
    assert.deepEqual(dataset.numbers('PixelSpacing'), [0.5, 0.25])
    assert.equal(dataset.text('Rows'), '512')
    assert.equal(dataset.text('FrameIncrementPointer'), '0018,1063')
    assert.equal(dataset.text('ReferencePixelX0'), '-5')
    assert.equal(dataset.text('FrameAcquisitionDuration'), String(1 / 3))
    assert.equal(dataset.text('FileOffsetInContainer'), '9223372036854775808')
    assert.deepEqual(dataset.strings('TextValue'), [' not trimmed \\ not split'])
    const names = dataset.items('ReferencedStudySequence').map(item => item.text('PatientName'))
    assert.deepEqual(names, ['É', undefined, 'É'])
    assert.deepEqual([...dataset.get('PixelData')!.value], [1, 2, 3, 4])
    assert.equal(dataset.text('PixelData'), undefined)
  }
})

test('letters that the character set lacks become question marks', () => {
  const name = 'Ä^山'
  const sets = { '': '?^?', 'ISO_IR 6': '?^?', 'ISO_IR 100': 'Ä^?', 'ISO_IR 192': 'Ä^山' }
  for (const [characterSet, expected] of Object.entries(sets)) {
    const elements = [
      { tag: 'SpecificCharacterSet', value: characterSet },
      { tag: 'PatientName', value: name },
    ]
    const dataset = readDataset(writeDataset(elements, explicitLittleEndian), explicitLittleEndian)
    assert.equal(dataset.text('PatientName'), expected)
  }
})

test('single-byte sets of other scripts are written too', () => {
  for (const [characterSet, name] of [
    ['ISO_IR 144', 'Люкceмбypг'],
    ['ISO_IR 126', 'Διονυσιος'],
    ['ISO_IR 138', 'שרון^דבורה'],
    ['ISO_IR 13', 'ﾔﾏﾀﾞ^ﾀﾛｳ'],
  ] as const) {
    const elements = [
      { tag: 'SpecificCharacterSet', value: characterSet },
      { tag: 'PatientName', value: name },
    ]
    const dataset = readDataset(writeDataset(elements, implicitLittleEndian), implicitLittleEndian)
    assert.equal(dataset.text('PatientName'), name)
  }
})

test('what cannot be written is refused', () => {
  const refused: [NewElement, string][] = [
    [{ tag: 'NoSuchKeyword', value: '1' }, 'unknown-tag'],
    [{ tag: 'Rows', value: 'many' }, 'dataset-malformed'],
    [{ tag: 'PixelData', value: 'text' }, 'dataset-malformed'],
    [{ tag: 'PatientID', vr: 'XX', value: '1' }, 'dataset-malformed'],
    [{ tag: 'PatientComments', value: 'x'.repeat(70_000) }, 'dataset-malformed'],
  ]
  for (const [element, code] of refused) {
    assert.throws(() => writeDataset([element], explicitLittleEndian), { code })
  }
  const cycle: NewElement = { tag: 'ReferencedStudySequence', items: [] }
  cycle.items = [[cycle]]
  assert.throws(() => writeDataset([cycle], explicitLittleEndian), { code: 'dataset-malformed' })
})
