import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keepStudy, relay } from '../../../test/peers/relay.ts'
import { idOf } from '../../../test/peers/standInArchive.ts'

test('a paused study stays owed and is not sent, over restarts too, until it is resumed; others go on', async () => {
  const box = await relay()
  box.cloud.down = 'peer-unreachable'
  keepStudy(box.held, 1, 5)
  keepStudy(box.held, 2, 5)
  await box.time.until(() => box.count('owed') === 10)
  assert.equal(box.forward.pauseDeliveries({ study: 's1' }), 5)
  box.cloud.down = undefined
  await box.time.until(() => box.count('accepted') === 5)
  await box.stop()
  box.start()
  await box.time.settle()
  assert.equal(box.forward.retry({}), 0, 'to try again is not to resume')
  await box.time.settle()
  assert.equal(box.count('accepted'), 5)
  assert.equal(box.count('owed'), 5)
  assert.equal(box.forward.destinations()[0]?.paused, 5)
  assert.ok(box.forward.owes(idOf(1, 1)), 'what is paused may not be evicted')
  const { deliveries } = box.forward.deliveries({ reason: 'paused-by-hand' })
  assert.deepEqual([...new Set(deliveries.map(each => each.study))], ['s1'])
  assert.equal(deliveries.length, 5)
  assert.equal(box.forward.destinations()[0]?.oldestSeconds, undefined, 'it waits for a person')
  assert.equal(box.forward.resumeDeliveries({ study: 's1' }), 5)
  await box.time.until(() => box.count('accepted') === 10)
  assert.equal(box.forward.owes(idOf(1, 1)), false)
  await box.stop()
})

test('a study that is paused while it is sent ends with the image under way, and nothing is sent twice', async () => {
  const box = await relay()
  let paused = 0
  box.cloud.behave = ({ instance }) => {
    if (instance.id === idOf(1, 3) && paused === 0)
      paused = box.forward.pauseDeliveries({ study: 's1' })
    return 'take'
  }
  keepStudy(box.held, 1, 20)
  await box.time.until(() => paused > 0)
  await box.time.settle()
  assert.ok(box.count('accepted') <= 3, `${box.count('accepted')} went`)
  assert.equal(box.count('sending'), 0)
  assert.equal(box.forward.resumeDeliveries({ study: 's1' }), box.count('owed'))
  await box.time.until(() => box.count('accepted') === 20)
  assert.ok([...box.cloud.taken.values()].every(each => each === 1))
  await box.stop()
})

test('what is paused can be withdrawn, and leaves with its instance', async () => {
  const box = await relay()
  box.cloud.down = 'peer-unreachable'
  keepStudy(box.held, 1, 2)
  keepStudy(box.held, 2, 1)
  await box.time.until(() => box.count('owed') === 3)
  assert.equal(box.forward.pauseDeliveries({ destination: 'cloud' }), 3)
  assert.equal(box.forward.withdraw({ study: 's2' }, 'a phantom'), 1)
  box.held.remove(idOf(1, 1))
  await box.time.until(() => box.count('withdrawn') === 2)
  assert.equal(box.forward.resumeDeliveries({ destination: 'cloud' }), 1)
  box.cloud.down = undefined
  await box.time.until(() => box.count('accepted') === 1)
  await box.stop()
})

test('of what is parked only that of one reason or series is tried again when that is asked', async () => {
  const box = await relay()
  box.cloud.behave = () => 'decline'
  keepStudy(box.held, 1, 2)
  keepStudy(box.held, 2, 1)
  await box.time.until(() => box.count('parked') === 3)
  box.cloud.behave = () => 'take'
  assert.equal(box.forward.retry({ code: 'held-for-review' }), 0)
  assert.equal(box.forward.retry({ code: 'peer-declined', series: 'e2' }), 1)
  await box.time.until(() => box.count('accepted') === 1)
  assert.equal(box.forward.withdraw({ series: 'e2' }, 'not wanted'), 0)
  assert.equal(box.forward.retry({ code: 'peer-declined' }), 2)
  await box.time.until(() => box.count('accepted') === 3)
  await box.stop()
})
