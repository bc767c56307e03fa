import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keepStudy, relay } from '../../../test/peers/relay.ts'

test('a destination that is down is asked by echo and not with images, without end', async () => {
  const box = await relay()
  box.cloud.down = 'peer-unreachable'
  keepStudy(box.held, 1, 3)
  const week = 7 * 86_400
  await box.time.until(() => box.time.passed() > week)
  assert.equal(box.cloud.offered.size, 0)
  assert.equal(box.count('owed'), 3)
  const [report] = box.forward.destinations()
  assert.equal(report?.why?.code, 'peer-unreachable')
  assert.ok((report?.nextAttemptSeconds ?? 0) <= 300)
  box.cloud.down = undefined
  const before = box.time.passed()
  await box.time.until(() => box.count('accepted') === 3)
  assert.ok(box.time.passed() - before <= 300)
  await box.stop()
})

test('what is owed, and for how long to wait, is known after a restart', async () => {
  const box = await relay()
  box.cloud.down = 'peer-refused'
  keepStudy(box.held, 1, 2)
  await box.time.until(() => (box.forward.destinations()[0]?.failures ?? 0) === 9)
  await box.stop()
  const probes = box.cloud.probes
  box.start()
  await box.time.settle()
  assert.equal(box.count('owed'), 2)
  assert.equal(box.cloud.probes, probes, 'it still waits')
  assert.equal(box.forward.destinations()[0]?.failures, 9)
  box.cloud.down = undefined
  await box.time.until(() => box.count('accepted') === 2)
  assert.equal(box.forward.destinations()[0]?.failures, 0)
  await box.stop()
})

test('a clock that fell back to 1970 or ran ahead makes nothing wait longer than the cap', async () => {
  for (const clock of [0, Date.parse('2099-01-01')]) {
    const box = await relay()
    box.cloud.down = 'peer-unreachable'
    keepStudy(box.held, 1, 1)
    await box.time.until(() => (box.forward.destinations()[0]?.failures ?? 0) === 12)
    await box.stop()
    box.time.setClock(clock)
    box.start()
    box.cloud.down = undefined
    const before = box.time.passed()
    await box.time.until(() => box.count('accepted') === 1)
    assert.ok(box.time.passed() - before <= 300)
    await box.stop()
  }
})
