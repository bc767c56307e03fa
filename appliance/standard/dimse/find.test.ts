import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { calling, find, listening, standingStill } from './listening.peer.ts'
import type { Reply } from './services.ts'
import { defaultLimits } from './settings.ts'

async function all(replies: AsyncIterable<Reply>): Promise<Reply[]> {
  const got: Reply[] = []
  for await (const reply of replies) got.push(reply)
  return got
}

describe('C-FIND', () => {
  test('gives every reply as it comes, the last without an identifier', async () => {
    const box = await listening({
      services: {
        operations: {
          async *'C-FIND'(request) {
            assert.equal(Buffer.from(request.dataset ?? []).toString(), 'keys')
            for (const text of ['one', 'two']) yield { status: 0xff00, dataset: Buffer.from(text) }
          },
        },
      },
    })
    const workstation = await calling(box.port)
    const replies = await all(
      workstation.perform({
        operation: 'C-FIND',
        sopClassUid: find,
        dataset: Buffer.from('keys'),
      }),
    )
    assert.deepEqual(
      replies.map(reply => [reply.status, reply.dataset && Buffer.from(reply.dataset).toString()]),
      [
        [0xff00, 'one'],
        [0xff00, 'two'],
        [0x0000, undefined],
      ],
    )
    await workstation.release()
    await box.stop()
  })

  test('of twenty thousand replies that nobody takes yet is held back', async () => {
    let yielded = 0
    const total = 20_000
    const box = await listening({
      services: {
        operations: {
          async *'C-FIND'() {
            for (; yielded < total; yielded++) yield { status: 0xff00, dataset: Buffer.alloc(1000) }
          },
        },
      },
    })
    const workstation = await calling(box.port, {
      limits: { ...defaultLimits, bufferedBytes: 100_000 },
    })
    const replies = workstation.perform({ operation: 'C-FIND', sopClassUid: find })
    const reader = replies[Symbol.asyncIterator]()
    await reader.next()
    await standingStill(() => yielded)
    assert.ok(yielded < total, `${yielded} replies were made`)
    let count = 1
    for (let next = await reader.next(); !next.done; next = await reader.next()) count++
    assert.equal(count, total + 1)
    await workstation.release()
    await box.stop()
  })

  test('is called off by C-CANCEL, and says so', async () => {
    const box = await listening({
      services: {
        operations: {
          async *'C-FIND'({ cancelled }) {
            while (!cancelled.aborted) {
              yield { status: 0xff00, dataset: Buffer.from('match') }
              await new Promise(resolve => setImmediate(resolve))
            }
          },
        },
      },
    })
    const workstation = await calling(box.port)
    const cancel = new AbortController()
    let last: Reply | undefined
    for await (const reply of workstation.perform({
      operation: 'C-FIND',
      sopClassUid: find,
      dataset: Buffer.from('keys'),
      cancel: cancel.signal,
    })) {
      last = reply
      cancel.abort()
    }
    assert.equal(last?.status, 0xfe00)
    assert.equal((await workstation.echo()).status, 0)
    await workstation.release()
    await box.stop()
  })

  test('that its asker breaks off is called off, and the next request goes through', async () => {
    const calledOff = Promise.withResolvers<void>()
    const box = await listening({
      services: {
        operations: {
          async *'C-FIND'({ cancelled }) {
            cancelled.addEventListener('abort', () => calledOff.resolve())
            while (!cancelled.aborted) {
              yield { status: 0xff00, dataset: Buffer.from('match') }
              await new Promise(resolve => setImmediate(resolve))
            }
          },
        },
      },
    })
    const workstation = await calling(box.port)
    for await (const _reply of workstation.perform({ operation: 'C-FIND', sopClassUid: find }))
      break
    await calledOff.promise
    assert.equal((await workstation.echo()).status, 0)
    await workstation.release()
    await box.stop()
  })

  test('whose identifier is larger than any is answered 0213H', async () => {
    const box = await listening({
      limits: { ...defaultLimits, identifierBytes: 1000 },
      services: { operations: { 'C-FIND': async () => ({ status: 0 }) } },
    })
    const workstation = await calling(box.port)
    const [reply] = await all(
      workstation.perform({
        operation: 'C-FIND',
        sopClassUid: find,
        dataset: Buffer.alloc(1001),
      }),
    )
    assert.equal(reply?.status, 0x0213)
    await workstation.release()
    await box.stop()
  })
})
