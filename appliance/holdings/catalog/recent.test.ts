import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRecent } from './recent.ts'

test('a value read lately is the same object until its key is written', () => {
  const recent = createRecent()
  const value = { name: 'one' }
  recent.keep('a', value)
  assert.equal(recent.get('a'), value)
  recent.forget('a')
  assert.equal(recent.get('a'), undefined)
})

test('of values no more than twice as many are kept as told, those read last', () => {
  const recent = createRecent(10)
  for (let number = 0; number < 1_000; number++) {
    recent.keep(`key ${number}`, number)
    recent.get('key 0')
  }
  const kept = Array.from({ length: 1_000 }, (_, number) => number).filter(
    number => recent.get(`key ${number}`) !== undefined,
  )
  assert.ok(kept.length <= 20, `${kept.length} are kept`)
  assert.ok(kept.includes(0), 'what is asked for again and again stays')
  assert.ok(kept.includes(999), 'the newest is there')
})

test('what is forgotten is forgotten however long ago it was read', () => {
  const recent = createRecent(2)
  for (const key of ['a', 'b', 'c']) recent.keep(key, key)
  recent.forget('a')
  assert.equal(recent.get('a'), undefined)
})
