import type {
  Catalog,
  Change,
  Instance,
  Level,
  Origin,
  PublicId,
  Quarantined,
} from '../catalog/catalog.ts'
import type { BlobKey, Bytes } from '../storage/storage.ts'
import type { RebuildReport } from './rebuild.ts'
import type { ScrubReport } from './scrub.ts'
import type { Damage, VerifyReport } from './verify.ts'

export { type Answer, type Answering, answersTo } from './answering.ts'
export { createHeaders, type Header, type Headers } from './headers.ts'
export { type ArchiveOptions, openArchive } from './open.ts'
export { type Query, sourceOf, uniqueKey } from './query.ts'
export type { RebuildReport } from './rebuild.ts'
export type { ScrubReport } from './scrub.ts'
export { type ArchiveSettings, archiveSettings } from './settings.ts'
export type { Took } from './timed.ts'
export type { Damage, VerifyReport } from './verify.ts'

/** What became of an instance that was received. All three are successes for its sender. */
export interface Received {
  outcome: 'kept' | 'repeated' | 'quarantined'
  instance: Instance
}

/** What the door already knows when a C-STORE begins; the archive checks the dataset against it. */
export interface Announced {
  sopClassUid: string
  sopInstanceUid: string
  transferSyntaxUid: string
}

export interface Archive {
  readonly catalog: Catalog

  /**
   * Keeps a dataset as it comes over the wire, putting File Meta Information before it. Resolves
   * only when the instance would survive a power cut and is found by queries.
   * Faults: `dataset-truncated`, `dataset-malformed`, `identifiers-missing`,
   * `identifiers-contradict`, `instance-conflicts`, `storage-full`, `storage-failed`.
   * After any of them nothing is half kept.
   */
  receiveDataset(dataset: Bytes, announced: Announced, origin: Origin): Promise<Received>

  /** The same promise for a Part 10 file, whose bytes are kept exactly. Also `not-dicom`. */
  receiveFile(file: Bytes, origin: Origin): Promise<Received>

  /**
   * The Part 10 file, or a half-open range of it; `into` as of `Blobs.read`. Fault: `not-found`, and
   * at the end of a blob that is too short `damaged`.
   */
  open(id: PublicId, range?: { from: number; to: number }, into?: Uint8Array): Bytes

  /**
   * Removes a resource with all below it and ancestors that become empty; durable before it
   * resolves. Answers the nearest ancestor that is left. Fault: `not-found`.
   */
  remove(id: PublicId): Promise<{ left: { level: Level; id: PublicId } | null }>

  /**
   * Tells the change log that what users wrote about a resource is another: this interface's own
   * changes are facts like all others. Fault: `not-found`.
   */
  tell(kind: 'UpdatedMetadata' | 'UpdatedAttachment', id: PublicId): void

  /**
   * Reads what the blobs of a resource's instances say of themselves again, and of those from which
   * the resources above it have their tags, and records it, or only what the resource itself has from
   * the first of them; nothing else changes. Durable when it resolves. Faults: `not-found`; `damaged`
   * when a blob does not tell, after all others were read: what was known of its instance stays.
   */
  reread(id: PublicId, limit?: 'all' | 'this level only'): Promise<void>

  /** Every change behind number `after`, then waits for the next one, until `stop`. */
  changes(after: number, stop: AbortSignal): AsyncIterable<Change>

  /** Newcomers whose SOP Instance UID was already kept with other bytes, oldest first. */
  quarantine(): Quarantined[]
  /** The Part 10 file of one of them. Fault: `not-found`. */
  openQuarantined(blob: BlobKey): Bytes
  /** Removes one of them for good. Fault: `not-found`. */
  discardQuarantined(blob: BlobKey): Promise<void>

  /** Puts one of them in the place of the instance kept under its UID. Fault: `not-found`. */
  releaseQuarantined(blob: BlobKey): Promise<Received>

  readonly scrub: {
    /** Begins a pass now, if none is under way. */
    begin(): void
    report(): ScrubReport
  }
  /** Blobs that the scrub found not to be what was received; mended by sending them again. */
  damaged(): { blob: BlobKey; why: string; at: string }[]
  /** Reads every blob and compares; changes nothing. */
  verify(stop?: AbortSignal): Promise<VerifyReport>
  /** Reads one instance's blob again and compares it with its digests. Fault: `not-found`. */
  inspect(id: PublicId): Promise<'intact' | Damage>
  /**
   * Makes the whole catalogue again from blobs while the box keeps receiving and answering, and
   * resolves when it is used. Faults: `busy` when one is being made, `storage-full`, `stopping`.
   */
  rebuild(stop?: AbortSignal): Promise<RebuildReport>
  /** How that stands, or how the last one since the start ended. */
  rebuildReport(): RebuildReport

  /**
   * Makes the catalogue forget all that blobs can tell it again, and receiving end: the next start
   * lists every blob anew. Durable when it resolves.
   */
  forgetCatalog(): Promise<void>

  /** Whether new instances are taken now; when not, the fault a door answers with. */
  readiness(): 'receiving' | { refused: 'storage-full' | 'storage-failed' | 'stopping' }

  /** Long-lived parts for the supervisor to run. */
  readonly services: readonly Service[]

  /** Waits for what is in flight and flushes the catalogue; receiving is refused from then on. */
  close(): Promise<void>
}

export interface Service {
  readonly name: string
  run(stop: AbortSignal): Promise<void>
}
