import assert from 'node:assert/strict'
import { test } from 'node:test'
import { receiptOf } from './answers.ts'

const outcomes: [status: number, outcome: string][] = [
  [0x0000, 'accepted'],
  [0x0001, 'accepted'],
  [0x0107, 'accepted'],
  [0x0111, 'accepted'],
  [0x0116, 'accepted'],
  [0xb000, 'accepted'],
  [0xb006, 'accepted'],
  [0xb007, 'accepted'],
  [0x0110, 'again'],
  [0x0210, 'again'],
  [0x0213, 'again'],
  [0xa700, 'again'],
  [0xa7ff, 'again'],
  [0xfe00, 'again'],
  [0xff00, 'again'],
  [0x1234, 'again'],
  [0x0105, 'declined'],
  [0x0117, 'declined'],
  [0x0118, 'declined'],
  [0x0119, 'declined'],
  [0x0122, 'declined'],
  [0x0124, 'declined'],
  [0x0211, 'declined'],
  [0x0212, 'declined'],
  [0xa900, 'declined'],
  [0xa9ff, 'declined'],
  [0xc000, 'declined'],
  [0xcfff, 'declined'],
]

test('every status of a C-STORE is accepted, comes again or is declined by its code', () => {
  for (const [status, outcome] of outcomes) {
    const receipt = receiptOf('i', { status })
    assert.equal(receipt.outcome, outcome, status.toString(16))
  }
})

test('whatever is not a plain success says what was answered and what to do', () => {
  for (const [status] of outcomes.slice(1)) {
    const { why } = receiptOf('i', { status, errorComment: 'disk full' })
    assert.match(why?.detail ?? '', /answered 0x[0-9A-F]{4} "disk full"/)
    assert.ok(why?.advice)
  }
})

test('only want of room and resources tells of the destination as a whole', () => {
  const unwell = outcomes.filter(([status]) => {
    const receipt = receiptOf('i', { status })
    return receipt.outcome === 'again' && receipt.unwell
  })
  assert.deepEqual(
    unwell.map(([status]) => status),
    [0x0213, 0xa700, 0xa7ff],
  )
})
