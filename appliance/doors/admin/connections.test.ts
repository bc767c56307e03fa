import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConnectionRecord } from '../../standard/dimse/dimse.ts'
import { connectionRoutes } from './connections.ts'

const record = (id: number) => ({ id, sentence: 'CT01 sent 3 images.' }) as ConnectionRecord

const mr02 = {
  ...{ remoteAddress: '10.0.0.7', callingAeTitle: 'MR02', calledAeTitle: 'PACS', attempts: 2 },
  ...{ lastAt: '2026-03-01T08:00:00.000Z', sentence: 'MR02 calls AE title PACS.' },
}

test('connections are served newest first with the callers that were refused', async () => {
  const app = connectionRoutes({
    recent: limit => [record(2), record(1)].slice(0, limit),
    refusedCallers: () => [mr02],
    async *follow() {},
  })
  const all = await (await app.request('/api/connections')).json()
  assert.deepEqual(all, {
    connections: [record(2), record(1)],
    refusedCallers: [mr02],
  })
  const one = (await (await app.request('/api/connections?limit=1')).json()) as {
    connections: unknown[]
  }
  assert.equal(one.connections.length, 1)
})

test('further connections come as server-sent events', async () => {
  const app = connectionRoutes({
    recent: () => [],
    refusedCallers: () => [],
    async *follow() {
      yield record(7)
    },
  })
  const response = await app.request('/api/connections/stream')
  assert.equal(response.headers.get('Content-Type'), 'text/event-stream')
  const text = await response.text()
  assert.match(text, /^event: connection$/m)
  assert.match(text, /"id":7/)
})
