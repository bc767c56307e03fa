import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hrefTo, placeOf } from './place.ts'

test('a place that was written is read again, whatever a rule is called', () => {
  for (const name of ['CT nach München', 'a/b?c#d&e=f', '100 %']) {
    const { steps, query } = placeOf(hrefTo(['rules', 'edit', name], { study: name, state: '' }))
    assert.deepEqual(steps, ['rules', 'edit', name])
    assert.deepEqual([...query], [['study', name]])
  }
})

test('an address that was cut or garbled leads somewhere', () => {
  assert.deepEqual(placeOf('').steps, [])
  assert.deepEqual(placeOf('#').steps, [])
  assert.deepEqual(placeOf('#/a%2').steps, ['a%2'])
})
