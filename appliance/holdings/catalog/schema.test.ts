import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { freshFolders, openHoldings } from '../../../test/faults/holdings.ts'
import type { Fault } from '../../faults.ts'
import { keyOf } from './key.ts'
import { openStore } from './lmdb.ts'
import { bringUpToDate, schemaVersion } from './schema.ts'
import { tables } from './tables.ts'

const freshFolder = freshFolders(after)
/** A data folder as the program of that schema left it (test/samples/schemas/README.md). */
const oldFolder = (version: number) =>
  join(import.meta.dirname, `../../../test/samples/schemas/${version}.tar.gz`)

test('an older catalogue is brought up step by step, once; a newer one is refused', async () => {
  const store = await openStore({ folder: await freshFolder() })
  await bringUpToDate(store, {}, 1)
  const done: number[] = []
  const steps = { 1: () => void done.push(1), 2: () => void done.push(2) }
  await bringUpToDate(store, steps, 3)
  await bringUpToDate(store, steps, 3)
  assert.deepEqual(done, [1, 2])
  const refused = (thrown: Fault) => thrown.code === 'data-folder-refused'
  await assert.rejects(bringUpToDate(store, {}, 2), refused)
  await assert.rejects(bringUpToDate(store, {}, 4), refused)
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

test('a data folder that schema 1 wrote opens with the same answers, its labels, and the new index', async () => {
  const folder = await freshFolder()
  execFileSync('tar', ['-xzf', oldFolder(1), '-C', folder])
  const box = await openHoldings({ folder })
  const { catalog } = box.archive
  assert.deepEqual(
    { ...catalog.totals(), bytes: 0 },
    { patients: 5, studies: 5, series: 10, instances: 20, bytes: 0 },
  )
  assert.equal(box.archive.quarantine().length, 1)
  const [patient] = catalog.lookup('P0').filter(each => each.level === 'Patient')
  assert.deepEqual(box.store.space('orthanc').get(keyOf('labels', patient!.id)), ['teaching'])
  const inJanuary = (pattern: string) =>
    Array.from(
      catalog.search({
        level: 'Study',
        where: {
          PatientName: { kind: 'wildcard', pattern },
          StudyDate: { kind: 'range', from: '20250101', to: '20250131' },
        },
      }),
      id => catalog.parent(id)!.patientTags!.PatientID,
    )
  assert.deepEqual(inJanuary('s*'), ['P1'])
  assert.deepEqual(inJanuary('m*'), ['P0'])
  assert.equal(box.store.space('c').get(tables.fact('schema')), schemaVersion)
  assert.equal((await box.archive.verify()).damaged.length, 0)
  await box.receive({ patient: 'P9', study: 9 })
  await box.close()
  const again = await openHoldings({ folder })
  assert.equal(again.archive.catalog.totals().instances, 21)
  await again.close()
})

test('a catalogue of a newer version is refused, and not a byte of it is changed', async () => {
  const box = await openHoldings({ folder: await freshFolder() })
  await box.receive()
  box.store.space('c').commit({ put: [[tables.fact('schema'), schemaVersion + 1]] })
  await box.close()
  const file = join(box.folder, 'catalog', 'catalog.mdb')
  const before = await readFile(file)
  await assert.rejects(
    openHoldings({ folder: box.folder }),
    (thrown: Fault) => thrown.code === 'data-folder-refused' && /newer version/.test(thrown.detail),
  )
  assert.ok(before.equals(await readFile(file)))
})
