import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Fault } from '../../faults.ts'
import { type Budget, Inflow, Pace } from './inflow.ts'

const unlimited = (): Budget => ({ held: 0, limit: Number.POSITIVE_INFINITY })

function paced(limit: number, budget = unlimited()) {
  const told: string[] = []
  const pace = new Pace({
    limit,
    budget,
    pause: () => told.push('pause'),
    resume: () => told.push('resume'),
  })
  return { pace, told, inflow: new Inflow(pace) }
}

async function all(inflow: Inflow): Promise<string[]> {
  const got: string[] = []
  for await (const chunk of inflow) got.push(Buffer.from(chunk).toString())
  return got
}

describe('a dataset on its way in', () => {
  test('comes to its reader in order, and ends', async () => {
    const { inflow } = paced(1000)
    const reading = all(inflow)
    for (const text of ['ab', 'cd']) {
      inflow.add(Buffer.from(text))
      inflow.flush()
    }
    inflow.add(Buffer.from('ef'))
    inflow.end()
    assert.deepEqual((await reading).join(''), 'abcdef')
  })

  test('is one piece for each chunk of the socket, whatever the values in it', async () => {
    const { inflow } = paced(1000)
    const chunk = Buffer.from('..ab....cd..ef')
    inflow.add(chunk.subarray(2, 4))
    inflow.add(chunk.subarray(8, 10))
    inflow.add(chunk.subarray(12, 14))
    inflow.flush()
    inflow.end()
    assert.deepEqual(await all(inflow), ['abcdef'])
  })

  test('never puts two chunks together, though they lie in one buffer', async () => {
    const { inflow } = paced(1000)
    const both = Buffer.from('ab..cd')
    inflow.add(both.subarray(0, 2))
    inflow.flush()
    inflow.add(both.subarray(4, 6))
    inflow.flush()
    inflow.end()
    assert.deepEqual(await all(inflow), ['ab', 'cd'])
    assert.equal(both.toString(), 'ab..cd', 'what lies between them is untouched')
  })

  test('pauses its sender when the reader is slow, and lets it go on at half of that', async () => {
    const { inflow, told, pace } = paced(4000)
    for (let count = 0; count < 3; count++) {
      inflow.add(Buffer.alloc(1000))
      inflow.flush()
    }
    assert.deepEqual(told, ['pause'])
    assert.ok(pace.held < 5000)
    await inflow.next()
    assert.deepEqual(told, ['pause'])
    await inflow.next()
    assert.deepEqual(told, ['pause', 'resume'])
  })

  test('of single bytes costs what it costs to keep them', () => {
    const { inflow, told } = paced(1_000_000)
    for (let count = 0; count < 2000; count++) {
      inflow.add(Uint8Array.of(0))
      inflow.flush()
    }
    assert.deepEqual(told, ['pause'])
  })

  test('pauses at the first byte when all associations together hold too much', async () => {
    const budget: Budget = { held: 900, limit: 1000 }
    const { inflow, told } = paced(4000, budget)
    inflow.add(Buffer.alloc(200))
    assert.deepEqual(told, ['pause'])
    await inflow.next()
    assert.deepEqual(told, ['pause', 'resume'])
    assert.equal(budget.held, 900)
  })

  test('that breaks off throws at its reader, who gets nothing of what was waiting', async () => {
    const { inflow, pace } = paced(4000)
    inflow.add(Buffer.from('ab'))
    inflow.flush()
    inflow.fail(new Fault('peer-aborted'))
    await assert.rejects(inflow.next(), { code: 'peer-aborted' })
    assert.equal(pace.held, 0)
    await inflow.over
  })

  test('that breaks off wakes a reader who waits', async () => {
    const { inflow } = paced(4000)
    const waiting = inflow.next()
    inflow.fail(new Fault('peer-timeout'))
    await assert.rejects(waiting, { code: 'peer-timeout' })
  })

  test('that nobody wants is dropped as it comes', async () => {
    const { inflow, pace } = paced(4000)
    for await (const _chunk of (() => {
      inflow.add(Buffer.from('ab'))
      inflow.flush()
      return inflow
    })())
      break
    inflow.add(Buffer.alloc(100_000))
    assert.equal(pace.held, 0)
    assert.equal(inflow.bytes, 100_002)
    inflow.end()
    await inflow.over
  })
})
