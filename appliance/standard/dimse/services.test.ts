import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  calling,
  ct,
  explicit,
  find,
  image,
  implicit,
  listening,
  standingStill,
  verification,
} from './listening.peer.ts'
import type { OperationRequest, Reply } from './services.ts'
import { defaultLimits } from './settings.ts'

const get = '1.2.840.10008.5.1.4.1.2.2.3'
const commitment = '1.2.840.10008.1.20.1'
const commitmentInstance = '1.2.840.10008.1.20.1.1'

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

test('C-GET: the images come on the same association, in the role that was agreed', async () => {
  const box = await listening({
    offers: () => ({ transferSyntaxes: 'any', callerMayBeScp: true }),
    services: {
      operations: {
        async *'C-GET'({ peer }) {
          for (const completed of [1, 2]) {
            assert.equal((await peer.store(image(300_000, `1.2.${completed}`))).status, 0)
            yield { status: 0xff00, completed, remaining: 2 - completed, failed: 0, warning: 0 }
          }
          yield { status: 0x0000, completed: 2, failed: 0, warning: 0 }
        },
      },
    },
  })
  const received: [string, number][] = []
  const workstation = await calling(box.port, {
    contexts: [
      { abstractSyntax: get, transferSyntaxes: [implicit] },
      { abstractSyntax: ct, transferSyntaxes: [explicit], role: { scu: false, scp: true } },
    ],
    services: {
      async store({ sopInstanceUid, data }) {
        let bytes = 0
        for await (const chunk of data) bytes += chunk.length
        received.push([sopInstanceUid, bytes])
        return { status: 0 }
      },
    },
  })
  assert.equal(workstation.accepted(ct), undefined, 'we gave up being SCU of it')
  const replies = await all(
    workstation.perform({ operation: 'C-GET', sopClassUid: get, dataset: Buffer.from('keys') }),
  )
  assert.deepEqual(
    replies.map(({ status, completed, remaining }) => [status, completed, remaining]),
    [
      [0xff00, 1, 1],
      [0xff00, 2, 0],
      [0x0000, 2, undefined],
    ],
  )
  assert.deepEqual(received, [
    ['1.2.1', 300_000],
    ['1.2.2', 300_000],
  ])
  await workstation.release()
  await box.stop()
})

test('more sub-operations than 16 bits can count are told as the most that they can', async () => {
  const box = await listening({
    services: {
      operations: {
        async *'C-GET'() {
          yield { status: 0xff00, remaining: 70_000, completed: 65_536, failed: 0, warning: 65_535 }
          yield { status: 0x0000, completed: 135_536, failed: 0, warning: 0 }
        },
      },
    },
  })
  const contexts = [{ abstractSyntax: get, transferSyntaxes: [implicit] }]
  const workstation = await calling(box.port, { contexts })
  const replies = await all(
    workstation.perform({ operation: 'C-GET', sopClassUid: get, dataset: Buffer.from('keys') }),
  )
  assert.deepEqual(
    replies.map(({ remaining, completed, failed, warning }) => [
      ...[remaining, completed, failed, warning],
    ]),
    [
      [65_535, 65_535, 0, 65_535],
      [undefined, 65_535, 0, 0],
    ],
  )
  await workstation.release()
  await box.stop()
})

test('storage commitment: N-ACTION one way and N-EVENT-REPORT the other, on one association', async () => {
  const reported = Promise.withResolvers<OperationRequest>()
  const box = await listening({
    offers: () => ({ transferSyntaxes: 'any', callerMayBeScp: true }),
    services: {
      operations: {
        async 'N-ACTION'(request) {
          assert.equal(request.sopInstanceUid, commitmentInstance)
          assert.equal(request.actionTypeId, 1)
          setImmediate(async () => {
            for await (const reply of request.peer.perform({
              operation: 'N-EVENT-REPORT',
              sopClassUid: commitment,
              sopInstanceUid: commitmentInstance,
              eventTypeId: 1,
              ...(request.dataset ? { dataset: request.dataset } : {}),
            }))
              assert.equal(reply.status, 0)
          })
          return { status: 0 }
        },
      },
    },
  })
  const scanner = await calling(box.port, {
    contexts: [
      {
        abstractSyntax: commitment,
        transferSyntaxes: [implicit],
        role: { scu: true, scp: true },
      },
    ],
    services: {
      operations: {
        async 'N-EVENT-REPORT'(request) {
          reported.resolve(request)
          return { status: 0 }
        },
      },
    },
  })
  const [reply] = await all(
    scanner.perform({
      operation: 'N-ACTION',
      sopClassUid: commitment,
      sopInstanceUid: commitmentInstance,
      actionTypeId: 1,
      dataset: Buffer.from('transaction'),
    }),
  )
  assert.equal(reply?.status, 0)
  const request = await reported.promise
  assert.equal(request.eventTypeId, 1)
  assert.equal(Buffer.from(request.dataset ?? []).toString(), 'transaction')
  await scanner.release()
  await box.stop()
})

test('requests of one asker go one after the other, whoever asks at once', async () => {
  let inWork = 0
  let most = 0
  const box = await listening({
    services: {
      async echo() {
        most = Math.max(most, ++inWork)
        await new Promise(resolve => setImmediate(resolve))
        inWork--
        return { status: 0 }
      },
    },
  })
  const scanner = await calling(box.port)
  const replies = await Promise.all(Array.from({ length: 20 }, () => scanner.echo()))
  assert.ok(replies.every(reply => reply.status === 0))
  assert.equal(most, 1)
  await scanner.release()
  assert.equal((await box.record()).requests['C-ECHO']?.received, 20)
  await box.stop()
})

test('extended negotiation is given to the offer, and its answer to the caller', async () => {
  const box = await listening({
    offers: uid => ({
      transferSyntaxes: 'any',
      ...(uid === find ? { extended: asked => Uint8Array.of(asked[0]! & 1, 0) } : {}),
    }),
  })
  const workstation = await calling(box.port, {
    extended: [
      { sopClassUid: find, applicationInformation: Uint8Array.of(1, 1) },
      { sopClassUid: verification, applicationInformation: Uint8Array.of(9) },
    ],
  })
  assert.deepEqual(
    workstation.extended.map(({ sopClassUid, applicationInformation }) => [
      sopClassUid,
      ...applicationInformation,
    ]),
    [[find, 1, 0]],
  )
  await workstation.release()
  await box.stop()
})
