/**
 * What comes out of a conversion, in order: bytes that are ready, and frames that are still to be
 * decoded, so that of a chunk of many small frames only one at a time is in memory decoded.
 */
export type Piece = Uint8Array | { frame: Uint8Array; index: number }

/** Values are handed on as views up to here; what is smaller is gathered. */
const gathered = 4096

/** Gathers pieces, the small ones in one. */
export class Pieces {
  #pieces: Piece[] = []
  #small = new Uint8Array(16 * 1024)
  #from = 0
  #to = 0

  add(bytes: Uint8Array): void {
    if (bytes.length > gathered) {
      this.#cut()
      this.#pieces.push(bytes)
      return
    }
    this.#room(bytes.length).set(bytes)
  }

  addFrame(frame: Uint8Array, index: number): void {
    this.#cut()
    this.#pieces.push({ frame, index })
  }

  /** The header of an element. A VR that explicit encodings do not have room for in `length` is UN. */
  header(
    tag: number,
    vr: number,
    long: boolean,
    length: number,
    encoding: { explicit: boolean; bigEndian: boolean },
  ): void {
    const { explicit, bigEndian } = encoding
    const bytes = this.#room(explicit && long ? 12 : 8)
    if (!explicit) {
      this.#tag(bytes, tag, bigEndian)
      this.#number(bytes, 4, length, bigEndian)
      return
    }
    this.#tag(bytes, tag, bigEndian)
    bytes[4] = vr >> 8
    bytes[5] = vr
    bytes[6] = 0
    bytes[7] = 0
    if (long) this.#number(bytes, 8, length, bigEndian)
    else {
      bytes[bigEndian ? 6 : 7] = length >> 8
      bytes[bigEndian ? 7 : 6] = length
    }
  }

  /** An item or a delimiter. */
  delimiter(tag: number, length: number, bigEndian: boolean): void {
    const bytes = this.#room(8)
    this.#tag(bytes, tag, bigEndian)
    this.#number(bytes, 4, length, bigEndian)
  }

  /** All so far; what comes later is gathered anew. */
  take(): Piece[] {
    this.#cut()
    const pieces = this.#pieces
    this.#pieces = []
    return pieces
  }

  #room(length: number): Uint8Array {
    if (this.#to + length > this.#small.length) {
      this.#cut()
      this.#small = new Uint8Array(16 * 1024)
      this.#from = 0
      this.#to = 0
    }
    this.#to += length
    return this.#small.subarray(this.#to - length, this.#to)
  }

  #cut(): void {
    if (this.#to > this.#from) this.#pieces.push(this.#small.subarray(this.#from, this.#to))
    this.#from = this.#to
  }

  #tag(bytes: Uint8Array, tag: number, bigEndian: boolean): void {
    const group = tag >>> 16
    bytes[bigEndian ? 0 : 1] = group >> 8
    bytes[bigEndian ? 1 : 0] = group
    bytes[bigEndian ? 2 : 3] = tag >> 8
    bytes[bigEndian ? 3 : 2] = tag
  }

  #number(bytes: Uint8Array, at: number, value: number, bigEndian: boolean): void {
    for (let i = 0; i < 4; i++) bytes[at + (bigEndian ? 3 - i : i)] = value >>> (8 * i)
  }
}
