import assert from 'node:assert/strict'
import { test } from 'node:test'
import { probeRoutes } from './probes.ts'

test('the box is alive while it cannot receive, and says why it cannot', async () => {
  const obstacles = ['The disk is full.']
  const app = probeRoutes({
    obstacles: () => obstacles,
    metrics: async () => ({
      text: 'waystation_instances 1\n',
      contentType: 'text/plain; version=0.0.4',
    }),
  })
  assert.equal((await app.request('/healthz')).status, 200)
  const notReady = await app.request('/readyz')
  assert.equal(notReady.status, 503)
  assert.deepEqual(await notReady.json(), { ready: false, obstacles: ['The disk is full.'] })
  obstacles.pop()
  assert.equal((await app.request('/readyz')).status, 200)
  const metrics = await app.request('/metrics')
  assert.equal(metrics.headers.get('Content-Type'), 'text/plain; version=0.0.4')
  assert.equal(await metrics.text(), 'waystation_instances 1\n')
})
