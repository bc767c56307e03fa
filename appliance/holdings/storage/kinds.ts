import type { z } from 'zod'
import { openDisk } from './disk.ts'
import type { storageSettings } from './settings.ts'
import type { BlobKey, Blobs, Closing, Room } from './storage.ts'

export type StorageSettings = z.infer<typeof storageSettings>

/** Every kind of storage, and how it is opened for a data folder. */
export const storageKinds = {
  disk: (folder: string, after?: BlobKey) => openDisk({ folder, ...(after && { after }) }),
} as const satisfies Record<
  StorageSettings['kind'],
  (folder: string, after?: BlobKey) => Promise<Blobs & Room & Closing>
>

/**
 * Opens the storage that the settings name. `after` is the newest key up to which everything is
 * settled; unfinished writes behind it are swept. Fault: `data-folder-refused`.
 */
export function openBlobs(
  settings: StorageSettings,
  folder: string,
  after?: BlobKey,
): Promise<Blobs & Room & Closing> {
  return storageKinds[settings.kind](folder, after)
}
