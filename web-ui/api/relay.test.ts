import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DestinationAnswer, StandingAnswer } from './api.ts'
import { renewed } from './relay.ts'

test('how a destination stands is told anew whole, and its settings stay', () => {
  const settings = { aet: 'CLOUD' }
  const before = {
    ...{ name: 'cloud', locked: true, settings, state: 'waiting', failures: 3 },
    why: { code: 'peer-unreachable', detail: 'nobody listens', advice: 'x' },
  } as DestinationAnswer
  const one = { name: 'cloud', state: 'idle', failures: 0 } as StandingAnswer
  assert.deepEqual(renewed(before, one), { ...one, locked: true, settings })
  assert.equal(renewed(before, { ...one, name: 'pacs' }), before)
})
