import type { Dataset } from './dataset.ts'
import { HeaderStore } from './header.ts'
import { Inflation } from './inflation.ts'
import { undefinedLength } from './lengths.ts'
import type { StructureListener } from './nesting.ts'
import { type ReadOptions, readPlain } from './read.ts'
import { Structure } from './structure.ts'
import { encodingOf } from './transferSyntaxes.ts'
import { isText, nameOf } from './vr.ts'

export interface WalkerOptions {
  /** At most so many bytes of header are kept; default 16 MB. */
  headerLimit?: number
  /** Values longer than this that are neither text nor sequence are not kept; default 64 KB. */
  valueLimit?: number
  /** How far a deflated dataset may grow, in bytes; default 8 GB. More is the fault `too-large`. */
  inflatedLimit?: number
}

export interface Walked {
  /**
   * The dataset up to its pixel data (7FE0,0008, 7FE0,0009 or 7FE0,0010), or all of it. Itself a
   * dataset that `dataset()` reads: values too long to keep are empty in it, and when it would have
   * grown beyond the limit it ends before the element of the dataset that was too much.
   */
  header: Uint8Array
  /** Reads the header; it is never deflated, whatever the dataset was. */
  dataset(options?: ReadOptions): Dataset
  /** The values left out of the header: where they are in the dataset. */
  omitted: readonly { tag: number; offset: number; length: number }[]
  /** Whether the header reaches the pixel data or the end. */
  headerComplete: boolean
  /** Where the pixel data element begins in the dataset. Absent when deflated: no seeking there. */
  pixelDataOffset?: number
  /** Whether the dataset ended between two of its elements with nothing open. */
  whole: boolean
}

const floatPixelData = 0x7fe00008
const doubleFloatPixelData = 0x7fe00009
const pixelData = 0x7fe00010

/**
 * Walks over a dataset of any length as it passes by, in chunks of any size, in constant memory:
 * finds out whether it is whole and keeps its header. Values are not looked at; a chunk of pixel
 * data costs the same whatever its size. Chunks may be used for something else after `push`.
 *
 * Only for deflated transfer syntaxes do `push` and `end` answer promises, which must be awaited
 * one after the other. For all others they work synchronously.
 */
export class DatasetWalker {
  readonly #walk: Walk
  readonly #inflation: Inflation | undefined
  #fault: unknown

  constructor(transferSyntaxUid: string, options: WalkerOptions = {}) {
    const encoding = encodingOf(transferSyntaxUid)
    this.#walk = new Walk(encoding, options)
    if (encoding.deflated) {
      const limit = options.inflatedLimit ?? 8 * 1024 ** 3
      this.#inflation = new Inflation(chunk => this.#walk.push(chunk), limit)
    }
  }

  /** Faults: `dataset-malformed`; `too-large` when deflated. After one, every call repeats it. */
  push(chunk: Uint8Array): Promise<void> | undefined {
    if (this.#fault) throw this.#fault
    if (this.#inflation) return this.#inflation.push(chunk)
    try {
      this.#walk.push(chunk)
    } catch (thrown) {
      this.#fault = thrown
      throw thrown
    }
    return undefined
  }

  /**
   * After the last chunk. Faults: those of `push`, and `dataset-truncated` when the dataset is not
   * whole; with `lenient` it answers `whole: false` instead.
   */
  end(options: { lenient?: boolean } = {}): Walked | Promise<Walked> {
    if (this.#fault) throw this.#fault
    const lenient = options.lenient ?? false
    if (!this.#inflation) return this.#walk.end(true, lenient)
    return this.#inflation.end().then(complete => {
      const { pixelDataOffset: _, ...walked } = this.#walk.end(complete, lenient)
      return walked
    })
  }
}

/** One walk over plain, not deflated bytes. */
class Walk implements StructureListener {
  readonly #structure: Structure
  readonly #encoding: { explicit: boolean; bigEndian: boolean }
  readonly #store: HeaderStore
  readonly #valueLimit: number
  readonly #omitted: { tag: number; offset: number; length: number }[] = []
  #pixelDataOffset: number | undefined
  /** The element whose fragments pass by. */
  #encapsulated = 0

  constructor(encoding: { explicit: boolean; bigEndian: boolean }, options: WalkerOptions) {
    this.#encoding = encoding
    this.#store = new HeaderStore(options.headerLimit ?? 16 * 1024 * 1024)
    // Shorter values may have a 16-bit length, which cannot be left out
    this.#valueLimit = Math.max(options.valueLimit ?? 0, 64 * 1024)
    this.#structure = new Structure(encoding, this)
  }

  push(chunk: Uint8Array): void {
    if (this.#store.open) this.#store.begin(chunk)
    this.#structure.push(chunk)
    if (this.#store.open) this.#store.finish()
  }

  end(complete: boolean, lenient: boolean): Walked {
    const whole = complete && this.#structure.whole
    if (!whole && !lenient) {
      throw this.#structure.truncated()
    }
    const header = this.#store.bytes()
    const encoding = this.#encoding
    return {
      header,
      dataset: (options = {}) => readPlain(header, encoding, { lenient: !whole, ...options }),
      omitted: this.#omitted,
      headerComplete: !this.#store.overflown,
      ...(this.#pixelDataOffset === undefined ? {} : { pixelDataOffset: this.#pixelDataOffset }),
      whole,
    }
  }

  topLevel(tag: number, at: number): boolean {
    const isPixelData = tag === pixelData || tag === floatPixelData || tag === doubleFloatPixelData
    if (isPixelData && this.#pixelDataOffset === undefined) {
      this.#pixelDataOffset = at
      this.#store.close(at)
    } else {
      this.#store.mark(at)
    }
    return true
  }

  element(tag: number, vr: number, _at: number, valueAt: number, length: number): void {
    if (length > this.#valueLimit && this.#store.open && !isText(nameOf(vr))) {
      this.#omit(tag, valueAt, length)
    }
  }

  sequence(_tag: number, _vr: number, _at: number, valueAt: number, length: number): void {
    if (this.#store.open) this.#store.enter(valueAt, length, this.#structure.bigEndian)
  }

  item(_at: number, valueAt: number, length: number): void {
    if (this.#store.open) this.#store.enter(valueAt, length, this.#structure.bigEndian)
  }

  encapsulated(tag: number, _vr: number, _at: number, valueAt: number): void {
    this.#encapsulated = tag
    if (this.#store.open) this.#store.enter(valueAt, undefinedLength, this.#structure.bigEndian)
  }

  fragment(valueAt: number, length: number): void {
    if (length > this.#valueLimit && this.#store.open)
      this.#omit(this.#encapsulated, valueAt, length)
  }

  close(): void {
    if (this.#store.open) this.#store.leave()
  }

  #omit(tag: number, offset: number, length: number): void {
    this.#store.omit(offset, length, this.#structure.bigEndian)
    if (this.#store.open) this.#omitted.push({ tag, offset, length })
  }
}
