import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMetrics } from './metrics.ts'

test('a figure is read when Prometheus asks, and a labelling that is gone disappears', async () => {
  const metrics = createMetrics()
  let owed = [
    { labels: { destination: 'cloud' }, value: 3 },
    { labels: { destination: 'old' }, value: 1 },
  ]
  metrics.gauge('deliveries', 'by destination', () => owed, ['destination'])
  const received = metrics.counter('instances_received_total', 'instances')
  received()
  received(2)
  const first = (await metrics.expose()).text
  assert.match(first, /^waystation_deliveries\{destination="old"\} 1$/m)
  assert.match(first, /^waystation_instances_received_total 3$/m)
  assert.match(first, /^waystation_nodejs_eventloop_lag_seconds /m)
  owed = [{ labels: { destination: 'cloud' }, value: 4 }]
  const second = (await metrics.expose()).text
  assert.match(second, /^waystation_deliveries\{destination="cloud"\} 4$/m)
  assert.doesNotMatch(second, /destination="old"/)
})
