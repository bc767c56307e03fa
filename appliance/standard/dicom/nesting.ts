/** Where a reader of a dataset stands: inside which sequences, items and fragments (PS3.5 §7.5). */

export type LevelKind = 'dataset' | 'sequence' | 'fragments'

export interface Level {
  kind: LevelKind
  tag: number
  /** Where it ends by its length; infinite when a delimiter ends it. */
  end: number
  /** Where it must have ended, by its own or any enclosing length. */
  limit: number
  explicit: boolean
  bigEndian: boolean
  /** Its first element, which tells its encoding, is still to come. */
  fresh: boolean
}

export function newLevel(): Level {
  return {
    kind: 'dataset',
    tag: 0,
    end: Number.POSITIVE_INFINITY,
    limit: Number.POSITIVE_INFINITY,
    explicit: true,
    bigEndian: false,
    fresh: true,
  }
}

/** A sequence and its item are two levels. Nothing honest is nested nearly as deep. */
export const maximumDepth = 512

/** What a `Structure` meets. `at` is where a header begins, `valueAt` where what follows begins. */
export interface StructureListener {
  /** Before each element of the dataset itself; false stops reading in front of it. */
  topLevel(tag: number, at: number): boolean
  element(tag: number, vr: number, at: number, valueAt: number, length: number): void
  /** `length` may be `undefinedLength`; `vr` may be UN. */
  sequence(tag: number, vr: number, at: number, valueAt: number, length: number): void
  item(at: number, valueAt: number, length: number): void
  encapsulated(tag: number, vr: number, at: number, valueAt: number): void
  fragment(valueAt: number, length: number): void
  /** What was opened last is over; its content ended at `contentEnd`, before any delimiter. */
  close(kind: LevelKind, contentEnd: number): void
}
