import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Dataset, readDataset, readFileMeta } from '../../../appliance/standard/dicom/dicom.ts'
import { start } from '../../peers/programs.ts'
import type { Box } from '../nodes/box.ts'
import { startAnswering } from './answering.ts'

let box: Box
const folder = mkdtempSync(join(tmpdir(), 'waystation-findscu-'))
before(async () => {
  box = await startAnswering()
  const utf8 = [{ tag: 'SpecificCharacterSet', value: 'ISO_IR 192' }]
  await box.receive({
    patient: 'P1',
    name: 'Müller^Jürgen',
    study: 1,
    date: '20260110',
    more: utf8,
  })
  await box.receive({ patient: 'P1', name: 'Müller^Jürgen', study: 1, series: 2, more: utf8 })
  await box.receive({ patient: 'P2', name: 'Smith^John', study: 2, date: '20260131' })
})
after(async () => {
  await box.stop()
  rmSync(folder, { recursive: true, force: true })
})

let asked = 0

/** Asks with DCMTK's findscu; the answers as it wrote them, and all that it said. */
async function findscu(model: '-P' | '-S' | '-O', keys: readonly string[], more: string[] = []) {
  const out = join(folder, String(++asked))
  mkdirSync(out)
  const program = start('findscu', [
    ...['-v', model, '-aet', 'FINDSCU', '-aec', 'WAYSTATION', '-X', '-od', out],
    ...[...more, ...keys.flatMap(key => ['-k', key]), '127.0.0.1', String(box.port)],
  ])
  const code = await program.ended
  const found = readdirSync(out)
    .sort()
    .map(name => datasetOf(readFileSync(join(out, name))))
  return { code, found, said: program.output() }
}

function datasetOf(file: Buffer): Dataset {
  const head = readFileMeta(file)
  assert.ok(head !== 'more')
  return readDataset(file.subarray(head.datasetOffset), head.transferSyntaxUid)
}

test('findscu finds studies by name and date', async () => {
  const { code, found, said } = await findscu('-S', [
    'QueryRetrieveLevel=STUDY',
    'PatientName=SM*',
    'StudyDate=20260101-20260131',
    'StudyInstanceUID',
    'NumberOfStudyRelatedInstances',
  ])
  assert.equal(code, 0, said)
  assert.equal(found.length, 1)
  assert.equal(found[0]!.text('PatientName'), 'Smith^John')
  assert.equal(found[0]!.text('NumberOfStudyRelatedInstances'), '1')
})

test('findscu finds a name that it asks for in UTF-8', async () => {
  const keys = ['SpecificCharacterSet=ISO_IR 192', 'QueryRetrieveLevel=PATIENT', 'PatientID']
  const { found } = await findscu('-P', [...keys, 'PatientName=müller*'])
  assert.deepEqual(
    found.map(each => [each.text('PatientID'), each.text('PatientName')]),
    [['P1', 'Müller^Jürgen']],
  )
})

test('findscu walks down from the patient to the image in every model', async () => {
  const down = [
    'PatientID=P1',
    'StudyInstanceUID=1.2.826.0.1.1',
    'SeriesInstanceUID=1.2.826.0.1.1.2',
  ]
  const level = (name: string) => `QueryRetrieveLevel=${name}`
  const count = async (model: '-P' | '-S' | '-O', ...keys: string[]) =>
    (await findscu(model, keys)).found.length
  assert.equal(await count('-P', level('PATIENT'), 'PatientID'), 2)
  assert.equal(await count('-P', level('STUDY'), down[0]!, 'StudyInstanceUID'), 1)
  assert.equal(await count('-P', level('SERIES'), ...down.slice(0, 2), 'SeriesInstanceUID'), 2)
  assert.equal(await count('-P', level('IMAGE'), ...down, 'SOPInstanceUID'), 1)
  assert.equal(await count('-S', level('SERIES'), down[1]!, 'SeriesInstanceUID'), 2)
  assert.equal(await count('-S', level('IMAGE'), ...down.slice(1), 'SOPInstanceUID'), 1)
  assert.equal(await count('-O', level('STUDY'), down[0]!, 'StudyInstanceUID'), 1)
})

test('findscu is told why it is refused, and by which element', async () => {
  const series = await findscu('-S', ['QueryRetrieveLevel=SERIES', 'SeriesInstanceUID'], ['-d'])
  assert.match(series.said, /0xa900|A900/i)
  assert.match(series.said, /StudyInstanceUID is missing/)
  assert.match(series.said, /0020,000d/i)
  const level = await findscu('-S', ['QueryRetrieveLevel=PATIENT'], ['-d'])
  assert.match(level.said, /Study Root has no level PATIENT/)
  const set = ['SpecificCharacterSet=ISO_IR 999', 'QueryRetrieveLevel=STUDY', 'PatientID']
  const foreign = await findscu('-S', set, ['-d'])
  assert.match(foreign.said, /0xc000|C000/i)
  assert.match(foreign.said, /0008,0005/)
})

test('findscu calls a query off', async () => {
  for (let study = 10; study < 90; study++) await box.receive({ patient: 'P9', study, pixels: 2 })
  const keys = ['QueryRetrieveLevel=STUDY', 'StudyInstanceUID', 'PatientComments']
  const { said } = await findscu('-S', keys, ['--cancel', '2'])
  assert.match(said, /Cancel|0xfe00/i)
})
