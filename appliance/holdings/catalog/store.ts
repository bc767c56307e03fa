import type { Fault } from '../../faults.ts'
import type { Unreadable } from './readable.ts'

/**
 * The small ordered transactional store below everything durable but blobs: resources, changes,
 * deliveries, jobs, users, settings. Four verbs.
 *
 * Keys are byte strings (one character per byte, made by `keyOf`), ordered byte by byte. Values are
 * plain data; a value given in or read out belongs to the store and must not be changed after.
 */
export type Key = string
export type Value = unknown

export interface Writes {
  /** Conditions: the key holds this value now (compared deeply), `undefined` for nothing. */
  when?: readonly (readonly [Key, Value])[]
  put?: readonly (readonly [Key, Value])[]
  remove?: readonly Key[]
}

export interface Range {
  /** Only keys that begin with this. */
  under?: Key
  /** Inclusive; within `under` when both are given, and then relative to it. */
  from?: Key
  /** Exclusive. */
  to?: Key
  reverse?: boolean
  /** So many entries are passed over first. */
  skip?: number
  limit?: number
  /** A value that cannot be read is given as `undefined`, instead of the fault it is. */
  unreadable?: 'undefined'
}

export interface Store {
  /** Fault of this and of `range`: `catalogue-damaged` for what is not what was written. */
  get<T = Value>(key: Key): T | undefined

  /** Entries in key order. Reads on as it is consumed: what is committed meanwhile may be seen. */
  range<T = Value>(range?: Range): Iterable<readonly [Key, T]>

  /** How many entries a range has, counting no further than `limit`. */
  count(range?: Range): number

  /**
   * All of the writes or, when a condition does not hold, none (and false). Every later read sees
   * them; they would survive a power cut or a crash from the next `flushed()` on, all or none of
   * them, and never before an earlier commit. Faults: `storage-full`, `storage-failed` when earlier
   * commits could not be flushed for so long that no more can be held in memory.
   */
  commit(writes: Writes): boolean

  /** Resolves when all that was committed before this call would survive a power cut. */
  flushed(): Promise<void>

  /** A space of its own below a name, with the same verbs; nobody else's keys are seen in it. */
  space(name: string): Store
}

/** The store as its owner has it: what is opened must be closed. */
export interface OpenStore extends Store {
  /** Why the last writing out failed; undefined once one did not. It is tried again by itself. */
  trouble(): Fault | undefined
  /** Whether LMDB gave itself up over a failing disk: only another process can use the file again. */
  isStuck(): boolean
  /** What was met that is not what was written; undefined while nothing was. */
  unreadable(): Unreadable | undefined
  /** The file must not be used again: the next opening moves it aside. Durable when it returns. */
  disown(): void
  /** Flushes and lets go of the files. */
  close(): Promise<void>
}
