import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { freshFolders } from '../../../test/faults/holdings.ts'
import { openCatalog, openStore } from './catalog.ts'

const freshFolder = freshFolders(after)
const now = () => new Date('2026-01-01T00:00:00Z')
const id = '00000000-00000000-00000000-00000000-00000000'

test('who follows the change log reads the same from any number on, remembered or not', async () => {
  const store = await openStore({ folder: await freshFolder() })
  const { catalog, register } = await openCatalog({ store, now })
  const count = 5_000
  for (let n = 0; n < count; n++) register.tell({ kind: 'NewInstance', level: 'Instance', id })
  // Another reader of the same store remembers nothing, and reads what stands there.
  const { catalog: reader } = await openCatalog({ store, now })
  const last = catalog.lastChange()
  assert.equal(reader.lastChange(), last)
  for (const back of [0, 1, 2, 100, 1_023, 1_024, 1_025, 2_048, 4_999, 5_000, 5_001]) {
    const told = catalog.changes(last - back, 300)
    assert.equal(told.length, Math.min(back, 300, count))
    assert.deepEqual(told, reader.changes(last - back, 300))
  }
  assert.deepEqual(catalog.changes(last + 7, 300), [])
  register.close()
  await store.close()
})

test('a catalogue that was cleared remembers no change of before', async () => {
  const store = await openStore({ folder: await freshFolder() })
  const { catalog, register } = await openCatalog({ store, now })
  const before = catalog.lastChange()
  register.tell({ kind: 'NewInstance', level: 'Instance', id })
  await register.clear()
  assert.deepEqual(catalog.changes(before, 10), [])
  register.tell({ kind: 'NewInstance', level: 'Instance', id })
  assert.equal(catalog.changes(before, 10).length, 1)
  register.close()
  await store.close()
})
