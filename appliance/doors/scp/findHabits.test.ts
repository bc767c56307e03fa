import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  ask,
  found,
  patientRoot,
  startAnswering,
} from '../../../test/conformance/find/answering.ts'
import type { Box } from '../../../test/conformance/nodes/box.ts'
import type { NewElement } from '../../standard/dicom/dicom.ts'

/* What is found though a query is not quite as PS3.4 has it, but as devices send it. */

const utf8: NewElement = { tag: 'SpecificCharacterSet', value: 'ISO_IR 192' }
let box: Box
before(async () => {
  box = await startAnswering()
  for (const study of [1, 2, 3])
    await box.receive({ study, more: [{ tag: 'Rows', value: 512 * study }] })
  await box.receive({ study: 1, instance: 2 })
})
after(() => box.stop())

const studies = (...keys: NewElement[]) =>
  found(box.port, { level: 'STUDY', keys }, 'StudyInstanceUID').then(all =>
    all.map(uid => Number(uid?.split('.').at(-1))),
  )

test('the wish for a view of enhanced images is no key', async () => {
  const view = { tag: 'QueryRetrieveView', value: 'CLASSIC' }
  assert.deepEqual(await studies(view), [1, 2, 3])
  const [match] = await ask(box.port, { level: 'STUDY', keys: [view] })
  assert.equal(match!.status, 0xff00)
  assert.equal(match!.found!.get('QueryRetrieveView'), undefined)
})

test('a question mark stands for one letter of any script', async () => {
  const many = await startAnswering()
  const named = (study: number, name: string) => many.receive({ study, name, more: [utf8] })
  await named(1, 'Groß')
  await named(2, 'กี่')
  const asked = (value: string) =>
    found(many.port, { level: 'STUDY', keys: [utf8, { tag: 'PatientName', value }] }, 'PatientName')
  assert.deepEqual(await asked('gro?'), ['Groß'])
  assert.deepEqual(await asked('???'), ['กี่'])
  await many.stop()
})

test('levels in small letters, and INSTANCE, as some devices write them', async () => {
  const all = (level: string, keyword: string) =>
    found(box.port, { model: patientRoot, level, extended: [1] }, keyword)
  assert.equal((await all('study', 'StudyInstanceUID')).length, 3)
  assert.equal((await all('Series', 'SeriesInstanceUID')).length, 3)
  assert.equal((await all('INSTANCE', 'SOPInstanceUID')).length, 4)
})

test('numbers that are asked for in another VR than theirs', async () => {
  const asText = { tag: 'Rows', vr: 'IS', value: '1024' }
  assert.deepEqual(await studies(asText), [2])
  const asNumber = { tag: 'NumberOfStudyRelatedInstances', vr: 'US', value: [2] }
  assert.deepEqual(await studies(asNumber), [1])
})
