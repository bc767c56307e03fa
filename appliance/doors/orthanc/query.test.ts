import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tagOf } from '../../standard/dicom/dicom.ts'
import { matches, matchOf } from './query.ts'

const match = (keyword: string, value: string) => matchOf(tagOf(keyword)!, value)

test('a value is a list, a range, a wildcard or itself, as its VR allows', () => {
  assert.equal(match('PatientID', ''), undefined)
  assert.deepEqual(match('PatientID', 'a\\b'), { kind: 'equals', values: ['a', 'b'] })
  assert.deepEqual(match('PatientID', 'a-b'), { kind: 'equals', values: ['a-b'] })
  assert.deepEqual(match('StudyDate', '2001-2002'), { kind: 'range', from: '2001', to: '2002' })
  assert.deepEqual(match('StudyDate', '-2002'), { kind: 'range', to: '2002' })
  assert.deepEqual(match('PatientName', 'D*'), { kind: 'wildcard', pattern: 'D*' })
  assert.throws(() => match('StudyInstanceUID', '1.2*'), { error: 'ParameterOutOfRange' })
})

test('a tag that is not there matches nothing, an open range what is not before it', () => {
  assert.equal(matches(undefined, { kind: 'wildcard', pattern: '*' }, false), false)
  assert.ok(matches('20040119', { kind: 'range', from: '2004' }, false))
  assert.ok(matches('20041231', { kind: 'range', to: '2004' }, false))
  assert.ok(matches('ab', { kind: 'equals', values: ['AB'] }, false))
  assert.ok(!matches('ab', { kind: 'equals', values: ['AB'] }, true))
})
