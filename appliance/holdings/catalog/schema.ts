import { Fault } from '../../faults.ts'
import { type Migrations, migrations } from './migrations.ts'
import type { Store } from './store.ts'
import { tables } from './tables.ts'

/** The catalogue's own version: it grows when what stands in its tables changes its meaning. */
export const schemaVersion = 2

/**
 * Brings a catalogue up to date before it is used. One of a newer version is refused untouched.
 * After a crash in between it goes on with the step that was not finished. Fault:
 * `data-folder-refused`.
 */
export async function bringUpToDate(
  store: Store,
  steps: Migrations = migrations,
  target = schemaVersion,
): Promise<void> {
  let version = store.get<number>(tables.fact('schema'))
  if (version === undefined) {
    store.commit({ put: [[tables.fact('schema'), target]] })
    return
  }
  if (version > target) {
    throw new Fault('data-folder-refused', 'the catalogue was made by a newer version')
  }
  for (; version < target; version++) {
    const step = steps[version]
    if (!step) throw new Fault('data-folder-refused', `no way from catalogue version ${version}`)
    await step(store)
    store.commit({ put: [[tables.fact('schema'), version + 1]] })
    await store.flushed()
  }
}
