/**
 * The first part of a dataset, kept while it passes by in chunks. Offsets are those of the dataset.
 * Values can be left out: their length is then written as zero, and the lengths of what encloses
 * them are made smaller, so that what is kept stays a dataset.
 */
export class HeaderStore {
  /** Whether it still grows. */
  open = true
  /** Whether it was cut at the limit. */
  overflown = false

  readonly #limit: number
  #bytes = new Uint8Array(8 * 1024)
  #length = 0
  /** Dataset offset up to which all is either kept or left out. */
  #position = 0
  #chunk: Uint8Array = new Uint8Array()
  #chunkAt = 0
  #chunkEnd = 0
  /** Where the dataset's latest own element begins: dataset offset, and length kept before it. */
  #boundaryAt = 0
  #boundary = 0
  /** Of each open sequence and item: where its length stands in `#bytes`, -1 for undefined ones. */
  readonly #lengths: { at: number; bigEndian: boolean }[] = []

  constructor(limit: number) {
    this.#limit = limit
  }

  /** A chunk is about to be walked. */
  begin(chunk: Uint8Array): void {
    this.#chunk = chunk
    this.#chunkAt = this.#chunkEnd
    this.#chunkEnd += chunk.length
  }

  /** It was walked: the rest of it is kept, and the chunk let go. */
  finish(): void {
    if (this.open) this.#keepTo(this.#chunkEnd)
    this.#chunk = new Uint8Array()
  }

  /** An element of the dataset itself begins at `at`. */
  mark(at: number): void {
    if (!this.open) return
    const length = this.#lengthAt(at)
    if (length > this.#limit) {
      this.#overflow()
    } else {
      this.#boundaryAt = at
      this.#boundary = length
    }
  }

  /** The header ends at `at`. */
  close(at: number): void {
    this.mark(at)
    if (this.open) this.#cut()
  }

  /** A sequence or item begins, whose content starts at `contentAt` behind a 32-bit length. */
  enter(contentAt: number, length: number, bigEndian: boolean): void {
    this.#lengths.push({
      at: length === 0xffffffff ? -1 : this.#lengthAt(contentAt) - 4,
      bigEndian,
    })
  }

  leave(): void {
    this.#lengths.pop()
  }

  /** A value of `length` bytes follows at `valueAt`, behind a 32-bit length; it is left out. */
  omit(valueAt: number, length: number, bigEndian: boolean): void {
    this.#keepTo(valueAt)
    if (!this.open) return
    this.#shorten(this.#length - 4, length, bigEndian)
    for (const enclosing of this.#lengths) {
      if (enclosing.at >= 0) this.#shorten(enclosing.at, length, enclosing.bigEndian)
    }
    this.#position = valueAt + length
  }

  /** What is kept, after the last chunk. */
  bytes(): Uint8Array {
    if (this.open && this.#length > this.#limit) this.#overflow()
    return this.#bytes.subarray(0, this.#length)
  }

  #keepTo(to: number): void {
    const end = Math.min(to, this.#chunkEnd)
    if (!this.open || end <= this.#position) return
    const more = end - this.#position
    if (this.#length + more > this.#limit + headerAhead) {
      this.#overflow()
      return
    }
    if (this.#length + more > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#length + more, this.#bytes.length * 2))
      grown.set(this.#bytes.subarray(0, this.#length))
      this.#bytes = grown
    }
    const from = this.#position - this.#chunkAt
    this.#bytes.set(this.#chunk.subarray(from, from + more), this.#length)
    this.#length += more
    this.#position = end
  }

  #shorten(at: number, by: number, bigEndian: boolean): void {
    const view = new DataView(this.#bytes.buffer)
    view.setUint32(at, view.getUint32(at, !bigEndian) - by, !bigEndian)
  }

  /**
   * How much is kept before an offset not left out: ahead of what was copied, or behind it, since
   * the first bytes of a header may have come and been kept with the chunk before.
   */
  #lengthAt(at: number): number {
    return this.#length + at - this.#position
  }

  #overflow(): void {
    this.overflown = true
    this.#cut()
  }

  /** Ends what is kept before the dataset's latest own element. */
  #cut(): void {
    this.#keepTo(this.#boundaryAt)
    this.#length = this.#boundary
    this.open = false
    this.#chunk = new Uint8Array()
    this.#lengths.length = 0
  }
}

/** Room for the part of an element's header that came before its limit was known to be passed. */
const headerAhead = 12
