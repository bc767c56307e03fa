import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keepStudy, relay } from '../../../test/peers/relay.ts'
import { idOf } from '../../../test/peers/standInArchive.ts'

test('what the far side accepted and forgot is found out and sent again, until it has all', async () => {
  const box = await relay({ verify: 'find' })
  let sent = 0
  box.cloud.behave = () => (++sent % 20 === 0 ? 'forget' : 'take')
  for (let study = 1; study <= 10; study++) keepStudy(box.held, study, 40)
  await box.time.until(() => box.count('verified') === 400)
  assert.equal(box.cloud.taken.size, 400)
  assert.ok(
    [...box.cloud.taken.values()].every(each => each === 1),
    'only what was missing was sent again',
  )
  assert.ok(box.cloud.questions <= 40, `${box.cloud.questions} questions`)
  await box.stop()
})

test('what is to be verified may not be evicted before, over restarts and an unreachable far side', async () => {
  const box = await relay({ verify: 'find' })
  keepStudy(box.held, 1, 3)
  await box.time.settle()
  assert.equal(box.count('accepted'), 3)
  assert.equal(box.cloud.questions, 0, 'it has time to file them')
  assert.ok(box.forward.owes(idOf(1, 1)))
  box.cloud.down = 'peer-unreachable'
  await box.time.until(() => box.time.passed() > 1000)
  assert.ok(box.forward.owes(idOf(1, 1)))
  await box.stop()
  box.cloud.down = undefined
  box.start()
  await box.time.until(() => box.count('verified') === 3)
  assert.equal(box.forward.owes(idOf(1, 1)), false)
  await box.stop()
})

test('when verification is switched off, what was accepted is enough', async () => {
  const box = await relay({ verify: 'find' })
  keepStudy(box.held, 1, 3)
  await box.time.settle()
  await box.stop()
  box.start({})
  await box.time.settle()
  assert.equal(box.count('accepted'), 3)
  assert.equal(box.forward.owes(idOf(1, 1)), false)
  await box.stop()
})

test('a far side that cannot be asked is asked again each hour, and nothing is evicted meanwhile', async () => {
  const box = await relay({ verify: 'find' })
  box.cloud.mute = 'peer-declined'
  keepStudy(box.held, 1, 3)
  for (let question = 1; question <= 5; question++) {
    const before = box.time.passed()
    await box.time.until(() => box.cloud.questions === question)
    if (question > 1) {
      const waited = box.time.passed() - before
      assert.ok(waited >= 3590 && waited <= 3660, `${waited} s`)
    }
    assert.equal(box.count('accepted'), 3)
    assert.ok(box.forward.owes(idOf(1, 1)))
  }
  keepStudy(box.held, 2, 1)
  await box.time.until(() => box.count('accepted') === 4)
  box.cloud.mute = undefined
  await box.time.until(() => box.count('verified') === 4)
  assert.ok([...box.cloud.taken.values()].every(each => each === 1))
  assert.equal(box.forward.owes(idOf(1, 1)), false)
  await box.stop()
})

test('a far side that is believed by its count is compared with all that went there, also with what has left since', async () => {
  const box = await relay({ verify: 'find' })
  keepStudy(box.held, 1, 3)
  await box.time.until(() => box.count('verified') === 3)
  assert.deepEqual([...(box.cloud.delivered ?? [])], [['e1', 3]])
  box.held.remove(idOf(1, 2))
  box.held.keep({ study: 1, image: 4 })
  await box.time.until(() => box.count('verified') === 4)
  assert.deepEqual([...(box.cloud.delivered ?? [])], [['e1', 4]])
  box.held.keep({ study: 2, image: 1 })
  await box.time.until(() => box.count('verified') === 5)
  assert.deepEqual([...(box.cloud.delivered ?? [])], [['e2', 1]])
  await box.stop()
})

test('an image that always fails, or is paused, does not keep the rest of its study from being verified', async () => {
  const box = await relay({ verify: 'find' })
  box.cloud.behave = ({ instance }) => (instance.id === idOf(1, 2) ? 'fail' : 'take')
  keepStudy(box.held, 1, 3)
  await box.time.until(() => box.count('verified') === 2 || box.time.passed() > 7200)
  assert.equal(box.count('verified'), 2)
  assert.equal(box.forward.owes(idOf(1, 1)), false)
  assert.ok(box.forward.owes(idOf(1, 2)))
  box.forward.pauseDeliveries({ study: 's1' })
  box.cloud.behave = () => 'take'
  box.held.keep({ study: 1, image: 4 })
  await box.time.until(() => box.count('verified') === 3)
  box.forward.resumeDeliveries({ study: 's1' })
  await box.time.until(() => box.count('verified') === 4)
  assert.ok([...box.cloud.taken.values()].every(each => each === 1))
  await box.stop()
})
