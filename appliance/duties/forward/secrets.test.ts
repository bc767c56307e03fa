import assert from 'node:assert/strict'
import { test } from 'node:test'
import { masked, unmasked } from './secrets.ts'

test('passwords of destinations are not shown, and stay when the mask is given back', () => {
  const kept = { auth: { password: 'p', user: 'u' }, tls: { keyFile: 'k' } }
  const shown = masked(kept)
  assert.deepEqual(shown, { auth: { password: '********', user: 'u' }, tls: { keyFile: 'k' } })
  assert.deepEqual(unmasked(shown, kept), kept)
})
