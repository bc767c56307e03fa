import { createCatalog } from './browse.ts'
import type { Catalog } from './catalog.ts'
import { createChangeLog } from './changelog.ts'
import { openGenerations } from './generations.ts'
import { createRegister } from './record.ts'
import type { OnChange, Register } from './register.ts'
import { beginRemaking, type Remaking } from './remaking.ts'
import { bringUpToDate } from './schema.ts'
import type { Store } from './store.ts'

export interface CatalogOptions {
  store: Store
  now: () => Date
  /** Called after the commit that wrote the change. */
  onChange?: OnChange
}

/** The catalogue made a second time, see `Remaking`. */
export interface Remakings {
  begin(): Promise<Remaking>
  /** Removes what earlier makings left: those replaced, and those a crash broke off. */
  clear(): Promise<void>
}

/**
 * The catalogue's two sides over a store: what may be asked, and what the archive alone may tell.
 * Fault: `data-folder-refused` for a catalogue of a newer version.
 */
export async function openCatalog(
  options: CatalogOptions,
): Promise<{ catalog: Catalog; register: Register; remaking: Remakings }> {
  const base = options.store.space('c')
  const generations = openGenerations(base)
  const store = generations.current
  await bringUpToDate(store)
  const { now } = options
  const log = createChangeLog(store, now, options.onChange)
  return {
    catalog: createCatalog(store),
    register: createRegister({ store, now, log }),
    remaking: { begin: () => beginRemaking(generations, now), clear: generations.clear },
  }
}
