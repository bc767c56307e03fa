import type { BlobKey } from '../storage/storage.ts'
import type { Change, ChangeKind, Instance, Level, MainTags, PublicId } from './catalog.ts'

/** What the archive tells the catalogue. Each is one commit: all of it or nothing. */
export interface Register {
  /** Lists a new instance with its parents, and tells it as changes. */
  record(recorded: Recorded): void

  /** Other bytes for a listed instance: its old blob is given up, its revision grows. */
  replace(recorded: Recorded): void

  /**
   * What the blob of a listed instance says now, read again: its own tags, and those of the parents
   * whose first instance it is, or those of one level `only`. Nothing is told as a change; false, and
   * nothing is done, when that blob is not listed any more.
   */
  retell(recorded: Recorded, only?: Level): boolean

  /** Takes a resource, all below it and ancestors that become empty out; their blobs are given up. */
  forget(id: PublicId): { left: { level: Level; id: PublicId } | null; blobs: BlobKey[] }

  /** Tells a fact about a resource that changes nothing the catalogue knows. */
  tell(fact: { kind: ChangeKind; level: Level; id: PublicId }): void

  /** Blobs that were given up and not yet reported gone. */
  givenUp(): BlobKey[]
  /** The given-up blobs are gone, durably. */
  gone(blobs: readonly BlobKey[]): void

  setAside(quarantined: Quarantined): void
  quarantined(): Iterable<Quarantined>
  quarantinedAt(blob: BlobKey): Quarantined | undefined
  /** Takes one out of quarantine; its blob is given up. */
  discard(blob: BlobKey): void

  /** Whether a blob is spoken of: listed, set aside or given up. */
  knows(blob: BlobKey): boolean

  /** Everything up to this key is spoken of, or gone. */
  watermark(): BlobKey | undefined
  advance(watermark: BlobKey): void

  /** Patients, studies and series to which something came since they were last stable. */
  unstable(): Iterable<{ level: Exclude<Level, 'Instance'>; id: PublicId }>
  /** Makes one stable, as a change; false when it already is or is no more. */
  settle(id: PublicId): boolean

  /** Listed instances in the order of their blobs, from behind one on. Reads on as it is consumed. */
  listed(after?: BlobKey): Iterable<{ blob: BlobKey; instance: Instance }>

  /** A listed blob that is not what was received. */
  markDamaged(blob: BlobKey, why: string): void
  isDamaged(blob: BlobKey): boolean
  damaged(): Iterable<{ blob: BlobKey; why: string; at: string }>

  /** Forgets everything but the change numbers given out. Durable when it resolves. */
  clear(): Promise<void>

  /** Small facts of the archive's own, by name. */
  fact<T>(name: string): T | undefined
  setFact(name: string, value: unknown): void

  /** Resolves when all that was told before would survive a power cut. */
  flushed(): Promise<void>

  /** The number up to which changes are given at the next start is made exact. */
  close(): void
}

export interface Recorded {
  instance: Instance
  /** Main tags of the levels above, used when this is the first instance there. */
  tags: { patient: MainTags; study: MainTags; series: MainTags }
  expectedInstances?: number
}

/** An instance under whose identifier another one with other bytes is listed. */
export interface Quarantined {
  instance: Instance
  reason: 'same-uid-other-bytes'
  at: string
}

export type OnChange = (change: Change) => void
