import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pause } from './pause.ts'

test('a pause of a month does not fire at once, and ends when told to', async () => {
  const stop = new AbortController()
  let over = false
  const waiting = pause(30 * 86_400_000, stop.signal).then(() => {
    over = true
  })
  await new Promise(resolve => setImmediate(resolve))
  await new Promise(resolve => setTimeout(resolve, 5))
  assert.equal(over, false)
  stop.abort()
  await waiting
  assert.equal(over, true)
})

test('a short pause ends by itself, and one that is already called off at once', async () => {
  await pause(1, new AbortController().signal)
  await pause(1e12, AbortSignal.abort())
})
