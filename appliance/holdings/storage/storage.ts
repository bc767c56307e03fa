/** Bytes on their way, chunk by chunk; the consumer's pace is the producer's pace. */
export type Bytes = AsyncIterable<Uint8Array>

/** Names a blob. Keys sort in the order in which their writing began. */
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

  /** Half open: `from` up to, not including, `to`. Fault: `not-found`. */
  read(key: BlobKey, range?: { from: number; to: number }): Bytes

  /** Removing what is not there is no error: a repeat after a crash must pass. */
  remove(key: BlobKey): Promise<void>

  /** Every whole blob in key order, beginning behind `after`. */
  keys(after?: BlobKey): AsyncIterable<{ key: BlobKey; bytes: number }>
}
