import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tagOf } from './dictionary.ts'
import { mainTags, mainTagsOf } from './mainTags.ts'
import { readDataset } from './read.ts'
import { implicitLittleEndian } from './transferSyntaxes.ts'
import { writeDataset } from './write.ts'

test('every main tag is in the dictionary', () => {
  for (const keyword of Object.values(mainTags).flat()) assert.ok(tagOf(keyword), keyword)
  const counts = Object.values(mainTags).map(keywords => keywords.length)
  assert.deepEqual(counts, [5, 11, 26, 11])
})

test('each level gets its tags that are present, as text, empty ones too', () => {
  const elements = [
    { tag: 'SpecificCharacterSet', value: 'ISO_IR 100' },
    { tag: 'PatientName', value: 'Buc^Jérôme' },
    { tag: 'PatientSex' },
    { tag: 'StudyInstanceUID', value: '1.2.3' },
    { tag: 'Modality', value: 'MR' },
    { tag: 'NumberOfSlices', value: 12 },
    { tag: 'ImageOrientationPatient', value: '1\\0\\0\\0\\1\\0' },
    { tag: 'RequestAttributesSequence', items: [[]] },
    { tag: 'InstitutionAddress', value: 'not a main tag' },
  ]
  const dataset = readDataset(writeDataset(elements, implicitLittleEndian), implicitLittleEndian)
  assert.deepEqual(mainTagsOf(dataset, 'Patient'), { PatientName: 'Buc^Jérôme', PatientSex: '' })
  assert.deepEqual(mainTagsOf(dataset, 'Study'), { StudyInstanceUID: '1.2.3' })
  assert.deepEqual(mainTagsOf(dataset, 'Series'), {
    Modality: 'MR',
    NumberOfSlices: '12',
    ImageOrientationPatient: '1\\0\\0\\0\\1\\0',
  })
  assert.deepEqual(mainTagsOf(dataset, 'Instance'), { ImageOrientationPatient: '1\\0\\0\\0\\1\\0' })
})
