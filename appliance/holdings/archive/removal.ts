import type { Register } from '../catalog/catalog.ts'
import type { BlobKey, Blobs } from '../storage/storage.ts'

const atOnce = 8

/**
 * Removes blobs that the catalogue gave up. First the giving up is made durable: a blob that went
 * before it would be missed by a listed instance after a power cut, and one that stayed would be
 * listed again.
 */
export async function removeGivenUp(
  { blobs, register }: { blobs: Blobs; register: Register },
  keys: readonly BlobKey[],
): Promise<void> {
  if (keys.length === 0) return
  await register.flushed()
  const rest = keys.values()
  await Promise.all(
    Array.from({ length: Math.min(atOnce, keys.length) }, async () => {
      for (const key of rest) await blobs.remove(key)
    }),
  )
  register.gone(keys)
}
