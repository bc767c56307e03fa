import assert from 'node:assert/strict'
import { test } from 'node:test'
import { draftOf, newRule, ruleSentence } from './ruleDraft.ts'

test('a rule says in a sentence what it does', () => {
  const rule = { ...newRule, name: 'ct', when: { modality: ['CT'] }, send: ['cloud', 'pacs'] }
  assert.equal(
    ruleSentence({ ...rule, priority: 'stat', hold: true, label: ['seen'] }),
    'As images come, those where Modality is CT: hold for review, then send to cloud and pacs before all else (STAT); label the study seen.',
  )
  assert.equal(
    ruleSentence({ ...newRule, drop: true, on: 'stable' }),
    'Once a study is stable, all of them: send nowhere, whatever other rules say.',
  )
})

test('what is edited of a rule is what is saved, without what the box says of it', () => {
  const answer = {
    name: 'all',
    locked: true,
    problems: [],
    send: ['cloud'],
    priority: 'stat' as const,
  }
  assert.deepEqual(draftOf(answer), {
    ...newRule,
    ...{ name: 'all', send: ['cloud'], priority: 'stat' },
  })
})
