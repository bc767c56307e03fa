import assert from 'node:assert/strict'
import { test } from 'node:test'
import { delayAfter, secondsUntil } from './backoff.ts'

const backoff = { first: 2, cap: 300 }

test('waits double up to the cap and stay there for ever', () => {
  const longest = () => 1
  const delays = [1, 2, 3, 8, 9, 1000, 1e9].map(failures => delayAfter(failures, backoff, longest))
  assert.deepEqual(delays, [2, 4, 8, 256, 300, 300, 300])
})

test('half of a wait is drawn by lot', () => {
  assert.equal(
    delayAfter(3, backoff, () => 0),
    4,
  )
  assert.equal(
    delayAfter(3, backoff, () => 0.5),
    6,
  )
})

test('a time further off than the cap is another clock’s, and over', () => {
  assert.equal(secondsUntil(10_000, 4_000, backoff), 6)
  assert.equal(secondsUntil(4_000, 10_000, backoff), 0)
  assert.equal(secondsUntil(Date.parse('2026-01-01'), 0, backoff), 0)
})
