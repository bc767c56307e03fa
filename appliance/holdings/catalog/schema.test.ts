import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { freshFolders, openHoldings } from '../../../test/faults/holdings.ts'
import type { Fault } from '../../faults.ts'
import { openStore } from './lmdb.ts'
import { bringUpToDate } from './schema.ts'

const freshFolder = freshFolders(after)

test('an older catalogue is brought up step by step, once; a newer one is refused', async () => {
  const store = await openStore({ folder: await freshFolder() })
  bringUpToDate(store, {}, 1)
  const done: number[] = []
  const steps = { 1: () => void done.push(1), 2: () => void done.push(2) }
  bringUpToDate(store, steps, 3)
  bringUpToDate(store, steps, 3)
  assert.deepEqual(done, [1, 2])
  const refused = (thrown: Fault) => thrown.code === 'data-folder-refused'
  assert.throws(() => bringUpToDate(store, {}, 2), refused)
  assert.throws(() => bringUpToDate(store, {}, 4), refused)
  await store.close()
})

test('a catalogue remembers its version also when it is made again', async () => {
  const box = await openHoldings({ folder: await freshFolder() })
  await box.receive()
  await box.archive.forgetCatalog()
  await box.store.close()
  const again = await openHoldings({ folder: box.folder })
  assert.equal(again.archive.catalog.totals().instances, 1)
  await again.close()
})
