import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keepStudy, relay } from '../../../test/peers/relay.ts'
import { idOf } from '../../../test/peers/standInArchive.ts'

test('STAT has a connection at once while another image hangs, and a destination waiting to be tried is tried', async () => {
  const stat = { name: 'stat', when: { sender: 'ER' }, send: ['cloud'], priority: 'stat' }
  const box = await relay({ rules: [{ name: 'all', send: ['cloud'] }, stat] })
  box.cloud.behave = ({ instance }) => (instance.study === 's1' ? 'silent' : 'take')
  keepStudy(box.held, 1, 3)
  await box.time.settle()
  const before = box.time.passed()
  box.held.keep({ study: 2, image: 1, callingAeTitle: 'ER' })
  await box.time.settle()
  assert.equal(box.count('accepted'), 1)
  assert.equal(box.time.passed(), before)
  box.cloud.down = 'peer-unreachable'
  box.cloud.timeOut()
  await box.time.until(() => (box.forward.destinations()[0]?.failures ?? 0) > 8)
  box.cloud.down = undefined
  const waiting = box.time.passed()
  box.held.keep({ study: 3, image: 1, callingAeTitle: 'ER' })
  await box.time.settle()
  assert.equal(box.count('accepted'), 2)
  assert.equal(box.time.passed(), waiting)
  await box.stop()
})

test('a spent budget holds images back, says why, and they go the next day', async () => {
  const box = await relay({ link: { timeZone: 'UTC', budget: { day: 2000 } } })
  for (let image = 1; image <= 6; image++) {
    box.held.keep({ study: 1, image, dataset: Buffer.alloc(600) })
  }
  await box.time.until(() => box.forward.destinations()[0]?.heldBack?.code === 'budget-spent')
  assert.ok(box.count('accepted') <= 3, `${box.count('accepted')} went`)
  assert.equal(box.forward.owes(idOf(1, 6)), true)
  // Set ahead, the clock is believed once it has stood for an hour; only then is it another day.
  box.time.setClock(box.time.now() + 86_400_000)
  await box.time.settle()
  const before = box.time.passed()
  await box.time.until(() => box.count('accepted') === 6)
  assert.ok(box.time.passed() - before >= 3600, `${box.time.passed() - before} s`)
  await box.stop()
})

test('whoever follows hears of each destination that changes, and of the plan', async () => {
  const box = await relay()
  const stop = new AbortController()
  const heard: string[] = []
  const following = (async () => {
    for await (const { destinations, plan } of box.forward.follow(stop.signal)) {
      if (plan) heard.push('plan')
      for (const each of destinations) heard.push(`${each.name} ${each.sums.accepted.deliveries}`)
    }
  })()
  await box.time.settle()
  assert.deepEqual(heard, ['plan', 'cloud 0'])
  box.held.keep({ study: 1, image: 1 })
  await box.time.until(() => heard.includes('cloud 1'))
  await box.forward.saveRule({ name: 'x', send: ['cloud'] })
  await box.time.until(() => heard.filter(each => each === 'plan').length === 2)
  stop.abort()
  await following
  await box.stop()
})

test('a far side that takes no second connection gets one at a time, and that is no failure of its', async () => {
  const box = await relay({ parallel: 3 })
  box.cloud.atOnce = 1
  for (let study = 1; study <= 4; study++) keepStudy(box.held, study, 5)
  await box.time.until(() => box.count('accepted') === 20)
  assert.ok(box.cloud.refusals >= 1, 'a second one was tried')
  assert.ok(box.cloud.refusals <= 3, `${box.cloud.refusals} connections were refused`)
  assert.ok([...box.cloud.offered.values()].every(times => times === 1))
  assert.equal(box.cloud.probes, 0)
  assert.equal(box.forward.destinations()[0]?.failures, 0)
  await box.stop()
})

test('a far side that takes two connections gets two, and is asked for a third now and then', async () => {
  const box = await relay({ parallel: 3 })
  box.cloud.atOnce = 2
  keepStudy(box.held, 1, 20)
  await box.time.until(() => box.count('accepted') === 20)
  assert.equal(box.cloud.refusals, 1)
  box.cloud.behave = () => 'silent'
  for (let study = 2; study <= 4; study++) keepStudy(box.held, study, 1)
  await box.time.settle()
  assert.equal(box.forward.destinations()[0]?.connections, 2)
  assert.equal(box.cloud.refusals, 1)
  box.cloud.behave = () => 'take'
  box.cloud.timeOut()
  await box.time.until(() => box.count('accepted') === 23)
  let later = false
  void box.time.pause(600, new AbortController().signal).then(() => {
    later = true
  })
  await box.time.until(() => later)
  keepStudy(box.held, 5, 20)
  await box.time.until(() => box.count('accepted') === 43)
  assert.ok(box.cloud.refusals <= 2, `${box.cloud.refusals} connections were refused`)
  await box.stop()
})

test('where no second connection is taken STAT goes after the image under way', async () => {
  const stat = { name: 'stat', when: { sender: 'ER' }, send: ['cloud'], priority: 'stat' }
  const box = await relay({ rules: [{ name: 'all', send: ['cloud'] }, stat] })
  box.cloud.atOnce = 1
  let came = false
  box.cloud.behave = () => {
    if (!came) box.held.keep({ study: 2, image: 1, callingAeTitle: 'ER' })
    came = true
    return 'take'
  }
  keepStudy(box.held, 1, 50)
  await box.time.until(() => box.count('accepted') === 51)
  const order = [...box.cloud.taken.keys()]
  assert.ok(order.indexOf(idOf(2, 1)) <= 12, `it was number ${order.indexOf(idOf(2, 1)) + 1}`)
  assert.equal(box.forward.destinations()[0]?.failures, 0)
  await box.stop()
})
