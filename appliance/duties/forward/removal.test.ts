import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keepStudy, relay } from '../../../test/peers/relay.ts'
import { idOf } from '../../../test/peers/standInArchive.ts'

test('what leaves the archive while owed is withdrawn with the reason', async () => {
  const box = await relay()
  box.cloud.down = 'peer-unreachable'
  keepStudy(box.held, 1, 3)
  await box.time.until(() => box.count('owed') === 3)
  box.held.remove(idOf(1, 2))
  await box.time.until(() => box.count('withdrawn') === 1)
  const [withdrawn] = box.forward.deliveries({ state: 'withdrawn' }).deliveries
  assert.equal(withdrawn?.why?.code, 'not-found')
  box.cloud.down = undefined
  await box.time.until(() => box.count('accepted') === 2)
  assert.equal(box.cloud.offered.has(idOf(1, 2)), false)
  await box.stop()
})

test('a study that is removed as a whole is withdrawn with every image of it', async () => {
  const box = await relay()
  box.cloud.down = 'peer-unreachable'
  keepStudy(box.held, 1, 12)
  keepStudy(box.held, 2, 3)
  await box.time.until(() => box.count('owed') === 15)
  box.held.removeStudy(1)
  await box.time.until(() => box.count('withdrawn') === 12)
  assert.equal(box.count('owed'), 3)
  await box.stop()
})

test('what was removed and comes again is owed again; a repeat is not', async () => {
  const box = await relay()
  box.held.keep({ study: 1, image: 1 })
  await box.time.until(() => box.count('accepted') === 1)
  box.held.keep({ study: 1, image: 1 })
  await box.time.settle()
  assert.equal(box.cloud.taken.get(idOf(1, 1)), 1)
  box.held.remove(idOf(1, 1))
  box.held.keep({ study: 1, image: 1 })
  await box.time.until(() => box.cloud.taken.get(idOf(1, 1)) === 2)
  box.held.keep({ study: 1, image: 1, dataset: Buffer.from('other bytes') })
  await box.time.until(() => box.cloud.taken.get(idOf(1, 1)) === 3)
  assert.equal(box.count('accepted'), 1)
  await box.stop()
})

test('a destination taken out of the settings is owed nothing, and everything when it returns', async () => {
  const box = await relay({ destinations: ['cloud', 'other'] })
  box.cloud = box.clouds.get('cloud')!
  box.cloud.down = 'peer-unreachable'
  keepStudy(box.held, 1, 4)
  await box.time.until(() => box.count('owed') === 4 && box.count('accepted', 'other') === 4)
  assert.ok(box.forward.owes(idOf(1, 1)))
  await box.stop()
  box.start({ destinations: ['other'] })
  await box.time.settle()
  assert.equal(box.count('withdrawn'), 4)
  assert.equal(box.forward.owes(idOf(1, 1)), false)
  assert.equal(box.forward.destinations().find(each => each.name === 'cloud')?.state, 'removed')
  await box.stop()
  box.cloud.down = undefined
  box.start({ destinations: ['other', 'cloud'] })
  await box.time.until(() => box.count('accepted') === 4)
  await box.stop()
})

test('a change log begun anew is read anew, and nothing is sent twice for it', async () => {
  const box = await relay()
  keepStudy(box.held, 1, 5)
  await box.time.until(() => box.count('accepted') === 5)
  await box.stop()
  keepStudy(box.held, 2, 1)
  box.held.renumber()
  box.start()
  await box.time.until(() => box.count('accepted') === 6)
  assert.ok([...box.cloud.taken.values()].every(each => each === 1))
  await box.stop()
})

test('nothing may be evicted before its change was read', async () => {
  const box = await relay()
  await box.time.settle()
  await box.stop()
  box.held.keep({ study: 1, image: 1 })
  assert.ok(box.forward.owes(idOf(1, 1)))
  assert.equal(box.forward.owes(idOf(9, 9)), false)
  box.start()
  await box.time.until(() => box.count('accepted') === 1)
  assert.equal(box.forward.owes(idOf(1, 1)), false)
  await box.stop()
})

test('finished deliveries of images that have left are remembered up to a number', async () => {
  const box = await relay({ history: 10 })
  keepStudy(box.held, 1, 30)
  await box.time.until(() => box.count('accepted') === 30)
  for (let image = 1; image <= 25; image++) box.held.remove(idOf(1, image))
  await box.time.until(() => box.count('accepted') === 15)
  assert.deepEqual(box.forward.study('s1'), { cloud: { accepted: 15 } })
  await box.stop()
})
