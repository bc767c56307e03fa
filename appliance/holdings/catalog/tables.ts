import type { BlobKey } from '../storage/storage.ts'
import type { Change, Level, MainTags, Origin, Parent, PublicId } from './catalog.ts'
import { levels } from './catalog.ts'
import { numberAt, numberKey, textKey } from './key.ts'
import type { Key } from './store.ts'

/**
 * The catalogue's tables, each below one letter. Every resource has a number, given once in order
 * of arrival, which its other entries use: so what arrives together lies together, and only `i` is
 * written all over the place, which with some thirty bytes an entry stays in memory for millions.
 */
export const tables = {
  /** level + public identifier → number */
  identity: (level: Level, id: PublicId): Key => `i${levelDigit(level)}${packId(id)}`,
  identities: (level: Level): Key => `i${levelDigit(level)}`,
  /** number → what is known of it */
  record: (number: number): Key => `r${numberKey(number)}`,
  records: 'r',
  /** level + number → public identifier, above the instance */
  arrival: (level: Level, number: number): Key => `a${levelDigit(level)}${numberKey(number)}`,
  arrivals: (level: Level): Key => `a${levelDigit(level)}`,
  /** parent's number + child's number → child's public identifier */
  child: (parent: number, child: number): Key => `k${numberKey(parent)}${numberKey(child)}`,
  children: (parent: number): Key => `k${numberKey(parent)}`,
  /** level + DICOM identifier + number */
  identifier: (level: Level, identifier: string, number: number): Key =>
    `${tables.identifiers(level, identifier)}${numberKey(number)}`,
  identifiers: (level: Level, identifier: string): Key => `u${levelDigit(level)}${identifier}\0`,
  /** index + folded value + number */
  indexed: (index: string, folded: string, number: number): Key =>
    `${tables.index(index)}${textKey(folded)}${numberKey(number)}`,
  index: (index: string): Key => `x${index}`,
  /** index + month + folded name + number → folded date */
  nameWithinMonth: (index: string, month: string, folded: string, number: number): Key =>
    `${tables.index(index)}${textKey(month)}${textKey(folded)}${numberKey(number)}`,
  /** sequence number → change */
  change: (seq: number): Key => `n${numberKey(seq)}`,
  changes: 'n',
  /** blob → its instance's number */
  blob: (blob: BlobKey): Key => `b${blob}`,
  blobs: 'b',
  /** blob that must go → when it was given up */
  tombstone: (blob: BlobKey): Key => `d${blob}`,
  tombstones: 'd',
  /** number of a patient, study or series that is not stable */
  unstable: (number: number): Key => `y${numberKey(number)}`,
  unstables: 'y',
  /** blob → what is kept aside, and why */
  quarantined: (blob: BlobKey): Key => `q${blob}`,
  quarantine: 'q',
  damaged: (blob: BlobKey): Key => `e${blob}`,
  damages: 'e',
  fact: (name: string): Key => `m${name}`,
  facts: 'm',
} as const

/** The number at the end of a key of `identifier`, `indexed`, `child`, `arrival` or `unstable`. */
export const numberOf = (key: Key): number => numberAt(key, key.length - 6)

export interface StoredInstance {
  level: 'Instance'
  id: PublicId
  /** The series' number. */
  parent: number
  /** SOP Class, transfer syntax. */
  uids: readonly [string, string]
  tags: MainTags
  blob: BlobKey
  /** Length of the file, offset of the dataset, offset of the pixel data or 0. */
  lengths: readonly [number, number, number]
  /** SHA-256 of the dataset and of what stands before it, base64 without padding. */
  digests: readonly [string, string]
  origin: Origin
  revision?: number
}

export type StoredParent = Omit<Parent, 'parent'> & { parent?: number }
export type StoredChange = readonly [kind: Change['kind'], level: number, id: PublicId, at: string]

export const levelDigit = (level: Level): number => levels.indexOf(level)

const publicId = /^[0-9a-f]{8}(-[0-9a-f]{8}){4}$/
export const isPublicId = (text: string): boolean => publicId.test(text)

/** Twenty bytes instead of forty-four characters. */
export const packId = (id: PublicId): Key =>
  Buffer.from(id.replaceAll('-', ''), 'hex').toString('latin1')

export function unpackId(packed: Key): PublicId {
  const hex = Buffer.from(packed, 'latin1').toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 16)}-${hex.slice(16, 24)}-${hex.slice(24, 32)}-${hex.slice(32)}`
}
