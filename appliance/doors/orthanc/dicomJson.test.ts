import assert from 'node:assert/strict'
import { test } from 'node:test'
import { explicitLittleEndian, readDataset, writeDataset } from '../../standard/dicom/dicom.ts'
import { datasetJson, general } from './dicomJson.ts'

test('floating-point numbers are printed as C prints %.17g', () => {
  const printed: [number, string][] = [
    [0, '0'],
    [1, '1'],
    [-11.199999809265137, '-11.199999809265137'],
    [9.699999809265137, '9.6999998092651367'],
    [Math.fround(-180.5358), '-180.53579711914062'],
    [0.1, '0.10000000000000001'],
    [1e-5, '1.0000000000000001e-05'],
    [1e17, '1e+17'],
    [123456789012345680, '1.2345678901234568e+17'],
    [1e300, '1.0000000000000001e+300'],
    [0.0001, '0.0001'],
    [Number.NaN, 'nan'],
    [Number.NEGATIVE_INFINITY, '-inf'],
  ]
  for (const [number, text] of printed) assert.equal(general(number), text)
})

const dataset = readDataset(
  writeDataset(
    [
      { tag: 'SpecificCharacterSet', value: 'ISO_IR 192' },
      { tag: 'PatientName', value: 'Dörte^X' },
      { tag: 'PatientID', value: '' },
      { tag: 'ImageComments', value: 'x'.repeat(257) },
      { tag: 'StudyComments', value: 'y'.repeat(256) },
      { tag: 'ReferencedStudySequence', items: [[{ tag: 'PatientID', value: 'in' }], []] },
      { tag: 'IconImageSequence', items: [] },
      { tag: 'FrameIncrementPointer', vr: 'AT', value: [0x00181063] },
      { tag: 0x00090010, vr: 'LO', value: 'MAKER' },
      { tag: 0x00091001, vr: 'OB', value: Uint8Array.of(1, 2) },
      { tag: 'Rows', value: 512 },
    ],
    explicitLittleEndian,
  ),
  explicitLittleEndian,
)

test('the full form tells name, type and value of every tag', () => {
  const full = datasetJson(dataset, { format: 'full', pixelData: 0x7fe00010 })
  const value = (tag: string) => full[tag] as { Type: string; Value: unknown }
  assert.deepEqual(full['0010,0010'], {
    Name: 'PatientName',
    PrivateCreator: undefined,
    Type: 'String',
    Value: 'Dörte^X',
  })
  assert.equal(value('0010,0020').Value, '')
  assert.equal(value('0020,4000').Type, 'TooLong')
  assert.equal(value('0032,4000').Value, 'y'.repeat(256))
  assert.equal(value('0028,0010').Value, '512')
  assert.equal(value('0028,0009').Value, '0018,1063')
  assert.deepEqual(value('0088,0200').Value, [])
  assert.equal(value('7fe0,0010').Type, 'Null')
  assert.deepEqual(full['0009,1001'], {
    Name: 'Unknown Tag & Data',
    PrivateCreator: 'MAKER',
    Type: 'Null',
    Value: null,
  })
})

test('the simplified form is keyed by name, the short one by tag, sequences too', () => {
  assert.deepEqual(datasetJson(dataset, { format: 'human' }).ReferencedStudySequence, [
    { PatientID: 'in' },
    {},
  ])
  assert.deepEqual(datasetJson(dataset, { format: 'short' })['0008,1110'], [
    { '0010,0020': 'in' },
    {},
  ])
})

test('a long text is shown when its tag is named', () => {
  const ignoreLength = new Set([0x00204000])
  const shown = datasetJson(dataset, { format: 'human', ignoreLength })
  assert.equal(shown.ImageComments, 'x'.repeat(257))
})

test('of a text spaces at its end are left out, ends of lines are not, and a zero byte ends it', () => {
  const shown = (value: string, vr = 'UT', tag: number | string = 'TextValue') => {
    // Padding is written here as it stands: an even length needs none.
    const bytes = Uint8Array.from(value, each => each.charCodeAt(0))
    const read = readDataset(
      writeDataset([{ tag, vr, value: bytes }], explicitLittleEndian),
      explicitLittleEndian,
    )
    return Object.values(datasetJson(read, { format: 'short' }))[0]
  }
  assert.equal(shown('Text\rA\nB\r\nC\n\r'), 'Text\rA\nB\r\nC\n\r')
  assert.equal(shown('x   '), 'x')
  assert.equal(shown('x \r\n'), 'x \r\n')
  assert.equal(shown('x \r\n  '), 'x \r\n')
  assert.equal(shown('  x ', 'LO', 'StudyDescription'), '  x')
  assert.equal(shown('x \0 ', 'LO', 'StudyDescription'), 'x ')
  assert.equal(shown('x\0y ', 'LO', 'StudyDescription'), 'x')
  assert.equal(shown('    ', 'LO', 'StudyDescription'), '')
  assert.equal(shown('1.2\\ 3.4 \r\n', 'UI', 'InstanceCreatorUID'), '1.2\\3.4')
  assert.equal(shown('1.2\0', 'UI', 'InstanceCreatorUID'), '1.2')
  assert.equal(shown('HMC ', 'UN', 0x00090010), 'HMC ')
})
