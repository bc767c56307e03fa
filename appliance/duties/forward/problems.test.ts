import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Problem } from './problems.ts'
import { problemsOf } from './problems.ts'
import { forwardSettings } from './settings.ts'

const destination = { name: 'a', kind: 'dimse', aet: 'A', host: 'h' }

function problems(given: object): Problem[] {
  const { error } = forwardSettings.safeParse(given)
  return problemsOf(error!)
}
const ofDestination = (given: object) =>
  problems({ destinations: [given] }).map(({ path, message }) => [
    path.replace('destinations.0.', ''),
    message,
  ])
const ofRule = (given: object) =>
  problems({ destinations: [destination], rules: [{ name: 'r', send: ['a'], ...given }] }).map(
    ({ path, message }) => [path.replace('rules.0.', ''), message],
  )

test('what is missing, too much, too little or of no known form is told in plain words', () => {
  assert.deepEqual(ofDestination({ kind: 'dimse', host: '', port: 0, parallel: 99, uplink: 'x' }), [
    ['name', 'is needed'],
    ['aet', 'is needed'],
    ['host', 'may not be empty'],
    ['port', 'is at least 1'],
    ['parallel', 'is at most 16'],
    ['uplink', 'is true or false'],
  ])
  assert.deepEqual(ofDestination({ ...destination, port: 'x', verify: 'maybe' }), [
    ['port', 'is a number'],
    ['verify', 'is one of: none, find, count, commitment'],
  ])
  assert.deepEqual(ofDestination({ ...destination, port: 1.5 }), [['port', 'is a whole number']])
  assert.deepEqual(ofDestination({ ...destination, timers: { idle: 0 } }), [
    ['timers.idle', 'is more than 0'],
  ])
  assert.deepEqual(ofDestination({ ...destination, prot: 1, hots: 2 }), [
    ['destinations.0', 'there is no setting called "prot", "hots"'],
  ])
})

test('a condition that asks for nothing is told in plain words, too', () => {
  assert.deepEqual(ofRule({ when: { modality: [] } }), [['when.modality', 'names at least one']])
  assert.deepEqual(ofRule({ when: { all: [{ tags: { Modality: [] } }] } }), [
    ['when.all.0.tags.Modality', 'is missing, or has no form that is taken'],
  ])
})

test('what a setting says of itself stays as it says it', () => {
  const [[path, message] = []] = ofDestination({ ...destination, aet: 'A\\B' })
  assert.equal(path, 'aet')
  assert.match(message!, /1 to 16 ASCII characters/)
})
