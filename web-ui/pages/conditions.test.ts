import assert from 'node:assert/strict'
import { test } from 'node:test'
import { forwardSettings } from '../../appliance/duties/forward/forward.ts'
import {
  childPath,
  conditionWords,
  type Json,
  newGroup,
  newTest,
  treeOf,
  whenOf,
} from './conditions.ts'

const parsed = (when: unknown) =>
  forwardSettings.parse({
    destinations: [{ name: 'a', kind: 'dimse', aet: 'A', host: 'h' }],
    rules: [{ name: 'r', send: ['a'], on: 'stable', when }],
  }).rules[0]!.when as Json

const samples: Json[] = [
  { modality: 'CT' },
  { modality: ['CT', 'MR'], sender: 'CT*', stable: true },
  { tags: { BodyPartExamined: '*CHEST*', '0010,1010': { from: '060Y', present: true } } },
  { any: [{ label: 'x' }, { all: [{ called: 'A' }, { not: { address: '10.*' } }] }] },
  { not: { any: [{ modality: 'SR' }, { sopClass: '1.2.*' }] } },
  { not: { all: [{ modality: 'SR' }, { transferSyntax: '1.2' }] } },
  { not: { not: { hours: { from: '18:00', to: '07:00' } } } },
  { arrived: '* 18-23 * * 1-5' },
]

test('what the editor makes of a condition means the same, and editing it again changes nothing', () => {
  for (const sample of samples) {
    const before = parsed(sample)
    const written = whenOf(treeOf(before))!
    // The box takes it, and it says the same in words.
    const after = parsed(written)
    assert.equal(conditionWords(after), conditionWords(before))
    assert.deepEqual(whenOf(treeOf(after)), written)
  }
})

test('a rule without conditions takes everything, and stays so', () => {
  assert.equal(whenOf(treeOf(undefined)), undefined)
  assert.equal(conditionWords(undefined), 'anything')
})

test('conditions are told in words', () => {
  assert.equal(
    conditionWords({
      all: [{ modality: ['CT', 'MR'] }, { any: [{ sender: ['A'] }, { stable: true }] }],
    }),
    'Modality is CT or MR and (AE title of the sender is A or the study is stable)',
  )
  assert.equal(
    conditionWords({ tags: { PatientAge: { from: '060Y' } } }),
    'PatientAge is 060Y or more',
  )
  assert.equal(conditionWords({ not: { any: [{ modality: ['SR'] }] } }), 'none of: Modality is SR')
})

test('the box tells of a wrong test under the path that the editor knows it by', () => {
  const wrong = { ...newTest('tags'), tag: 'Modalty', values: ['CT'] }
  const inner = newGroup('none', [newTest('stable'), wrong])
  const tree = newGroup('any', [newTest('stable'), inner])
  const path = childPath(childPath('when', tree, 1), inner, 1)
  const verified = forwardSettings.safeParse({
    destinations: [{ name: 'a', kind: 'dimse', aet: 'A', host: 'h' }],
    rules: [{ name: 'r', send: ['a'], on: 'stable', when: whenOf(tree) }],
  })
  const found = verified.error!.issues.map(each => each.path.slice(2).join('.'))
  assert.deepEqual(found, [`${path}.tags.Modalty`])
})
