import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  calling,
  ct,
  explicit,
  find,
  image,
  implicit,
  listening,
  verification,
} from './listening.peer.ts'
import type { OperationRequest, Reply } from './services.ts'

const get = '1.2.840.10008.5.1.4.1.2.2.3'
const commitment = '1.2.840.10008.1.20.1'
const commitmentInstance = '1.2.840.10008.1.20.1.1'

async function all(replies: AsyncIterable<Reply>): Promise<Reply[]> {
  const got: Reply[] = []
  for await (const reply of replies) got.push(reply)
  return got
}

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
