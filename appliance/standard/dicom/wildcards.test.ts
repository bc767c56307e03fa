import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fold, like } from './wildcards.ts'

test('wildcards match as they say, and a hostile pattern costs no time', () => {
  assert.ok(like('a*c?e', 'abcde'))
  assert.ok(like('*', ''))
  assert.ok(!like('a?', 'a'))
  assert.ok(like('?*𠀀', '山𠀀'))
  assert.ok(!like(`${'*a'.repeat(50)}b`, 'a'.repeat(5000)))
})

test('folding takes case and accents away, and leaves the letters of other scripts', () => {
  assert.equal(fold('Jürgen Ångström'), 'JURGEN ANGSTROM')
  assert.equal(fold('Straße'), 'STRASSE')
  assert.equal(fold('やまだ ガ ใจดี 한'), 'やまだ ガ ใจดี 한')
  assert.equal(fold('e\u0301'), fold('é'))
})
