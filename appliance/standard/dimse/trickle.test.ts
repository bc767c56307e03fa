import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Fault } from '../../faults.ts'
import { calling, handClock, image, listening, standingStill } from './listening.peer.ts'
import { defaultLimits } from './settings.ts'

/** What one P-DATA-TF holds when its longest length is 4,096 bytes: each piece is one, and goes at once. */
const piece = 4090
const limits = { ...defaultLimits, pduLength: 4096 }

/** A box on a hand clock, and its service that counts what has come of an image. */
async function counting(options: { limits?: typeof limits; reading?: Promise<void> } = {}) {
  const { clock, pass } = handClock()
  let stored = 0
  let fault: Fault | undefined
  let came = () => {}
  const box = await listening({
    clock,
    limits: options.limits ?? limits,
    services: {
      async store({ data }) {
        try {
          await options.reading
          for await (const chunk of data) {
            stored += chunk.length
            came()
          }
          return { status: 0 }
        } catch (thrown) {
          fault = thrown as Fault
          came()
          throw thrown
        }
      },
    },
  })
  return {
    box,
    pass,
    stored: () => stored,
    fault: () => fault,
    /** Or the service was told that no more will come. */
    async reached(bytes: number) {
      while (stored < bytes && !fault)
        await new Promise<void>(resolve => {
          came = resolve
        })
    },
  }
}

test('a sender that dribbles, never silent for the time of idle, is aborted with a sentence', async () => {
  const { box, pass, fault, reached } = await counting()
  const scanner = await calling(box.port)
  let given = 0
  const storing = scanner.store({
    ...image(0),
    data: (async function* () {
      for (; given < 100; given++) {
        // The last piece is kept back until it is known not to be the end.
        if (given > 1) {
          await reached((given - 1) * piece)
          if (fault()) return
          pass(200)
        }
        yield Buffer.alloc(piece)
      }
    })(),
  })
  await assert.rejects(storing, { code: 'peer-aborted' })
  assert.ok(given <= 6, `it went on for ${given} pieces`)
  const record = await box.record()
  assert.equal(record.outcome, 'timed-out')
  assert.deepEqual(record.abort, { by: 'us', source: 0, reason: 0 })
  assert.match(record.sentence, /more slowly than is allowed; .*"slowestSender"/)
  assert.equal(fault()?.code, 'peer-timeout')
  await box.stop()
})

test('a sender on a line of 64 kbit/s takes the time it needs', async () => {
  const { box, pass, stored, reached } = await counting()
  const scanner = await calling(box.port)
  const aSecond = 8000
  const storing = scanner.store({
    ...image(0),
    data: (async function* () {
      for (let tens = 0; tens < 200; tens++) {
        yield Buffer.alloc(10 * aSecond)
        await reached((tens + 1) * 10 * aSecond - piece)
        pass(10)
      }
    })(),
  })
  assert.equal((await storing).status, 0)
  assert.equal(stored(), 200 * 10 * aSecond)
  await scanner.release()
  assert.equal((await box.record()).outcome, 'released')
  await box.stop()
})

test('a sender whom our own disk holds up is not slow, however long that takes', async () => {
  const reading = Promise.withResolvers<void>()
  const { box, pass, stored } = await counting({
    limits: { ...limits, bufferedBytes: 65_536 },
    reading: reading.promise,
  })
  const scanner = await calling(box.port)
  const total = 32 * 1_048_576
  let given = 0
  const storing = scanner.store({
    ...image(0),
    data: (async function* () {
      for (; given < total; given += 1_048_576) yield Buffer.alloc(1_048_576)
    })(),
  })
  await standingStill(() => given)
  assert.ok(given > 0 && given < total)
  pass(5000)
  reading.resolve()
  assert.equal((await storing).status, 0)
  assert.equal(stored(), total)
  await scanner.release()
  await box.stop()
})
