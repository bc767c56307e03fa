import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type CommitmentAsked,
  storageCommitmentInstance,
  storageCommitmentSopClass,
} from '../../duties/nodes/nodes.ts'
import { explicitLittleEndian, type NewElement, writeDataset } from '../../standard/dicom/dicom.ts'
import type { OperationRequest, Peer } from '../../standard/dimse/dimse.ts'
import { commitmentOffer, createCommitment } from './commitment.ts'

const references: NewElement = {
  tag: 'ReferencedSOPSequence',
  items: [
    [
      { tag: 'ReferencedSOPClassUID', value: '1.2.840.10008.5.1.4.1.1.2' },
      { tag: 'ReferencedSOPInstanceUID', value: '1.2.3' },
    ],
  ],
}
const transaction: NewElement = { tag: 'TransactionUID', value: '1.2.3.4' }

async function ask(elements: readonly NewElement[] | Uint8Array | undefined, over: object = {}) {
  const taken: CommitmentAsked[] = []
  const serve = createCommitment({ take: async asked => void taken.push(asked) })
  const dataset =
    elements instanceof Uint8Array
      ? elements
      : elements && writeDataset(elements, explicitLittleEndian)
  const request: OperationRequest = {
    ...{ operation: 'N-ACTION', messageId: 1, contextId: 1, actionTypeId: 1 },
    ...{ sopClassUid: storageCommitmentSopClass, sopInstanceUid: storageCommitmentInstance },
    transferSyntaxUid: explicitLittleEndian,
    association: {
      ...{ id: 1, remoteAddress: '127.0.0.1', remotePort: 1, secure: false, maxPduLength: 0 },
      ...{ callingAeTitle: 'CT01', calledAeTitle: 'WAYSTATION', since: new Date(0) },
    },
    peer: {} as Peer,
    stop: new AbortController().signal,
    cancelled: new AbortController().signal,
    ...(dataset && { dataset }),
    ...over,
  }
  const { status, errorComment } = await serve(request)
  return { status, errorComment, taken }
}

describe('a request for storage commitment', () => {
  test('is answered success when it is kept, with all it is about', async () => {
    const { status, taken } = await ask([transaction, references])
    assert.equal(status, 0x0000)
    assert.equal(taken.length, 1)
    assert.equal(taken[0]!.transactionUid, '1.2.3.4')
    assert.deepEqual(taken[0]!.references, [
      { sopClassUid: '1.2.840.10008.5.1.4.1.1.2', sopInstanceUid: '1.2.3' },
    ])
    assert.equal(taken[0]!.association.callingAeTitle, 'CT01')
  })

  const wrong: [string, Parameters<typeof ask>, number][] = [
    ['of another SOP class', [[transaction, references], { sopClassUid: '1.2.3' }], 0x0118],
    ['of another instance', [[transaction, references], { sopInstanceUid: '1.2.3' }], 0x0112],
    ['of another action type', [[transaction, references], { actionTypeId: 2 }], 0x0123],
    ['without action information', [undefined], 0x0114],
    ['that names no transaction', [[references]], 0x0115],
    ['that names no instances', [[transaction]], 0x0115],
    ['with empty references', [[transaction, { ...references, items: [[]] }]], 0x0115],
  ]
  for (const [title, asked, expected] of wrong)
    test(`${title} is refused with the status for it, and nothing is kept`, async () => {
      const { status, errorComment, taken } = await ask(...asked)
      assert.equal(status, expected)
      assert.ok(errorComment)
      assert.deepEqual(taken, [])
    })
})

test('storage commitment is offered in both roles', () => {
  assert.equal(commitmentOffer(storageCommitmentSopClass)?.callerMayBeScp, true)
  assert.equal(commitmentOffer('1.2.3'), undefined)
})
