import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createForgetfulStore } from '../../../test/peers/forgetfulStore.ts'
import { createSteppedTime } from '../../../test/peers/steppedTime.ts'
import { silentLog } from '../../log.ts'
import type { Priority } from './delivery.ts'
import { openGovernor } from './governor.ts'
import { linkSettings } from './link.ts'

/** A Monday. */
const monday = Date.parse('2026-03-02T00:00:00Z')
const hour = 3_600_000
const wan = { uplink: true }

function office(given: unknown, clock = monday + 12 * hour, store = createForgetfulStore()) {
  const time = createSteppedTime(clock)
  const settings = linkSettings.parse({ timeZone: 'UTC', ...(given as object) })
  const told: string[] = []
  const governor = openGovernor({
    ...{ store, settings: () => settings, now: time.now, pause: time.pause },
    elapsed: time.passed,
    log: {
      ...silentLog,
      info: event => told.push(event),
      warn: (event, { code }) => told.push(`${event} ${code}`),
    },
  })
  return { store, time, governor, told }
}

/** Lets time pass, the wall clock with it. */
async function pass(time: ReturnType<typeof createSteppedTime>, seconds: number): Promise<void> {
  const until = time.passed() + seconds
  void time.pause(seconds, new AbortController().signal)
  await time.until(() => time.passed() >= until)
}

async function* bytes(count: number) {
  for (let at = 0; at < count; at += 65_536) yield new Uint8Array(Math.min(65_536, count - at))
}

test('under a cap of 1 Mbit/s no second of a minute carries more than 1.1 times it, and the minute nearly all', async () => {
  const { time, governor } = office({ cap: 1000 })
  /** Of each quarter of a second. */
  const passed = Array.from({ length: 400 }, () => 0)
  const stop = new AbortController()
  const stream = async () => {
    for await (const piece of governor.carry(bytes(1e8), wan, 1, stop.signal)) {
      passed[Math.floor(time.passed() * 4)]! += piece.length
      if (time.passed() > 70) return
    }
  }
  const streams = [stream(), stream(), stream()]
  await time.until(() => time.passed() > 62)
  stop.abort()
  await Promise.all(streams)
  const between = (from: number, to: number) =>
    passed.slice(from * 4, to * 4).reduce((sum, bytes) => sum + bytes, 0)
  for (let second = 0; second < 60; second += 0.25) {
    const sum = between(second, second + 1)
    assert.ok(sum <= 125_000 * 1.1, `${sum} bytes from second ${second} on`)
  }
  const minute = between(0, 60)
  assert.ok(minute > 125_000 * 60 * 0.95, `${minute} bytes in a minute`)
})

test('the first byte of a STAT image passes within two seconds though the line is full, and then goes first', async () => {
  const { time, governor } = office({ cap: 64 })
  const stop = new AbortController()
  const got = [0, 0, 0]
  const begun: number[] = []
  const stream = async (priority: Priority) => {
    for await (const piece of governor.carry(bytes(1e7), wan, priority, stop.signal)) {
      begun[priority] ??= time.passed()
      got[priority]! += piece.length
    }
  }
  const streams = [stream(1), stream(1), stream(2)]
  await time.until(() => time.passed() > 30)
  const [, before = 0] = got
  const asked = time.passed()
  streams.push(stream(0))
  await time.until(() => time.passed() > asked + 60)
  assert.ok(begun[0]! - asked < 2, `after ${begun[0]! - asked} s`)
  assert.ok(got[0]! > 4 * (got[1]! - before), 'STAT has most of the line')
  assert.ok(got[1]! > before, 'what was under way is not starved')
  stop.abort()
  await Promise.all(streams)
})

test('caps, closed hours and metered hours follow the hours of the week', async () => {
  const { time, governor } = office({
    cap: 1000,
    metered: true,
    windows: [
      { at: '* 8-17 * * 1-5', cap: 256 },
      { at: '* 18 * * *', closed: true },
      { at: '* 0-5 * * *', cap: null, metered: false },
    ],
    offPeak: ['* 20-23,0-5 * * *'],
  })
  const now = () => {
    const { cap, closed, metered, offPeak } = governor.report()
    return [cap, closed, metered, offPeak]
  }
  assert.deepEqual(now(), [256, false, true, false])
  await pass(time, 6 * 3600)
  assert.deepEqual(now(), [1000, true, true, false])
  assert.equal(governor.objection(wan, 1)?.code, 'link-closed')
  assert.equal(governor.objection(wan, 0), undefined, 'STAT goes')
  assert.equal(governor.objection({ uplink: false }, 1), undefined, 'not behind the link')
  await pass(time, 3 * 3600)
  assert.deepEqual(now(), [1000, false, true, true])
  assert.equal(governor.objection(wan, 2)?.code, 'link-metered')
  await pass(time, 4 * 3600)
  assert.deepEqual(now(), [undefined, false, false, true])
  assert.equal(governor.objection(wan, 2), undefined)
  const evening = { uplink: true, windows: ['* 18-23 * * *'] }
  assert.equal(governor.objection(evening, 1)?.code, 'window-closed')
})

test('a byte budget ends with its day, is kept over a restart, and STAT goes beyond it', async () => {
  const { store, time, governor } = office({ budget: { day: '1 MB', month: '10 MB' } })
  const spend = async (on: typeof governor, count: number) => {
    for await (const _ of on.carry(bytes(count), wan, 1, new AbortController().signal));
    on.keep()
  }
  assert.equal(
    governor.room(wan, 1),
    Number.POSITIVE_INFINITY,
    'untouched: even what is larger goes',
  )
  await spend(governor, 600_000)
  assert.ok(governor.room(wan, 1) < 400_000)
  await spend(governor, 600_000)
  assert.equal(governor.objection(wan, 1)?.code, 'budget-spent')
  assert.equal(governor.objection(wan, 0), undefined)

  const again = office({ budget: { day: '1 MB', month: '10 MB' } }, time.now(), store)
  assert.equal(again.governor.objection(wan, 1)?.code, 'budget-spent')
  await pass(again.time, 12 * 3600)
  assert.equal(again.governor.objection(wan, 1), undefined)
  assert.ok(again.governor.report().budget.month.used > 1_200_000)
})

test('after a crash at most a megabyte of what went out is not counted against the budget', async () => {
  const { store, time, governor } = office({ budget: { day: '10 MB' } })
  const sent = 4_500_000
  for await (const _ of governor.carry(bytes(sent), wan, 1, new AbortController().signal));
  const again = office({ budget: { day: '10 MB' } }, time.now(), store)
  const { used } = again.governor.report().budget.day
  assert.ok(used <= sent + 1000 && used > sent - 1_000_000 - 65_536, `${used} bytes counted`)
})

test('a clock not to be believed opens no new budget and no window, says so, and holds nothing up for ever', async () => {
  const asked = {
    cap: 1000,
    windows: [
      { at: '* * * * *', cap: 2000 },
      { at: '* 3 * * *', cap: 64 },
    ],
    budget: { day: '1 MB' },
  }
  const { time, governor, store } = office(asked)
  assert.equal(governor.report().cap, 2000)
  for await (const _ of governor.carry(bytes(1_100_000), { uplink: true }, 0, AbortSignal.abort()));
  governor.keep()
  assert.equal(governor.objection(wan, 1)?.code, 'budget-spent')

  time.setClock(monday + 40 * 24 * hour)
  assert.equal(governor.report().clock.code, 'clock-jumped')
  assert.equal(governor.objection(wan, 1)?.code, 'budget-spent', 'a jump ahead is no new day')
  assert.equal(governor.report().cap, 64, 'the lowest of all caps')

  const cold = office(asked, Date.parse('1970-01-01T00:00:10Z'), store)
  assert.equal(cold.governor.report().clock.code, 'clock-unset')
  assert.match(cold.governor.report().clock.advice ?? '', /time server/)
  const closed = { uplink: true, windows: ['* 3 * * *'] }
  assert.equal(cold.governor.objection(closed, 1)?.code, 'budget-spent')
  await pass(cold.time, 25 * 3600)
  assert.equal(cold.governor.objection(closed, 1), undefined, 'renewed by running time')

  cold.time.setClock(monday + 20 * hour)
  assert.equal(cold.governor.report().clock.trusted, true, 'a clock set right is believed at once')
  assert.deepEqual(cold.told, ['clock-not-believed clock-unset', 'clock-believed'], 'once each')
  const behind = office(asked, monday - 48 * hour, store)
  assert.equal(behind.governor.report().clock.code, 'clock-behind')
  await pass(behind.time, 25 * 3600)
  assert.equal(behind.governor.report().clock.trusted, true, 'after a day of running on')
})
