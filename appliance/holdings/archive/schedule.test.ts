import assert from 'node:assert/strict'
import { test } from 'node:test'
import { untilDue, wasDue } from './schedule.ts'

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

const at = (text: string) => new Date(`${text}:00`)

for (const [expression, since, upTo, expected] of [
  ['0 2 * * 0', '2026-01-03T12:00', '2026-01-04T01:59', false],
  ['0 2 * * 0', '2026-01-03T12:00', '2026-01-04T02:00', true],
  ['0 2 * * 0', '2026-01-04T02:00', '2026-01-10T23:00', false],
  ['0 2 * * 0', '2026-01-04T02:00', '2026-06-10T23:00', true],
  ['30 4 1 * *', '2026-01-01T05:00', '2026-01-31T23:59', false],
  ['30 4 1 * *', '2026-01-31T23:59', '2026-02-01T04:30', true],
  ['0 0 29 2 *', '2026-03-01T00:00', '2028-02-28T23:59', false],
  ['0 0 29 2 *', '2026-03-01T00:00', '2028-03-01T00:00', true],
  ['* * * * *', '2026-01-01T00:00', '2026-01-01T00:00', false],
  ['* * * * *', '2026-01-01T00:00', '2026-01-01T00:01', true],
  ['0 2 * * 0', '2026-01-04T02:00', '1970-01-01T00:00', false],
] as const) {
  test(`"${expression}" was ${expected ? '' : 'not '}due behind ${since} up to ${upTo}`, () => {
    assert.equal(wasDue(expression, at(since), at(upTo)), expected)
  })
}
