import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ct, explicit, find, implicit, verification } from './listening.peer.ts'
import {
  type AssociateRequest,
  answeredContexts,
  answersTo,
  formRejection,
  negotiate,
} from './negotiation.ts'

const jpeg = '1.2.840.10008.1.2.4.50'

function request(differing: Partial<AssociateRequest> = {}): AssociateRequest {
  return {
    remoteAddress: '10.0.0.7',
    remotePort: 40_000,
    secure: false,
    protocolVersion: 1,
    applicationContext: '1.2.840.10008.3.1.1.1',
    callingAeTitle: 'CT01',
    calledAeTitle: 'WAYSTATION',
    contexts: [
      { id: 5, abstractSyntax: ct, transferSyntaxes: [jpeg] },
      { id: 1, abstractSyntax: ct, transferSyntaxes: [implicit, explicit] },
      { id: 3, abstractSyntax: find, transferSyntaxes: [implicit] },
      { id: 7, abstractSyntax: verification, transferSyntaxes: [jpeg] },
    ],
    maxPduLength: 0,
    roles: [],
    extended: [],
    commonExtended: [],
    ...differing,
  }
}

describe('every context is answered by itself, in the order of the request', () => {
  test('with the best of what is offered, or what the caller names first', () => {
    const offered = (uid: string) => {
      if (uid === ct) return { transferSyntaxes: [explicit, implicit, jpeg] }
      if (uid === verification) return { transferSyntaxes: [implicit] }
      return undefined
    }
    assert.deepEqual(
      negotiate(request(), offered).map(({ id, result, transferSyntax }) => [
        id,
        result,
        transferSyntax,
      ]),
      [
        [5, 0, jpeg],
        [1, 0, explicit],
        [3, 3, undefined],
        [7, 4, undefined],
      ],
    )
    const any = negotiate(request(), () => ({ transferSyntaxes: 'any' }))
    assert.deepEqual(
      any.map(context => context.transferSyntax),
      [jpeg, implicit, implicit, jpeg],
    )
  })

  test('and a role holds for every context of its SOP class, as far as it is offered', () => {
    const asking = request({ roles: [{ sopClassUid: ct, scu: false, scp: true }] })
    for (const callerMayBeScp of [true, false]) {
      const offers = () => ({ transferSyntaxes: 'any' as const, callerMayBeScp })
      const contexts = negotiate(asking, offers)
      assert.deepEqual(
        contexts.map(context => [context.requestorIsScu, context.requestorIsScp]),
        [
          [false, callerMayBeScp],
          [false, callerMayBeScp],
          [true, false],
          [true, false],
        ],
      )
      assert.deepEqual(answersTo(asking, contexts, offers).roles, [
        { sopClassUid: ct, scu: false, scp: callerMayBeScp },
      ])
    }
  })
})

test('the window of asynchronous operations is answered by 1 and 1, and only when it was asked for', () => {
  const offers = () => undefined
  const asked = request({ asynchronousOperations: { invoked: 0, performed: 16 } })
  assert.deepEqual(answersTo(asked, [], offers).asynchronousOperations, {
    invoked: 1,
    performed: 1,
  })
  assert.equal(answersTo(request(), [], offers).asynchronousOperations, undefined)
})

test('a role that we ask for and nobody answers is not ours', () => {
  const proposed = [
    { id: 1, abstractSyntax: ct, transferSyntaxes: [jpeg], role: { scu: false, scp: true } },
  ]
  const answer = [{ id: 1, result: 0, transferSyntax: jpeg }]
  const [silent] = answeredContexts(proposed, { contexts: answer, user: { roles: [] } })
  assert.deepEqual([silent?.requestorIsScu, silent?.requestorIsScp], [true, false])
  const roles = [{ sopClassUid: ct, scu: true, scp: true }]
  const [agreed] = answeredContexts(proposed, { contexts: answer, user: { roles } })
  assert.deepEqual([agreed?.requestorIsScu, agreed?.requestorIsScp], [false, true])
})

test('a context that is not answered is a refused one', () => {
  const proposed = [{ id: 1, abstractSyntax: ct, transferSyntaxes: [jpeg] }]
  const [context] = answeredContexts(proposed, { contexts: [], user: { roles: [] } })
  assert.notEqual(context?.result, 0)
})

test('only version 1 of the protocol and the one application context are spoken', () => {
  assert.equal(formRejection(request()), undefined)
  assert.equal(formRejection(request({ protocolVersion: 3 })), undefined)
  assert.equal(formRejection(request({ protocolVersion: 2 }))?.source, 2)
  assert.equal(formRejection(request({ applicationContext: '' }))?.reason, 2)
})
