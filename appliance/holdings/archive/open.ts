import type { Log } from '../../log.ts'
import type { Instance, OpenStore } from '../catalog/catalog.ts'
import type { BlobKey, Blobs, Room } from '../storage/storage.ts'
import type { Archive } from './archive.ts'
import type { ArchiveSettings } from './settings.ts'

export interface ArchiveOptions {
  /** Opens storage, told the newest key up to which all is settled. */
  openBlobs: (after?: BlobKey) => Promise<Blobs & Partial<Room>>
  store: OpenStore
  settings: ArchiveSettings
  /** Wall clock; may jump. */
  now: () => Date
  /** Monotonic clock in milliseconds. */
  elapsed: () => number
  /** Whether an instance must not be evicted: it is still owed to somebody. */
  holds: (instance: Instance) => boolean
  log: Log
}

export async function openArchive(_options: ArchiveOptions): Promise<Archive> {
  throw new Error('soon')
}
