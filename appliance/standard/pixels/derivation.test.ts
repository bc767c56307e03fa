import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type NewElement, readDataset } from '../dicom/dicom.ts'
import {
  baseline,
  derived,
  elementsOf,
  extended,
  grey,
  jpeg2000,
  nearLossless,
  painted,
  secondaryCapture,
} from './derive.contract.ts'

const nested: NewElement[] = [
  { tag: 'ImageType', value: ['ORIGINAL', 'PRIMARY', 'AXIAL'] },
  { tag: 'PatientName', value: 'A^B' },
  {
    tag: 'SharedFunctionalGroupsSequence',
    items: [
      [
        {
          tag: 'CTImageFrameTypeSequence',
          items: [[{ tag: 'FrameType', value: ['ORIGINAL', 'PRIMARY', 'VOLUME', 'NONE'] }]],
        },
      ],
    ],
  },
  { tag: 'SourceImageSequence', items: [[{ tag: 'ReferencedSOPInstanceUID', value: '1.9' }]] },
]

test('the image says that it is another one, of what, how and how much was lost', async () => {
  for (const [to, method, how] of [
    [baseline, 'ISO_10918_1', 'JPEG, IJG quality 90'],
    [extended, 'ISO_10918_1', 'JPEG, IJG quality 90'],
    [nearLossless, 'ISO_14495_1', 'JPEG-LS, off by 2 at most'],
    [jpeg2000, 'ISO_15444_1', 'JPEG 2000, for 10:1'],
  ] as const) {
    const there = readDataset(await derived(elementsOf(grey, painted(grey), nested), to), to)
    assert.equal(there.text('SOPInstanceUID'), '1.2.4')
    assert.equal(there.text('ImageType'), 'DERIVED\\PRIMARY\\AXIAL')
    assert.equal(there.text('PatientName'), 'A^B')
    const [group] = there.items('SharedFunctionalGroupsSequence')
    const [type] = group!.items('CTImageFrameTypeSequence')
    assert.equal(type!.text('FrameType'), 'DERIVED\\PRIMARY\\VOLUME\\NONE')
    const [source, ...others] = there.items('SourceImageSequence')
    assert.equal(others.length, 0)
    assert.equal(source!.text('ReferencedSOPClassUID'), secondaryCapture)
    assert.equal(source!.text('ReferencedSOPInstanceUID'), '1.2.3')
    assert.equal(source!.items('PurposeOfReferenceCodeSequence')[0]!.text('CodeValue'), '121320')
    assert.equal(there.items('DerivationCodeSequence')[0]!.text('CodeValue'), '113040')
    assert.equal(there.text('LossyImageCompression'), '01')
    assert.equal(there.text('LossyImageCompressionMethod'), method)
    const ratio = there.text('LossyImageCompressionRatio')
    assert.ok(Number(ratio) > 1)
    assert.equal(
      there.text('DerivationDescription'),
      `Lossy compression with ${how}, compression ratio ${ratio}`,
    )
    const tags = Array.from(there.elements(), ({ tag }) => tag)
    assert.deepEqual(
      tags,
      tags.toSorted((a, b) => a - b),
    )
  }
})

test('what was lost before is told, too, value by value', async () => {
  const before = (ratio: string, method: string): NewElement[] => [
    { tag: 'LossyImageCompression', value: '01' },
    ...(ratio ? [{ tag: 'LossyImageCompressionRatio', value: ratio }] : []),
    ...(method ? [{ tag: 'LossyImageCompressionMethod', value: method }] : []),
    { tag: 'DerivationDescription', value: 'smoothed' },
  ]
  for (const [ratio, method, ratios, methods] of [
    ['5.5', 'ISO_10918_1', '5.5\\', 'ISO_10918_1\\'],
    ['5.5', '', '5.5\\', '\\'],
    ['', 'ISO_10918_1', '\\', 'ISO_10918_1\\'],
    ['2\\3', 'A', '2\\3\\', 'A\\\\'],
    ['', '', '', ''],
  ] as const) {
    const elements = elementsOf(grey, painted(grey), before(ratio, method))
    const there = readDataset(await derived(elements, nearLossless), nearLossless)
    const [said, how] = ['Ratio', 'Method'].map(
      each => there.text(`LossyImageCompression${each}`)!,
    ) as [string, string]
    assert.ok(said.startsWith(ratios) && Number(said.slice(ratios.length)) > 1, said)
    assert.equal(how, `${methods}ISO_14495_1`)
    const [source] = there.items('SourceImageSequence')
    assert.equal(source!.items('PurposeOfReferenceCodeSequence')[0]!.text('CodeValue'), '121322')
    assert.match(there.text('DerivationDescription')!, / \[smoothed\]$/)
  }
  const full = 'x'.repeat(1000)
  const elements = elementsOf(grey, painted(grey), [{ tag: 'DerivationDescription', value: full }])
  const there = readDataset(await derived(elements, nearLossless), nearLossless)
  assert.equal(there.text('DerivationDescription'), full)
})
