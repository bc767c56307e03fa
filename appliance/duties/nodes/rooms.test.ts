import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createRooms } from './rooms.ts'

describe('memory that images are read into', () => {
  test('is used again once it is free, and never while somebody may look at it', () => {
    const rooms = createRooms()
    const first = rooms.take(500_000)!
    const second = rooms.take(500_000)!
    assert.notEqual(second.buffer, first.buffer)
    rooms.free(first.subarray(0, 499_000))
    assert.equal(rooms.take(524_000)!.buffer, first.buffer, 'with room for a somewhat larger one')
    assert.notEqual(rooms.take(500_000)!.buffer, first.buffer)
  })

  test('is only what it gave itself', () => {
    const rooms = createRooms()
    const own = Buffer.alloc(1_000_000)
    rooms.free(own)
    rooms.free(undefined)
    assert.notEqual(rooms.take(1000)!.buffer, own.buffer)
  })

  test('is not kept for images that are read in several chunks', () => {
    assert.equal(createRooms().take(1024 * 1024 + 1), undefined)
  })

  test('is at most eight pieces of 1 MB; those that were first free go first', () => {
    const rooms = createRooms()
    const taken = Array.from({ length: 12 }, () => rooms.take(1_000_000)!)
    for (const room of taken) rooms.free(room)
    const again = Array.from({ length: 9 }, () => rooms.take(1_000_000)!.buffer)
    const known = new Set(taken.map(({ buffer }) => buffer))
    assert.deepEqual(
      again.map(buffer => known.has(buffer)),
      [...Array.from({ length: 8 }, () => true), false],
    )
    assert.ok(!again.includes(taken[0]!.buffer))
  })
})
