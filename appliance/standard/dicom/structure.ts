import { Fault } from '../../faults.ts'
import { formatTag } from './dictionary.ts'
import { looksExplicit, vrMeant } from './habits.ts'
import {
  firstDelimiter,
  implicitVr,
  isUndefinedSequence,
  itemDelimitation,
  itemTag,
  mayHaveFragments,
  readLength,
  readTag,
  sequenceDelimitation,
  undefinedLength,
} from './lengths.ts'
import { Nesting } from './nesting.ts'
import { hasLongLength, isVr, nameOf, sequenceVr, unknownVr } from './vr.ts'

/**
 * The grammar of a dataset (PS3.5 §7), once for everything that reads: bytes go in, in chunks of
 * any size, and what begins and ends where comes out. Values are stepped over, not looked at. What
 * encloses the element at hand, and where that ends, is kept by `Nesting`; this reads the headers.
 *
 * Offsets are counted from the dataset's first byte. Faults of `push`: `dataset-malformed`.
 *
 * What is not quite to the standard and yet read, because it is met in the field, beside what
 * `habits.ts` tells:
 * - odd value lengths, tags out of order or twice;
 * - delimiters of length 0 where none is needed, an item delimiter left out before the sequence's;
 * - zeros behind the last element, as block-wise copying leaves them.
 */
export class Structure extends Nesting {
  readonly #rest = new Uint8Array(12)
  #restLength = 0
  #skip = 0
  #zeros = false
  #stopped = false

  push(chunk: Uint8Array): void {
    let at = 0
    const end = chunk.length
    while (at < end && !this.#stopped) {
      if (this.#skip > 0) {
        const step = Math.min(this.#skip, end - at)
        at += step
        this.position += step
        this.#skip -= step
        if (this.#skip === 0) this.settle()
      } else if (this.#zeros) {
        for (let i = at; i < end; i++)
          if (chunk[i] !== 0) throw this.malformed('zeros between elements')
        this.position += end - at
        return
      } else if (this.#restLength > 0) {
        // A header cut in two: completed from the chunk as far as it needs at most
        const before = this.#restLength
        const more = Math.min(this.#rest.length - before, end - at)
        this.#rest.set(chunk.subarray(at, at + more), before)
        this.#restLength = before + more
        const size = this.#header(this.#rest, 0, this.#restLength)
        if (size === 0) {
          at += more
          continue
        }
        at += size - before
        this.#restLength = 0
      } else {
        const size = this.#header(chunk, at, end)
        if (size === 0) {
          this.#rest.set(chunk.subarray(at, end))
          this.#restLength = end - at
          return
        }
        at += size
      }
    }
  }

  /** Whether the dataset may end here: between two elements, with nothing open. */
  get whole(): boolean {
    if (this.#stopped) return true
    if (this.depth > 0 || this.#skip > 0) return false
    for (let i = 0; i < this.#restLength; i++) if (this.#rest[i] !== 0) return false
    return true
  }

  /** The fault of a dataset that ended here. */
  truncated(): Fault {
    const where = this.where(this.position + this.#restLength)
    return new Fault('dataset-truncated', `the dataset ends within an element, ${where}`)
  }

  /**
   * Reads one header at `at`, if it is all there; answers its size or 0. The value that follows is
   * left to be skipped.
   */
  #header(bytes: Uint8Array, at: number, end: number): number {
    const level = this.level
    const room = level.limit - this.position
    if (room < 8) throw this.malformed('no room for an element before its enclosing item ends')
    if (end - at < 8) return 0
    const tag = readTag(bytes, at, level.bigEndian)
    if (tag >= firstDelimiter)
      return this.#delimiter(tag, readLength(bytes, at + 4, level.bigEndian))
    if (level.kind !== 'dataset')
      throw this.malformed(`${formatTag(tag)} where an item should begin`)

    let vr = (bytes[at + 4]! << 8) | bytes[at + 5]!
    if (level.fresh) {
      level.explicit = looksExplicit(level, tag, vr, readLength(bytes, at + 4, level.bigEndian))
      level.fresh = false
    }
    let size = 8
    let length: number
    if (level.explicit) {
      let long = hasLongLength(vr)
      if (!isVr(vr)) {
        if (
          tag === 0 &&
          vr === 0 &&
          this.depth === 0 &&
          bytes[at + 6] === 0 &&
          bytes[at + 7] === 0
        ) {
          this.#zeros = true
          this.position += size
          return size
        }
        const meant = vrMeant(vr)
        if (!meant) throw this.malformed(`${formatTag(tag)} has no VR`)
        vr = meant.vr
        long = meant.long
      }
      if (long) {
        size = 12
        if (room < size) throw this.malformed(`no room for ${formatTag(tag)} in its item`)
        if (end - at < size) return 0
        length = readLength(bytes, at + 8, level.bigEndian)
      } else {
        length = level.bigEndian
          ? (bytes[at + 6]! << 8) | bytes[at + 7]!
          : (bytes[at + 7]! << 8) | bytes[at + 6]!
      }
    } else {
      length = readLength(bytes, at + 4, level.bigEndian)
      if (tag === 0 && length === 0 && this.depth === 0) {
        this.#zeros = true
        this.position += size
        return size
      }
      vr = implicitVr(tag)
    }
    if (this.depth === 0 && !this.listener.topLevel(tag, this.position)) {
      this.#stopped = true
      return size
    }
    this.#begin(tag, vr, size, length)
    return size
  }

  #begin(tag: number, vr: number, size: number, length: number): void {
    const level = this.level
    const at = this.position
    const valueAt = at + size
    this.position = valueAt
    if (vr === sequenceVr || (length === undefinedLength && isUndefinedSequence(vr, tag))) {
      // PS3.5 §6.2.2: a sequence that passed through someone who did not know it is UN and holds
      // implicit VR little endian, whatever surrounds it
      const unknown = level.explicit && vr === unknownVr
      const inner = this.open('sequence', tag, length)
      inner.explicit = unknown ? false : level.explicit
      inner.bigEndian = unknown ? false : level.bigEndian
      this.listener.sequence(tag, vr, at, valueAt, length)
      if (length === 0) this.settle()
    } else if (length === undefinedLength) {
      if (!mayHaveFragments(vr, tag)) {
        throw this.malformed(`${formatTag(tag)} of VR ${nameOf(vr)} has undefined length`)
      }
      const inner = this.open('fragments', tag, length)
      inner.explicit = level.explicit
      inner.bigEndian = level.bigEndian
      this.listener.encapsulated(tag, vr, at, valueAt)
    } else {
      if (valueAt + length > level.limit)
        throw this.malformed(`${formatTag(tag)} is longer than its item`)
      this.listener.element(tag, vr, at, valueAt, length)
      this.#skip = length
      if (length === 0) this.settle()
    }
  }

  /** An item or a delimiter: group FFFE, never with a VR (PS3.5 §7.5). */
  #delimiter(tag: number, length: number): number {
    const level = this.level
    const at = this.position
    const valueAt = at + 8
    if (tag === itemTag && level.kind === 'sequence') {
      this.position = valueAt
      const inner = this.open('dataset', tag, length)
      inner.explicit = level.explicit
      inner.bigEndian = level.bigEndian
      inner.fresh = true
      this.listener.item(at, valueAt, length)
      if (length === 0) this.settle()
      return 8
    }
    if (tag === itemTag && level.kind === 'fragments') {
      if (length === undefinedLength || valueAt + length > level.limit) {
        throw this.malformed('a fragment without an end')
      }
      this.listener.fragment(valueAt, length)
      this.position = valueAt
      this.#skip = length
      return 8
    }
    const delimiter = tag === sequenceDelimitation || tag === itemDelimitation
    const wanted = level.end === Number.POSITIVE_INFINITY && this.depth > 0
    // The length of a delimiter that is waited for says nothing: some write garbage there
    if (!delimiter || (!wanted && length !== 0))
      throw this.malformed(`${formatTag(tag)} out of place`)
    this.position = valueAt
    if (wanted) {
      const closesItem = level.kind === 'dataset'
      if (closesItem || tag === sequenceDelimitation) this.close(at)
      const outer = this.level
      if (
        closesItem &&
        tag === sequenceDelimitation &&
        outer.kind === 'sequence' &&
        outer.end === Number.POSITIVE_INFINITY
      ) {
        this.close(at)
      }
    }
    this.settle()
    return 8
  }
}
