import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressesOf } from './addresses.ts'

test('an address is itself, also where a port takes IPv4 and IPv6', () => {
  const addresses = addressesOf('10.0.0.9')
  assert.deepEqual(['10.0.0.9', '::ffff:10.0.0.9', '10.0.0.90', 'fe80::1'].map(addresses.has), [
    true,
    true,
    false,
    false,
  ])
})

test('a name has the addresses that it resolves to, and keeps them while nobody answers', async () => {
  const addresses = addressesOf('localhost')
  await addresses.learn()
  assert.equal(addresses.has('127.0.0.1') || addresses.has('::1'), true)
  assert.equal(addresses.has('10.0.0.9'), false)
  const unknown = addressesOf('nobody.invalid')
  await unknown.learn()
  assert.equal(unknown.has('127.0.0.1'), false)
})
