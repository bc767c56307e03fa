import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createBadCloud } from '../../../test/peers/badCloud.ts'
import { createForgetfulStore } from '../../../test/peers/forgetfulStore.ts'
import { keepStudy, type Relay, relay } from '../../../test/peers/relay.ts'
import { createStandInArchive, idOf } from '../../../test/peers/standInArchive.ts'
import { createSteppedTime } from '../../../test/peers/steppedTime.ts'
import { silentLog } from '../../log.ts'
import { keys } from './delivery.ts'
import { createForward, forwardSettings } from './forward.ts'

const away = { name: 'away', kind: 'dimse', aet: 'AWAY', host: '10.1.1.1' }

function problemsOf(saved: object): string[] {
  return 'problems' in saved
    ? (saved.problems as { path: string; message: string }[]).map(each => each.path)
    : []
}

/** A destination and a rule for it, entered while the box runs. */
async function enter(box: Relay, rule: object = { name: 'more', send: ['away'] }): Promise<void> {
  assert.deepEqual(await box.forward.saveDestination(away), { saved: 'away' })
  assert.deepEqual(problemsOf(await box.forward.saveRule(rule)), [])
}

test('a destination and a rule entered at run time carry images at once and after a restart', async () => {
  const box = await relay({ rules: [] })
  await enter(box)
  keepStudy(box.held, 1, 2)
  await box.time.until(() => box.count('accepted', 'away') === 2)
  await box.stop()
  box.start()
  box.held.keep({ study: 1, image: 3 })
  await box.time.until(() => box.count('accepted', 'away') === 3)
  await box.forward.removeRule('more')
  box.held.keep({ study: 1, image: 4 })
  await box.time.settle()
  assert.equal(box.count('owed', 'away') + box.count('accepted', 'away'), 3)
  await box.stop()
})

test('rules and destinations of the configuration file are shown and cannot be changed', async () => {
  const box = await relay()
  await enter(box)
  assert.deepEqual(
    box.forward.rules().map(each => [each.name, each.locked]),
    [
      ['all', true],
      ['more', false],
    ],
  )
  const locked = { code: 'not-allowed' }
  await assert.rejects(box.forward.removeRule('all'), locked)
  await assert.rejects(
    box.forward.saveRule({ name: 'all', drop: true }, { instead: 'all' }),
    locked,
  )
  await assert.rejects(box.forward.saveDestination(away, 'cloud'), locked)
  await assert.rejects(box.forward.removeDestination('cloud'), locked)
  await assert.rejects(box.forward.removeRule('none'), { code: 'not-found' })
  await box.stop()
})

test('everything that is wrong with a rule is told at once, and nothing is saved', async () => {
  const box = await relay()
  const saved = await box.forward.saveRule({
    name: 'all',
    when: {
      all: [
        { tags: { Modalty: 'CT' } },
        { hours: { from: '08:00', to: '08:00' } },
        { arrived: '* 25 * * *' },
      ],
    },
    send: ['cloud', 'clod'],
    priority: 'urgent',
  })
  assert.deepEqual(problemsOf(saved).sort(), [
    'name',
    'priority',
    'send.1',
    'when.all.0.tags.Modalty',
    'when.all.1.hours',
    'when.all.2.arrived',
  ])
  let nested: object = { modality: 'CT' }
  for (let depth = 0; depth < 5000; depth++) nested = { not: nested }
  const deep = await box.forward.saveRule({ name: 'deep', when: nested, send: ['cloud'] })
  assert.ok(problemsOf(deep).length > 0)
  assert.equal(box.forward.rules().length, 1)
  await box.stop()
})

test('a destination that rules name is not removed; removed, it is owed nothing, and all again when it returns', async () => {
  const box = await relay({ rules: [] })
  await enter(box)
  box.clouds.get('away')!.down = 'peer-unreachable'
  keepStudy(box.held, 1, 2)
  await box.time.settle()
  assert.deepEqual(problemsOf(await box.forward.removeDestination('away')), ['name'])
  await box.forward.removeRule('more')
  assert.deepEqual(await box.forward.removeDestination('away'), { saved: 'away' })
  assert.equal(box.count('withdrawn', 'away'), 2)
  assert.equal(box.forward.owes(idOf(1, 1)), false)
  box.clouds.get('away')!.down = undefined
  await box.forward.saveDestination(away)
  await box.time.until(() => box.count('accepted', 'away') === 2)
  await box.stop()
})

test('a destination that changes goes on with what it is owed; its name stays', async () => {
  const box = await relay({ rules: [] })
  await enter(box)
  box.clouds.get('away')!.down = 'peer-unreachable'
  keepStudy(box.held, 1, 2)
  await box.time.settle()
  assert.deepEqual(
    problemsOf(await box.forward.saveDestination({ ...away, name: 'other' }, 'away')),
    ['name'],
  )
  await box.forward.saveDestination({ ...away, port: 11112 }, 'away')
  box.clouds.get('away')!.down = undefined
  await box.time.until(() => box.count('accepted', 'away') === 2)
  await box.stop()
})

test('rules are asked in their order, and a final one is the last', async () => {
  const box = await relay({ rules: [] })
  await enter(box, { name: 'one', when: { modality: 'CT' }, send: ['away'], final: true })
  await box.forward.saveRule({ name: 'two', send: ['cloud'] })
  box.held.keep({ study: 1, image: 1, tags: { Modality: 'CT' } })
  await box.time.until(() => box.count('accepted', 'away') === 1)
  assert.equal(box.count('accepted'), 0)
  assert.deepEqual(problemsOf(await box.forward.orderRules(['two'])), [''])
  await box.forward.orderRules(['two', 'one'])
  box.held.keep({ study: 2, image: 1, tags: { Modality: 'CT' } })
  await box.time.until(() => box.count('accepted', 'away') === 2 && box.count('accepted') === 1)
  await box.stop()
})

test('what a person saved or told is there after a power cut in the next moment', async () => {
  const store = createForgetfulStore()
  const start = () =>
    createForward({
      ...{ archive: createStandInArchive().archive, store, aeTitle: 'WAYSTATION' },
      ...{ log: silentLog, now: Date.now, random: () => 0.5, pause: async () => {} },
      settings: forwardSettings.parse({}),
    })
  const forward = start()
  await forward.saveDestination(away)
  await forward.saveRule({ name: 'more', send: ['away'] })
  await forward.saveLink({ cap: 384 })
  forward.pause('away')
  await forward.kept()
  store.cutPower(100)
  const again = start()
  assert.deepEqual(
    [again.configured(), again.rules()].map(all => all.map(each => each.name)),
    [['away'], ['more']],
  )
  assert.equal(again.link().settings.cap, 384)
  assert.notEqual(again.destinations()[0]?.pausedAt, undefined)
})

test('a destination whose settings do not stand any more is owed what comes, shown with the reason, and has all of it once mended', async () => {
  const store = createForgetfulStore()
  const held = createStandInArchive()
  const time = createSteppedTime()
  const cloud = createBadCloud('away')
  const saved = { rules: [{ name: 'more', send: ['away'] }], destinations: [{ ...away, gone: 1 }] }
  store.space('forward').commit({ put: [[keys.plan, saved]] })
  const forward = createForward({
    ...{ archive: held.archive, store, aeTitle: 'WAYSTATION', log: silentLog },
    ...{ now: time.now, random: () => 0.5, pause: time.pause, open: () => cloud.destination },
    settings: forwardSettings.parse({}),
  })
  const stopping = new AbortController()
  const running = forward.run(stopping.signal)
  keepStudy(held, 1, 2)
  await time.settle()
  const [shown] = forward.destinations()
  assert.equal(shown?.sums.owed.deliveries, 2)
  assert.deepEqual([shown.state, shown.why?.code], ['misconfigured', 'settings-refused'])
  assert.match(shown.why?.detail ?? '', /gone/)
  assert.ok(forward.owes(idOf(1, 1)))
  assert.deepEqual(await forward.saveDestination(away, 'away'), { saved: 'away' })
  await time.until(() => forward.destinations()[0]?.sums.accepted.deliveries === 2)
  stopping.abort()
  await running
})
