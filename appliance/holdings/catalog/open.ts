import { createCatalog } from './browse.ts'
import type { Catalog } from './catalog.ts'
import { createChangeLog } from './changelog.ts'
import { openGenerations } from './generations.ts'
import { createRegister } from './record.ts'
import type { OnChange, Register } from './register.ts'
import { beginRemaking, type Remaking } from './remaking.ts'
import { bringUpToDate } from './schema.ts'
import { spacePrefix } from './space.ts'
import type { Key, Store } from './store.ts'
import { tables } from './tables.ts'

const space = 'c'

export interface CatalogOptions {
  store: Store
  now: () => Date
  /** Called after the commit that wrote the change. */
  onChange?: OnChange
}

/** The catalogue made a second time, see `Remaking`. */
export interface Remakings {
  begin(): Promise<Remaking>
  /**
   * What is to be done about keys of the whole store whose values are lost: changes among them are
   * history, and are removed here; what else is the catalogue's must be made again; of the rest the
   * spaces are named.
   */
  sort(keys: readonly Key[]): { changes: number; mustBeMade: boolean; elsewhere: string[] }
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
  const base = options.store.space(space)
  const inside = spacePrefix(space)
  const generations = openGenerations(base)
  const store = generations.current
  await bringUpToDate(store)
  const { now } = options
  const log = createChangeLog(store, now, options.onChange)
  return {
    catalog: createCatalog(store, log),
    register: createRegister({ store, now, log }),
    remaking: {
      begin: () => beginRemaking(generations, now),
      sort(keys) {
        const own = keys.filter(key => key.startsWith(inside)).map(key => key.slice(inside.length))
        const changes = own.filter(key => key.startsWith(tables.changes))
        base.commit({ remove: changes })
        const others = keys.filter(key => !key.startsWith(inside))
        return {
          changes: changes.length,
          mustBeMade: own.length > changes.length,
          elsewhere: [...new Set(others.map(key => key.split('\0', 1)[0]!))],
        }
      },
      clear: generations.clear,
    },
  }
}
