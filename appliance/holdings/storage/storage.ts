export { claimDataFolder, type FolderMark, holderOfDataFolder } from './dataFolder.ts'
export { type DiskOptions, openDisk } from './disk.ts'
export { openBlobs, type StorageSettings, storageKinds } from './kinds.ts'
export { storageSettings } from './settings.ts'

/** Bytes on their way, chunk by chunk; the consumer's pace is the producer's pace. */
export type Bytes = AsyncIterable<Uint8Array>

/** Names a blob. Keys sort in the order in which their writing began, and are never given twice. */
export type BlobKey = string & { readonly __blobKey: never }

/**
 * Blobs at rest, written once, never changed. Four verbs, and they stay four: whatever a kind of
 * storage can do beyond them belongs into the kind.
 *
 * Storage keeps bytes whole; whether they are the *right* bytes (digest, identity) is the archive's
 * business, which puts what it needs for that inside the blob.
 */
export interface Blobs {
  /**
   * Takes all of `bytes` and resolves when the blob would survive a power cut, name and all. When
   * `bytes` throws, or the disk does, nothing is left and the same error comes out.
   * Faults: `storage-full`, `storage-failed`.
   */
  write(bytes: Bytes): Promise<{ key: BlobKey; bytes: number }>

  /**
   * Half open: `from` up to, not including, `to`. The first chunk may be read into `into`, where it
   * fits; all others are the reader's own. Faults: `not-found`, `storage-failed`.
   */
  read(key: BlobKey, range?: { from: number; to: number }, into?: Uint8Array): Bytes

  /** Removing what is not there is no error: a repeat after a crash must pass. */
  remove(key: BlobKey): Promise<void>

  /**
   * Every named blob in key order, beginning behind `after`. After a power cut the newest ones may
   * be named and yet not whole, when nobody was told that they are kept.
   */
  keys(after?: BlobKey): AsyncIterable<{ key: BlobKey; bytes: number }>
}

/** What a kind of storage on a disk of this box can tell beside its four verbs. */
export interface Room {
  /** Bytes this service may still write, and the size of the whole volume. */
  room(): Promise<{ free: number; total: number }>
}

/** What a kind of storage holds ready while it is open, and gives back. */
export interface Closing {
  close(): Promise<void>
}
