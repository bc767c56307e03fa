import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { createStandInArchive } from '../../../test/peers/standInArchive.ts'
import { openStore, type Range, type Store } from '../../holdings/catalog/catalog.ts'
import { openIntake } from './intake.ts'
import { openLedger } from './ledger.ts'
import { openVerification } from './verification.ts'

const root = mkdtempSync(join(tmpdir(), 'waystation-turns-'))
after(() => rmSync(root, { recursive: true }))

/** A ledger with so many images of each of so many studies, and a count of what is searched for. */
async function ledgerWith(studies: number, images: number) {
  const opened = await openStore({ folder: mkdtempSync(join(root, 'store-')) })
  after(() => opened.close())
  const asked = { searches: 0, fromStart: 0 }
  const store: Store = {
    ...opened,
    *range<T>(range?: Range) {
      asked.searches++
      if (range?.limit === 1 && !range.from) asked.fromStart++
      yield* opened.range<T>(range)
    },
  }
  const held = createStandInArchive()
  const catalog = held.archive.catalog
  const backoff = { first: 2, cap: 300 }
  const parts = { store, catalog, backoff, now: () => 1_000_000, random: () => 0.5, history: 9 }
  const ledger = openLedger({ ...parts, verifiesAfter: () => undefined })
  const intake = openIntake(parts)
  const verification = openVerification(parts)
  const owe = (priority: 0 | 1 | 2, ...to: string[]) =>
    intake.take(catalog.changes(intake.after(), 10_000), () =>
      to.map(destination => ({ destination, priority })),
    )
  for (let study = 1; study <= studies; study++)
    for (let image = 1; image <= images; image++) held.keep({ study, image })
  owe(1, 'cloud', 'dead')
  return { ledger, verification, held, owe, asked }
}

test('a destination that waits searches for nothing while images come for it and for others', async () => {
  const { ledger, verification, held, owe, asked } = await ledgerWith(3, 20)
  const look = () => [
    ledger.urgency('dead'),
    ledger.ripen('dead'),
    verification.nextIn('dead'),
    verification.due('dead'),
  ]
  const expected = [1, undefined, undefined, undefined]
  assert.deepEqual(look(), expected)
  for (let image = 21; image <= 60; image++) {
    held.keep({ study: 2, image })
    held.keep({ study: 4, image })
    owe(1, 'cloud', 'dead')
  }
  for (const claim of ledger.claim('cloud', 1000))
    ledger.settle([[claim.delivery, { instance: claim.instance.id, outcome: 'accepted' }]])
  asked.searches = 0
  assert.deepEqual(look(), expected)
  assert.equal(asked.searches, 0)
})

test('what is first in turn is found whatever comes before it, goes or returns', async () => {
  const { ledger, held, owe } = await ledgerWith(3, 4)
  const takeAll = () => ledger.claim('cloud', 1000).map(each => each.instance.id)
  assert.equal(ledger.urgency('cloud'), 1)
  held.keep({ study: 9, image: 1 })
  owe(0, 'cloud')
  assert.equal(ledger.urgency('cloud'), 0, 'STAT is before what was first')
  assert.deepEqual(takeAll(), ['i9-1'])
  assert.equal(ledger.urgency('cloud'), 1)
  held.remove('i1-1')
  owe(1)
  const first = ledger.claim('cloud', 2)
  assert.deepEqual(
    first.map(each => each.instance.id),
    ['i1-2', 'i1-3'],
  )
  ledger.giveBack(first.map(each => each.delivery))
  assert.deepEqual(takeAll(), ['i1-2', 'i1-3', 'i1-4'], 'given back is first again')
  held.keep({ study: 1, image: 5 })
  owe(1, 'cloud')
  assert.deepEqual(takeAll(), ['i1-5'], 'late, of the oldest study')
  assert.equal(takeAll().length, 4)
  assert.equal(ledger.urgency('cloud'), 1)
  assert.equal(takeAll().length, 4)
  assert.equal(ledger.urgency('cloud'), undefined)
  assert.deepEqual(takeAll(), [])
  ledger.withdraw({ destination: 'dead' }, { code: 'x', detail: 'x', advice: 'x' })
  assert.equal(ledger.urgency('dead'), undefined)
})

test('a study is claimed without passing over all that were claimed before it', async () => {
  const { ledger, asked } = await ledgerWith(10, 20)
  asked.fromStart = 0
  while (ledger.claim('cloud', 1000).length > 0);
  assert.equal(asked.fromStart, 1)
})
