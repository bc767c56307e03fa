import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { createStandInArchive, idOf } from '../../../test/peers/standInArchive.ts'
import { openStore, type Store } from '../../holdings/catalog/catalog.ts'
import { findDeliveries, sumsOf } from './deliveries.ts'
import { openIntake } from './intake.ts'
import { openLedger } from './ledger.ts'

const root = mkdtempSync(join(tmpdir(), 'waystation-ledger-'))
after(() => rmSync(root, { recursive: true }))

const held = createStandInArchive()
const backoff = { first: 2, cap: 300 }

function ledgerOn(store: Store) {
  const parts = {
    ...{ store, backoff, history: 100, catalog: held.archive.catalog },
    now: () => 1_000_000,
    random: () => 0.5,
    verifiesAfter: () => undefined,
  }
  return { ...openLedger(parts), ...openIntake(parts) }
}

/** What the process leaves on disk when it dies is what was flushed. */
async function afterDeath(work: (store: Store) => void): Promise<Store> {
  const folder = mkdtempSync(join(root, 'store-'))
  const store = await openStore({ folder })
  work(store)
  await store.close()
  const again = await openStore({ folder })
  after(() => again.close())
  return again
}

const toCloud = () => [{ destination: 'cloud', priority: 1 as const }]
const allChanges = () => held.archive.catalog.changes(0, 1000)

for (let image = 1; image <= 5; image++) held.keep({ study: 1, image })

test('what was being sent when the process died is owed after its start', async () => {
  const store = await afterDeath(before => {
    const ledger = ledgerOn(before)
    ledger.take(allChanges(), toCloud)
    const claims = ledger.claim('cloud', 10)
    assert.equal(claims.length, 5)
    ledger.settle([[claims[0]!.delivery, { instance: idOf(1, 1), outcome: 'accepted', status: 0 }]])
  })
  const ledger = ledgerOn(store)
  assert.equal(sumsOf(store, 'cloud').sending.deliveries, 4)
  ledger.recover()
  const sums = sumsOf(store, 'cloud')
  assert.deepEqual(
    [sums.owed, sums.sending, sums.accepted].map(each => each.deliveries),
    [4, 0, 1],
  )
  assert.equal(ledger.after(), 5, 'changes are not read twice')
  assert.deepEqual(
    ledger.claim('cloud', 10).map(each => each.instance.id),
    [2, 3, 4, 5].map(image => idOf(1, image)),
  )
})

test('reading changes again, as after a cut before the cursor was safe, owes nothing twice', async () => {
  const store = await afterDeath(before => ledgerOn(before).take(allChanges(), toCloud))
  const ledger = ledgerOn(store)
  const [first] = ledger.claim('cloud', 1)
  ledger.settle([[first!.delivery, { instance: idOf(1, 1), outcome: 'accepted' }]])
  assert.deepEqual([...ledger.take(allChanges(), toCloud)], [])
  assert.equal(findDeliveries(store, { destination: 'cloud' }).deliveries.length, 5)
  assert.equal(sumsOf(store, 'cloud').owed.deliveries, 4)
})

test('a receipt that comes late for an earlier sending changes nothing but that the far side has it', async () => {
  const store = await afterDeath(before => ledgerOn(before).take(allChanges(), toCloud))
  const ledger = ledgerOn(store)
  const [early] = ledger.claim('cloud', 1)
  ledger.recover()
  const [late] = ledger.claim('cloud', 1)
  assert.equal(late?.instance.id, early?.instance.id)
  const why = { code: 'peer-failed', detail: 'late', advice: '' }
  ledger.settle([[early!.delivery, { instance: idOf(1, 1), outcome: 'declined', why }]])
  assert.equal(sumsOf(store, 'cloud').parked.deliveries, 0)
  ledger.settle([[early!.delivery, { instance: idOf(1, 1), outcome: 'accepted', status: 0 }]])
  assert.equal(sumsOf(store, 'cloud').accepted.deliveries, 1)
  ledger.settle([[late!.delivery, { instance: idOf(1, 1), outcome: 'declined', why }]])
  assert.equal(sumsOf(store, 'cloud').accepted.deliveries, 1)
})
