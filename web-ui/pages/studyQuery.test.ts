import assert from 'node:assert/strict'
import { test } from 'node:test'
import { studyQuery } from './studyQuery.ts'

const nothing = { name: '', patientId: ' ', accessionNumber: '', from: '', to: '' }

test('what stands on a request form becomes the keys of a query, and nothing of it none', () => {
  assert.deepEqual(studyQuery(nothing), {})
  const all = { name: ' Doe, Jane ', patientId: 'P1 ', accessionNumber: 'A7' }
  assert.deepEqual(studyQuery({ ...all, from: '2026-03-01', to: '2026-03-09' }), {
    ...{ PatientName: 'Doe^Jane*', PatientID: 'P1', AccessionNumber: 'A7' },
    StudyDate: '20260301-20260309',
  })
})

test('a name with wildcards of its own stays as it was typed', () => {
  assert.deepEqual(studyQuery({ ...nothing, name: '*o?' }), { PatientName: '*o?' })
})

test('a day is one date, and a range may be open', () => {
  const day = '2026-03-01'
  assert.deepEqual(studyQuery({ ...nothing, from: day, to: day }), { StudyDate: '20260301' })
  assert.deepEqual(studyQuery({ ...nothing, from: day }), { StudyDate: '20260301-' })
  assert.deepEqual(studyQuery({ ...nothing, to: day }), { StudyDate: '-20260301' })
})
