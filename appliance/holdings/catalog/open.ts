import { createCatalog } from './browse.ts'
import type { Catalog } from './catalog.ts'
import { createRegister } from './record.ts'
import type { OnChange, Register } from './register.ts'
import { bringUpToDate } from './schema.ts'
import type { Store } from './store.ts'

export interface CatalogOptions {
  store: Store
  now: () => Date
  /** Called after the commit that wrote the change. */
  onChange?: OnChange
}

/**
 * The catalogue's two sides over a store: what may be asked, and what the archive alone may tell.
 * Fault: `data-folder-refused` for a catalogue of a newer version.
 */
export async function openCatalog(
  options: CatalogOptions,
): Promise<{ catalog: Catalog; register: Register }> {
  const store = options.store.space('c')
  await bringUpToDate(store)
  const register = createRegister({ ...options, store })
  return { catalog: createCatalog(store), register }
}
