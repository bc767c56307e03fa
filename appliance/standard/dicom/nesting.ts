import { Fault } from '../../faults.ts'
import { formatTag } from './dictionary.ts'
import { undefinedLength } from './lengths.ts'

export type LevelKind = 'dataset' | 'sequence' | 'fragments'

interface Level {
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

function newLevel(): Level {
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
const maximumDepth = 512

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

/**
 * Where a reader of a dataset stands: inside which sequences, items and fragments (PS3.5 §7.5), what
 * of them ends by its length, and that none is longer than what it is in. Some hundred bytes per
 * level, made once and used again, whatever the dataset's length; nothing recurses.
 *
 * A base class, since every header is read with its level and position at hand.
 */
export class Nesting {
  /** Offset of the next byte to come. */
  position = 0

  protected readonly listener: StructureListener
  protected depth = 0
  protected level: Level
  readonly #levels: Level[]

  constructor(encoding: { explicit: boolean; bigEndian: boolean }, listener: StructureListener) {
    this.listener = listener
    this.level = newLevel()
    this.level.explicit = encoding.explicit
    this.level.bigEndian = encoding.bigEndian
    this.#levels = [this.level]
  }

  /** How the dataset or item is encoded that the listener is being told of. */
  get explicit(): boolean {
    return this.level.explicit
  }

  get bigEndian(): boolean {
    return this.level.bigEndian
  }

  protected open(kind: LevelKind, tag: number, length: number): Level {
    if (this.depth === maximumDepth)
      throw this.malformed(`nested deeper than ${maximumDepth / 2} sequences`)
    const outer = this.level
    this.depth += 1
    const level = this.#levels[this.depth] ?? newLevel()
    this.#levels[this.depth] = level
    level.kind = kind
    level.tag = tag
    level.fresh = false
    level.end = length === undefinedLength ? Number.POSITIVE_INFINITY : this.position + length
    if (length !== undefinedLength && level.end > outer.limit) {
      throw this.malformed(`${formatTag(tag)} is longer than what it is in`)
    }
    level.limit = Math.min(level.end, outer.limit)
    this.level = level
    return level
  }

  protected close(contentEnd: number): void {
    this.depth -= 1
    const closed = this.level
    this.level = this.#levels[this.depth]!
    this.listener.close(closed.kind, contentEnd)
  }

  /** Closes what ends by its length where we are now. */
  protected settle(): void {
    while (this.depth > 0 && this.level.end === this.position) this.close(this.position)
  }

  protected malformed(what: string): Fault {
    return new Fault('dataset-malformed', `${what}, ${this.where(this.position)}`)
  }

  protected where(at: number): string {
    if (this.depth === 0) return `at byte ${at}`
    return `at byte ${at}, ${this.depth} levels deep in ${formatTag(this.#levels[1]!.tag)}`
  }
}
