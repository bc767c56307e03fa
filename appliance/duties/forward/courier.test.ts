import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createBadCloud } from '../../../test/peers/badCloud.ts'
import { createForgetfulStore } from '../../../test/peers/forgetfulStore.ts'
import { createStandInArchive, idOf } from '../../../test/peers/standInArchive.ts'
import { createSteppedTime } from '../../../test/peers/steppedTime.ts'
import { Fault, type FaultCode } from '../../faults.ts'
import type { Log } from '../../log.ts'
import { createBell } from './bell.ts'
import { createCourier } from './courier.ts'
import { sumsOf } from './deliveries.ts'
import type { Receipt } from './destinations/destination.ts'
import { openGovernor } from './governor.ts'
import { openIntake } from './intake.ts'
import { type Ledger, openLedger } from './ledger.ts'
import { linkSettings } from './link.ts'
import { openStandings } from './standing.ts'
import { createTempo } from './tempo.ts'
import { openVerification } from './verification.ts'

const link = linkSettings.parse({})
const toCloud = () => [{ destination: 'cloud', priority: 1 as const }]

function office(
  images: number,
  wrap: (ledger: Ledger) => Ledger = ledger => ledger,
  down?: FaultCode,
) {
  const store = createForgetfulStore()
  const time = createSteppedTime()
  const held = createStandInArchive()
  const cloud = createBadCloud('cloud')
  cloud.down = down
  const bell = createBell(time.pause)
  const lines: string[] = []
  const log: Log = {
    info: event => lines.push(event),
    warn: event => lines.push(event),
    error: event => lines.push(event),
    debug() {},
  }
  const parts = { store, now: time.now, random: () => 0.5, backoff: { first: 2, cap: 300 } }
  const { catalog } = held.archive
  const ledger = openLedger({ ...parts, catalog, verifiesAfter: () => undefined })
  const intake = openIntake({ ...parts, catalog, history: 100 })
  for (let image = 1; image <= images; image++) held.keep({ study: 1, image })
  intake.take(catalog.changes(0, 10_000), toCloud)
  const receipts: Receipt[] = []
  const courier = createCourier({
    destination: cloud.destination,
    carried: { uplink: true },
    governor: openGovernor({
      ...{ store, now: time.now, elapsed: time.passed, pause: time.pause, log },
      settings: () => link,
    }),
    tempo: createTempo({ least: 1, most: 1, elapsed: time.passed }),
    elapsed: time.passed,
    ledger: wrap(ledger),
    verification: openVerification(parts),
    standings: openStandings(parts),
    instance: id => catalog.instance(id),
    open: held.archive.open,
    ...{ bell, pause: time.pause, log },
    onReceipt: (_, receipt) => receipts.push(receipt),
  })
  const stopping = new AbortController()
  return {
    ...{ store, time, held, cloud, lines, receipts },
    running: courier.run(stopping.signal),
    stop: () => stopping.abort(),
    sums: () => sumsOf(store, 'cloud'),
  }
}

test('a receipt that the disk would not take is held until it does', async () => {
  let refusals = 3
  const box = office(2, ledger => ({
    ...ledger,
    settle(outcomes) {
      if (refusals-- > 0) throw new Fault('storage-full')
      ledger.settle(outcomes)
    },
  }))
  await box.time.until(() => box.sums().accepted.deliveries === 2)
  assert.equal(box.cloud.taken.get(idOf(1, 1)), 1)
  assert.equal(box.lines.filter(each => each === 'ledger-failed').length, 3)
  box.stop()
  await box.running
})

test('a courier goes on after a fault that nobody foresaw', async () => {
  let claims = 0
  const box = office(2, ledger => ({
    ...ledger,
    claim(destination, limit) {
      if (claims++ === 0) throw new TypeError('a defect')
      return ledger.claim(destination, limit)
    },
  }))
  await box.time.until(() => box.sums().accepted.deliveries === 2)
  assert.deepEqual(box.lines, ['courier-failed'])
  box.stop()
  await box.running
})

test('the log tells once that a destination fails, and once of each parked image', async () => {
  const box = office(3, undefined, 'peer-refused')
  await box.time.until(() => box.cloud.probes === 20)
  assert.deepEqual(box.lines, ['destination-failed'])
  box.cloud.down = undefined
  box.cloud.behave = () => 'decline'
  await box.time.until(() => box.sums().parked.deliveries === 3)
  assert.equal(box.lines.filter(each => each === 'delivery-parked').length, 3)
  assert.equal(box.receipts.length, 3)
  box.stop()
  await box.running
})

test('when what was in turn is gone after the probe, the courier looks again for the rest', async () => {
  let gone = true
  const box = office(
    2,
    ledger => ({
      ...ledger,
      claim(destination, limit) {
        if (gone && box.cloud.probes === 1) {
          gone = false
          return []
        }
        return ledger.claim(destination, limit)
      },
    }),
    'peer-unreachable',
  )
  box.cloud.onProbe = () => {
    box.cloud.down = undefined
  }
  await box.time.until(() => box.sums().accepted.deliveries === 2)
  box.stop()
  await box.running
})

test('stopping leaves what is not yet sent owed, and nothing sending', async () => {
  const box = office(10)
  box.cloud.behave = ({ instance }) => {
    if (instance.id === idOf(1, 4)) box.stop()
    return 'take'
  }
  await box.running
  assert.equal(box.sums().accepted.deliveries, 4)
  assert.equal(box.sums().owed.deliveries, 6)
  assert.equal(box.sums().sending.deliveries, 0)
})
