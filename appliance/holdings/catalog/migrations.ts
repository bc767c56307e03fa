import { nameWithinMonthOf, searchTags } from './entries.ts'
import type { Key, Store, Value } from './store.ts'
import { numberOf, type StoredParent, tables } from './tables.ts'

/**
 * What brings a catalogue of the version it stands under to the next. Each may be repeated, since a
 * crash may come before the new version is written; each commits and flushes in lots, so that none
 * needs much memory.
 */
export type Migrations = Readonly<Record<number, (store: Store) => void | Promise<void>>>

const lot = 1_000

/** Version 2 has an index of studies by month and name. */
async function addNameWithinMonth(store: Store): Promise<void> {
  let put: [Key, Value][] = []
  for (const [key] of store.range({ under: tables.arrivals('Study') })) {
    const number = numberOf(key)
    const study = store.get<StoredParent>(tables.record(number))
    if (study) put.push(...nameWithinMonthOf(number, searchTags(study)))
    if (put.length < lot) continue
    store.commit({ put })
    await store.flushed()
    put = []
  }
  store.commit({ put })
}

export const migrations: Migrations = { 1: addNameWithinMonth }
