import type { BlobKey } from '../storage/storage.ts'

export { keyOf } from './key.ts'
export { type LmdbOptions, openStore } from './lmdb.ts'
export { type CatalogOptions, openCatalog, type Remakings } from './open.ts'
export type { Unreadable } from './readable.ts'
export type { Quarantined, Recorded, Register } from './register.ts'
export type { Listed, Remaking } from './remaking.ts'
export type { Key, OpenStore, Range, Store, Value, Writes } from './store.ts'

/** The four levels of DICOM's information model, spelled as PS3.4 C.3 and Orthanc do. */
export const levels = ['Patient', 'Study', 'Series', 'Instance'] as const
export type Level = (typeof levels)[number]

/**
 * Orthanc's public identifier: the SHA-1 of the DICOM identifiers from the patient down, in five
 * groups of eight hexadecimal digits. The same object has the same one on every box.
 */
export type PublicId = string

/** Main DICOM tags by keyword, decoded to text; only those present in the dataset. */
export type MainTags = Readonly<Record<string, string>>

/** How an instance came to us. Times are ISO 8601 in UTC by this box's clock, which may be wrong. */
export interface Origin {
  door: 'DicomProtocol' | 'RestApi' | 'DicomWeb' | 'WebDav' | 'Usb' | 'Unknown'
  at: string
  address?: string
  callingAeTitle?: string
  calledAeTitle?: string
  httpUser?: string
}

/** One SOP instance as held. */
export interface Instance {
  id: PublicId
  /** Its ancestors' public identifiers. */
  patient: PublicId
  study: PublicId
  series: PublicId
  sopClassUid: string
  sopInstanceUid: string
  studyInstanceUid: string
  seriesInstanceUid: string
  transferSyntaxUid: string
  tags: MainTags
  blob: BlobKey
  /** Length in bytes of the Part 10 file as `open` gives it. */
  bytes: number
  /** SHA-256, hexadecimal, of the dataset alone: what tells a repeat from a conflict. */
  datasetDigest: string
  /** SHA-256, hexadecimal, of what stands before the dataset: preamble and File Meta Information. */
  metaDigest: string
  /** Offset of the dataset, behind preamble and File Meta Information. */
  datasetOffset: number
  /** Offset of the pixel data element, when there is one. */
  pixelDataOffset?: number
  origin: Origin
  /** How often its bytes were replaced by others; absent when never. */
  revision?: number
}

/** A patient, study or series: what its first instance said of it, and its sums. */
export interface Parent {
  id: PublicId
  level: 'Patient' | 'Study' | 'Series'
  /** Public identifier of the level above; absent for a patient. */
  parent?: PublicId
  tags: MainTags
  /** When an instance last arrived or left, ISO 8601 in UTC. */
  lastUpdate: string
  stable: boolean
  studies: number
  series: number
  instances: number
  bytes: number
  /** Of a series: how many instances its first instance said it will have. */
  expectedInstances?: number
  /** Of a study: the patient's main tags as its own first instance has them. */
  patientTags?: MainTags
  /** Of a study: the modalities of its series, in the order of their arrival. */
  modalities?: readonly string[]
}

/** A resource with those above it, read only as far as is asked: what a query is answered from. */
export interface Resource {
  level: Level
  id: PublicId
  /** A main tag of it or, where it has none, of the nearest above it that has. */
  text(keyword: string): string | undefined
  /** Itself, or the one above it, of a level. */
  at(level: Level): Resource | undefined
  /** Of a patient, study or series: how many are below it. */
  sums?: { studies: number; series: number; instances: number }
  /** Of a study. */
  modalities?: readonly string[]
  /** Of an instance. */
  sopClassUid?: string
  transferSyntaxUid?: string
}

/** PS3 knows no such thing: Orthanc's judgement of a series against its expected instances. */
export type SeriesStatus = 'Unknown' | 'Missing' | 'Complete' | 'Inconsistent'

/** One numbered fact, written in the transaction of the thing it tells of; numbers only grow. */
export interface Change {
  seq: number
  kind: ChangeKind
  level: Level
  id: PublicId
  at: string
}

export type ChangeKind =
  | 'NewInstance'
  | 'NewSeries'
  | 'NewStudy'
  | 'NewPatient'
  | 'CompletedSeries'
  | 'StableSeries'
  | 'StableStudy'
  | 'StablePatient'
  | 'UpdatedMetadata'
  | 'UpdatedAttachment'
  | 'Deleted'

export interface Totals {
  patients: number
  studies: number
  series: number
  instances: number
  /** Sum of the Part 10 files' lengths. */
  bytes: number
}

/** A condition of a search on one main tag; how it matches follows PS3.4 C.2.2.2 and the tag's VR. */
export type Match =
  | { kind: 'equals'; values: readonly string[] }
  | { kind: 'wildcard'; pattern: string }
  | { kind: 'range'; from?: string; to?: string }

export interface Search {
  level: Level
  /** By keyword; tags of this level and of those above it. All must hold. */
  where: Readonly<Record<string, Match>>
  /** Ignore case and accents of text (default), or compare as written. */
  caseSensitive?: boolean
  within?: PublicId
  orderBy?: readonly { keyword: string; as: 'text' | 'integer' | 'decimal'; descending?: boolean }[]
  since?: number
  limit?: number
}

/** A parent with its direct children's public identifiers, in their order. */
export interface Family {
  readonly parent: Parent
  readonly children: readonly PublicId[]
}

/** Reading what we know of what we hold. All reads are synchronous, from one consistent snapshot per call. */
export interface Catalog {
  instance(id: PublicId): Instance | undefined
  parent(id: PublicId): Parent | undefined
  /** Mostly the same object as long as nothing of it changed: what is made of it can be kept with it. */
  family(level: Parent['level'], id: PublicId): Family | undefined
  /** Public identifiers of one level in their order, beginning behind `after`, then `since` later. */
  ids(level: Level, page?: { after?: PublicId; since?: number; limit?: number }): PublicId[]
  /** Direct children's public identifiers, in their order. */
  children(id: PublicId): PublicId[]
  /** All instances below any resource (an instance: itself), one at a time, never all in memory. */
  instancesOf(id: PublicId): Iterable<Instance>
  /** What level an identifier is of, if it is known. */
  levelOf(id: PublicId): Level | undefined
  /** By DICOM identifier: a PatientID or a UID, ignoring case as Orthanc's /tools/lookup does. */
  lookup(identifier: string): { level: Level; id: PublicId }[]
  /** In the order asked for, else in the order of arrival. Fault: `unknown-tag`. */
  search(search: Search): Iterable<PublicId>
  /** The same, each with what is known of it. */
  resources(search: Search): Iterable<Resource>
  /** How many a search would give without `since` and `limit`. */
  count(search: Search): number
  seriesStatus(id: PublicId): SeriesStatus
  totals(): Totals
  changes(after: number, limit: number): Change[]
  /** The newest number given out; it stays when its entry is cleared. 0 when there never was one. */
  lastChange(): number
}
