import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bySyntaxes } from './takenIn.ts'

test('kinds of images that are taken in the same ways are told together, most of them first', () => {
  const storage = [
    { name: 'CT', transferSyntaxes: ['1', '2'] },
    { name: 'Video', transferSyntaxes: ['9'] },
    { name: 'MR', transferSyntaxes: ['2', '1'] },
  ]
  assert.deepEqual(bySyntaxes(storage), [
    { transferSyntaxes: ['1', '2'], names: ['CT', 'MR'] },
    { transferSyntaxes: ['9'], names: ['Video'] },
  ])
  assert.deepEqual(bySyntaxes([]), [])
})
