import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '../../faults.ts'
import { readAhead } from './reading.ts'

/** Chunks of 10 bytes, and how many of them were asked for. */
function source(chunks: number, broken?: Fault) {
  const told = { read: 0, closed: false }
  async function* bytes() {
    try {
      for (let at = 0; at < chunks; at++) {
        told.read++
        yield new Uint8Array(10).fill(at)
      }
      if (broken) throw broken
    } finally {
      told.closed = true
    }
  }
  return { told, open: bytes }
}

const numbers = (chunks: readonly Uint8Array[]) => chunks.map(([first]) => first)

test('every chunk comes once, in order, however much was read ahead', async () => {
  for (const ahead of [0, 10, 25, 1000]) {
    const { open, told } = source(5)
    const reading = await readAhead(open, ahead)
    assert.equal(told.read, Math.min(5, Math.max(1, Math.ceil(ahead / 10))), `${ahead}`)
    assert.deepEqual(numbers(await Array.fromAsync(reading.bytes)), [0, 1, 2, 3, 4])
    assert.equal(reading.fault(), undefined)
  }
})

test('while a chunk is on its way the next one is read', async () => {
  const { open, told } = source(5)
  const reading = await readAhead(open)
  const chunks = reading.bytes[Symbol.asyncIterator]()
  assert.equal(reading.begun(), false)
  await chunks.next()
  assert.equal(reading.begun(), true)
  assert.equal(told.read, 2)
  await reading.close()
  assert.equal(told.closed, true)
})

test('what cannot be opened, or breaks off in what is read ahead, is known before it begins', async () => {
  const fault = new Fault('not-found', 'gone')
  const unopened = await readAhead(() => {
    throw fault
  })
  assert.equal(unopened.fault(), fault)
  const broken = await readAhead(source(2, fault).open, 1000)
  assert.equal(broken.fault(), fault)
  assert.equal(broken.begun(), false)
})

test('what breaks off later is thrown where it is, and told as ours', async () => {
  const fault = new Fault('storage-failed', 'a bad sector')
  const reading = await readAhead(source(3, fault).open)
  const got: Uint8Array[] = []
  await assert.rejects(async () => {
    for await (const chunk of reading.bytes) got.push(chunk)
  }, fault)
  assert.deepEqual(numbers(got), [0, 1, 2])
  assert.equal(reading.fault(), fault)
})

test('what is one chunk is known to be whole when more was asked for', async () => {
  const one = await readAhead(source(1).open, 1000)
  assert.deepEqual(one.whole, new Uint8Array(10))
  assert.equal((await readAhead(source(1).open)).whole, undefined, 'there may be more')
  assert.equal((await readAhead(source(2).open, 1000)).whole, undefined)
  assert.equal((await readAhead(source(0).open, 1000)).whole, undefined)
  const broken = await readAhead(source(1, new Fault('storage-failed', 'a bad sector')).open, 1000)
  assert.equal(broken.whole, undefined)
})
