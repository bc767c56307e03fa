import assert from 'node:assert/strict'
import { test } from 'node:test'
import { untilDue } from './schedule.ts'

test('what is scheduled becomes due at the time that the expression names', async () => {
  const begun = Date.now()
  await untilDue('* * * * * *', new AbortController().signal)
  assert.ok(Math.floor(Date.now() / 1_000) > Math.floor(begun / 1_000))
})

test('waiting for it ends with its signal, before or while it waits', async () => {
  const stop = new AbortController()
  const waiting = untilDue('0 0 1 1 *', stop.signal)
  stop.abort()
  await waiting
  await untilDue('0 0 1 1 *', stop.signal)
})
