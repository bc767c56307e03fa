import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { freshFolders, openHoldings } from '../../../test/faults/holdings.ts'
import { openCatalog } from './catalog.ts'
import { createChangeLog } from './changelog.ts'
import { createForgetting } from './forget.ts'

const freshFolder = freshFolders(after)

test('everything a large removal takes along is told of, however many commits it takes', async () => {
  const box = await openHoldings({ folder: await freshFolder() })
  for (const series of [1, 2, 3]) {
    for (const instance of [1, 2]) await box.receive({ patient: 'A', study: 1, series, instance })
  }
  const { catalog } = box.archive
  const [patient] = catalog.ids('Patient')
  const gone = [...catalog.ids('Study'), ...catalog.ids('Series'), patient!].sort()
  const before = catalog.lastChange()

  const store = box.store.space('c')
  const now = () => new Date('2026-01-01T00:00:00Z')
  createForgetting(store, createChangeLog(store, now), now, 2).forget(patient!)
  const { catalog: reopened } = await openCatalog({ store: box.store, now })
  const told = reopened.changes(before, 100).filter(each => each.kind === 'Deleted')
  assert.deepEqual(told.map(each => each.id).sort(), gone)
  assert.deepEqual(catalog.totals(), { patients: 0, studies: 0, series: 0, instances: 0, bytes: 0 })
  await box.close()
})
