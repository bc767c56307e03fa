import type { Register } from '../catalog/catalog.ts'

/**
 * Makes the catalogue forget all that blobs can tell it again; the next `openArchive` lists every
 * blob from its note. Change numbers go on, so that every cursor over them stays right: to a reader
 * all instances come anew. Other parts' spaces of the store are not touched.
 */
export async function forgetCatalog(register: Register): Promise<void> {
  await register.clear()
  await register.flushed()
}
