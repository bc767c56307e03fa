import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keepStudy, relay } from '../../../test/peers/relay.ts'
import { idOf } from '../../../test/peers/standInArchive.ts'

test('what comes into the archive arrives at the destination, its dataset unchanged', async () => {
  const box = await relay()
  const dataset = Buffer.from([8, 0, 5, 0, 67, 83])
  box.held.keep({ study: 1, image: 1, dataset })
  await box.time.until(() => box.count('accepted') === 1)
  assert.deepEqual(box.cloud.bytes.get(idOf(1, 1)), dataset)
  assert.equal(box.count('owed'), 0)
  await box.stop()
})

test('a study goes over one connection', async () => {
  const box = await relay()
  box.cloud.down = 'peer-unreachable'
  keepStudy(box.held, 1, 40)
  keepStudy(box.held, 2, 30)
  await box.time.until(() => box.cloud.probes > 2)
  box.cloud.down = undefined
  await box.time.until(() => box.count('accepted') === 70)
  assert.deepEqual(
    box.cloud.connections.map(each => each.length),
    [40, 30],
  )
  await box.stop()
})

test('after a cut only what has no receipt is sent again', async () => {
  const box = await relay()
  box.cloud.down = 'peer-unreachable'
  keepStudy(box.held, 1, 50)
  await box.time.until(() => box.count('owed') === 50)
  let cuts = 5
  box.cloud.behave = ({ instance }) => {
    if (cuts === 0 || Number(instance.id.split('-')[1]) % 10 !== 7) return 'take'
    cuts--
    return 'cut'
  }
  box.cloud.down = undefined
  await box.time.until(() => box.count('accepted') === 50)
  const offers = [...box.cloud.offered.values()].reduce((sum, each) => sum + each, 0)
  assert.equal(offers, 55)
  assert.ok([...box.cloud.taken.values()].every(each => each === 1))
  await box.stop()
})

test('an answer lost with the connection costs one repeat', async () => {
  const box = await relay()
  let lost = 1
  box.cloud.behave = () => (lost-- > 0 ? 'take and cut' : 'take')
  box.held.keep({ study: 1, image: 1 })
  await box.time.until(() => box.count('accepted') === 1)
  assert.equal(box.cloud.taken.get(idOf(1, 1)), 2)
  await box.stop()
})

test('what is given out whole is sent until its answer comes, is not evicted, and is owed again after a restart', async () => {
  const box = await relay()
  box.cloud.behave = () => 'take and fall silent'
  keepStudy(box.held, 1, 2)
  await box.time.until(() => box.count('sent') === 1)
  assert.deepEqual(box.forward.study('s1'), { cloud: { sent: 1, sending: 1 } })
  assert.equal(box.forward.deliveries({ state: 'sent' }).deliveries[0]?.instance, idOf(1, 1))
  assert.ok(box.forward.owes(idOf(1, 1)))
  await box.stop()
  box.start()
  box.cloud.behave = () => 'take and fall silent'
  assert.equal(box.count('sent'), 0)
  await box.time.until(() => box.count('sent') === 1)
  box.cloud.behave = () => 'take'
  box.cloud.timeOut()
  await box.time.until(() => box.count('accepted') === 2)
  assert.equal(box.cloud.taken.get(idOf(1, 1)), 3)
  await box.stop()
})

test('what the destination declines is parked with its reason, and goes on when told to', async () => {
  const box = await relay()
  box.cloud.behave = ({ instance }) => (instance.id === idOf(1, 2) ? 'decline' : 'take')
  keepStudy(box.held, 1, 3)
  await box.time.until(() => box.count('parked') === 1 && box.count('accepted') === 2)
  const { deliveries } = box.forward.deliveries({ state: 'parked' })
  assert.equal(deliveries.length, 1)
  assert.equal(deliveries[0]?.status, 0xc000)
  assert.match(deliveries[0]?.why?.detail ?? '', /0xC000/)
  assert.ok(box.forward.owes(idOf(1, 2)), 'what is parked may not be evicted')
  await box.stop()
  box.start()
  await box.time.settle()
  assert.equal(box.cloud.offered.get(idOf(1, 2)), 1, 'no restart sends it again by itself')
  box.cloud.behave = () => 'take'
  assert.equal(box.forward.retry({ destination: 'cloud' }), 1)
  await box.time.until(() => box.count('accepted') === 3)
  assert.equal(box.forward.owes(idOf(1, 2)), false)
  await box.stop()
})

test('an image that always fails holds up neither its study nor later ones', async () => {
  const box = await relay()
  box.cloud.behave = ({ instance }) => (instance.id === idOf(1, 1) ? 'fail' : 'take')
  keepStudy(box.held, 1, 20)
  keepStudy(box.held, 2, 20)
  await box.time.until(() => box.count('accepted') === 39)
  assert.equal(box.count('owed'), 1)
  keepStudy(box.held, 3, 5)
  await box.time.until(() => box.count('accepted') === 44)
  await box.stop()
})

test('studies that always fail go behind those that do not', async () => {
  const box = await relay()
  box.cloud.behave = ({ instance }) => (Number(instance.study.slice(1)) <= 30 ? 'fail' : 'take')
  for (let study = 1; study <= 30; study++) keepStudy(box.held, study, 5)
  await box.time.until(() => (box.forward.destinations()[0]?.failures ?? 0) > 100)
  for (let study = 31; study <= 40; study++) {
    const before = box.time.passed()
    keepStudy(box.held, study, 5)
    await box.time.until(() => box.count('accepted') === (study - 30) * 5)
    assert.ok(box.time.passed() - before <= 300, 'within one wait')
  }
  await box.stop()
})

test('a destination without room is spared the images it would not take', async () => {
  const box = await relay()
  box.cloud.behave = () => 'full'
  keepStudy(box.held, 1, 100)
  await box.time.until(() => (box.forward.destinations()[0]?.failures ?? 0) === 5)
  const offers = [...box.cloud.offered.values()].reduce((sum, each) => sum + each, 0)
  assert.ok(offers <= 5, `${offers} were offered`)
  box.cloud.behave = () => 'take'
  await box.time.until(() => box.count('accepted') === 100)
  await box.stop()
})

test('a dead, a rejecting and a silent destination leave a fourth one alone', async () => {
  const box = await relay({ destinations: ['dead', 'rejecting', 'silent', 'cloud'] })
  box.clouds.get('dead')!.down = 'peer-unreachable'
  box.clouds.get('rejecting')!.behave = () => 'decline'
  box.clouds.get('silent')!.behave = () => 'silent'
  box.cloud = box.clouds.get('cloud')!
  for (let study = 1; study <= 10; study++) keepStudy(box.held, study, 10)
  // No time need pass for it: it waits for none of the others.
  await box.time.settle()
  assert.equal(box.count('accepted'), 100)
  assert.equal(box.time.passed(), 0)
  assert.equal(box.count('parked', 'rejecting'), 100)
  assert.equal(box.count('owed', 'dead'), 100)
  assert.equal(box.count('owed', 'silent') + box.count('sending', 'silent'), 100)
  await box.stop()
  assert.equal(box.count('owed', 'silent'), 100)
})

test('a STAT study interrupts another between two images, and has all of the line', async () => {
  const box = await relay({
    rules: [
      { name: 'all', send: ['cloud'] },
      { name: 'urgent', send: ['cloud'], priority: 'stat', when: { sender: 'ER*' } },
    ],
  })
  const order: string[] = []
  let sent = 0
  box.cloud.behave = ({ instance }) => {
    order.push(instance.study)
    if (++sent === 10) {
      box.held.keep({ study: 2, image: 1, callingAeTitle: 'ER01' })
      box.held.keep({ study: 2, image: 2, callingAeTitle: 'ER01' })
    }
    return 'take'
  }
  keepStudy(box.held, 1, 50)
  await box.time.until(() => box.count('accepted') === 52)
  const begun = order.indexOf('s2')
  assert.ok(begun > 9 && begun < 14, `it began after ${begun} images`)
  assert.equal(order.lastIndexOf('s2') - begun, 1)
  assert.ok([...box.cloud.taken.values()].every(each => each === 1))
  await box.stop()
})

test('a rule for stable studies waits for them, and nothing of them is evicted meanwhile', async () => {
  const box = await relay({ rules: [{ name: 'r', send: ['cloud'], on: 'stable' }] })
  keepStudy(box.held, 1, 3)
  await box.time.settle()
  assert.equal(box.cloud.offered.size, 0)
  assert.ok(box.forward.owes(idOf(1, 1)))
  box.held.settle(1)
  assert.ok(box.forward.owes(idOf(1, 1)))
  await box.time.until(() => box.count('accepted') === 3)
  assert.equal(box.forward.owes(idOf(1, 1)), false)
  box.held.keep({ study: 1, image: 4 })
  box.held.settle(1)
  await box.time.until(() => box.count('accepted') === 4)
  assert.ok(
    [...box.cloud.taken.values()].every(each => each === 1),
    'a late image goes alone',
  )
  await box.stop()
})

test('what a rule holds is parked until a person sends or withdraws it', async () => {
  const box = await relay({ rules: [{ name: 'r', send: ['cloud'], hold: true }] })
  keepStudy(box.held, 1, 2)
  await box.time.until(() => box.count('parked') === 2)
  assert.equal(box.forward.release({ instance: idOf(1, 1) }), 1)
  await box.time.until(() => box.count('accepted') === 1)
  assert.equal(box.forward.reject({ study: 's1' }, 'a phantom'), 1)
  const [withdrawn] = box.forward.deliveries({ state: 'withdrawn' }).deliveries
  assert.equal(withdrawn?.why?.detail, 'a phantom')
  assert.equal(box.forward.owes(idOf(1, 2)), false)
  await box.stop()
})

test('a paused destination gets nothing, over restarts too, until it is resumed', async () => {
  const box = await relay()
  let sent = 0
  box.cloud.behave = () => {
    if (++sent === 2) box.forward.pause('cloud')
    return 'take'
  }
  keepStudy(box.held, 1, 6)
  await box.time.settle()
  const before = box.count('accepted')
  assert.ok(before < 6 && before >= 2)
  assert.equal(box.forward.destinations()[0]?.state, 'paused')
  await box.stop()
  box.start()
  await box.time.settle()
  assert.equal(box.count('accepted'), before)
  assert.equal(box.count('owed'), 6 - before)
  box.forward.resume('cloud')
  await box.time.until(() => box.count('accepted') === 6)
  assert.throws(() => box.forward.pause('clod'), { code: 'not-found' })
  await box.stop()
})

test('deliveries are listed by page, filter and sum', async () => {
  const box = await relay()
  box.cloud.behave = ({ instance }) => (instance.study === 's2' ? 'decline' : 'take')
  keepStudy(box.held, 1, 7)
  keepStudy(box.held, 2, 5)
  await box.time.until(() => box.count('parked') === 5 && box.count('accepted') === 7)
  const seen: string[] = []
  let after: string | undefined
  do {
    const page = box.forward.deliveries({ limit: 5, ...(after ? { after } : {}) })
    seen.push(...page.deliveries.map(each => each.instance))
    after = page.next
  } while (after)
  assert.equal(new Set(seen).size, 12)
  assert.equal(seen.length, 12)
  assert.equal(box.forward.deliveries({ study: 's2' }).deliveries.length, 5)
  assert.equal(box.forward.deliveries({ study: 's2', state: 'accepted' }).deliveries.length, 0)
  assert.deepEqual(box.forward.study('s2'), { cloud: { parked: 5 } })
  const [report] = box.forward.destinations()
  assert.equal(report?.oldestSeconds, undefined, 'what is parked waits for a person')
  assert.throws(() => box.forward.deliveries({ after: 'nonsense' }), { code: 'request-malformed' })
  await box.stop()
})

test('several studies go at once when the settings say so', async () => {
  const box = await relay({ parallel: 3 })
  box.cloud.behave = ({ instance }) => (instance.study === 's1' ? 'silent' : 'take')
  keepStudy(box.held, 1, 2)
  await box.time.settle()
  keepStudy(box.held, 2, 2)
  await box.time.until(() => box.count('accepted') === 2)
  assert.equal(box.count('sending'), 2)
  await box.stop()
  assert.equal(box.count('owed'), 2)
})

test('of a study that is withdrawn while it is sent only the image under way still arrives', async () => {
  const box = await relay()
  box.cloud.behave = ({ instance, calledOff }) => {
    if (instance.id !== idOf(1, 2)) return 'take'
    assert.equal(calledOff?.(), undefined)
    assert.equal(box.forward.withdraw({ study: 's1' }, 'another patient'), 9)
    assert.equal(calledOff?.()?.code, 'not-found', 'also where it was opened before')
    return 'take'
  }
  keepStudy(box.held, 1, 10)
  keepStudy(box.held, 2, 3)
  await box.time.until(() => box.count('accepted') === 4)
  assert.deepEqual(
    [...box.cloud.taken.keys()].filter(each => each.startsWith('i1-')),
    [idOf(1, 1)],
  )
  assert.equal(box.count('withdrawn'), 9)
  await box.stop()
})
