import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConnectionRecord } from '../api/api.ts'
import { alike } from './alike.ts'

const record = (id: number, more: Partial<ConnectionRecord> = {}) =>
  ({
    ...{ id, direction: 'incoming', outcome: 'released', remoteAddress: '10.0.0.7' },
    ...{ callingAeTitle: 'CT01', calledAeTitle: 'WAYSTATION', sentence: '1 C-STORE.' },
    ...more,
  }) as ConnectionRecord

test('connections one after the other that tell the same are one, and others stand between them', () => {
  const records = [
    ...[record(9), record(8), record(7, { outcome: 'aborted' }), record(6)],
    ...[record(5, { sentence: '2 C-STORE.' }), record(4, { remoteAddress: '10.0.0.8' })],
  ]
  assert.deepEqual(
    alike(records).map(({ newest, before }) => [newest.id, before.map(({ id }) => id)]),
    [
      [9, [8]],
      [7, []],
      [6, []],
      [5, []],
      [4, []],
    ],
  )
  assert.deepEqual(alike([]), [])
})
