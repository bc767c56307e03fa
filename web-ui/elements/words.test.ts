import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  age,
  count,
  dicomDate,
  duration,
  list,
  moment,
  personName,
  sentence,
  size,
} from './words.ts'

const minute = 60_000

test('an age is told in its largest unit, and what is to come as such', () => {
  const now = Date.UTC(2026, 2, 1, 12)
  assert.equal(age(now - 2000, now), 'just now')
  assert.equal(age(now - 59_000, now), '59 s ago')
  assert.equal(age(now - 61 * minute, now), '1 h ago')
  assert.equal(age(now - 25 * 60 * minute, now), '1 day ago')
  assert.equal(age(now - 49 * 60 * minute, now), '2 days ago')
  assert.equal(age(now + 90 * minute, now), 'in 1 h')
  assert.equal(duration(-3), '0 s')
})

test('a time of today is a time, one of another day has its date', () => {
  const noon = new Date(2026, 2, 1, 12, 5).getTime()
  assert.equal(moment(noon, noon + minute), '12:05')
  assert.equal(moment(noon - 24 * 60 * minute, noon), '2026-02-28 12:05')
})

test('sizes have three figures at most and never a thousand of a unit', () => {
  assert.deepEqual([0, 999, 1000, 526_348, 1_234_567, 999_600, 23_456_000_000].map(size), [
    '0 bytes',
    '999 bytes',
    '1 KB',
    '526 KB',
    '1.23 MB',
    '1 MB',
    '23.5 GB',
  ])
})

test('words of counts, lists, names and dates', () => {
  assert.equal(count(1, 'image'), '1 image')
  assert.equal(count(12_000, 'image'), '12,000 images')
  assert.equal(count(2, 'study', 'studies'), '2 studies')
  assert.equal(list(['a', 'b', 'c']), 'a, b and c')
  assert.equal(list([]), '')
  assert.equal(personName('DOE^JANE^^DR=x'), 'DOE, JANE')
  assert.equal(dicomDate('20260301'), '2026-03-01')
  assert.equal(dicomDate('old'), 'old')
  assert.equal(sentence('answered 0xA900'), 'Answered 0xA900.')
  assert.equal(sentence('Ask there.'), 'Ask there.')
})
