/**
 * Bytes that come in pieces and are needed in one array: control PDUs, command sets, identifiers.
 * Memory follows what has come, never what was announced, and a piece of one byte costs one byte.
 */
export class Gather {
  readonly #most: number
  #bytes = new Uint8Array(0)
  #length = 0

  /**
   * `most`, where it is known how much may come: room is made by its halves, quarters and so on, so
   * that while it grows at most one and a half times as much is held.
   */
  constructor(most = Number.POSITIVE_INFINITY) {
    this.#most = most
  }

  get length(): number {
    return this.#length
  }

  add(piece: Uint8Array): void {
    const length = this.#length + piece.length
    if (length > this.#bytes.length) {
      const larger = new Uint8Array(this.#roomFor(length))
      larger.set(this.#bytes.subarray(0, this.#length))
      this.#bytes = larger
    }
    this.#bytes.set(piece, this.#length)
    this.#length = length
  }

  /** Less than twice as much as is needed, but for the smallest. */
  #roomFor(length: number): number {
    if (!Number.isFinite(this.#most)) return Math.max(length, 2 * this.#bytes.length, 256)
    const needed = Math.max(length, 256)
    let room = this.#most
    while (room / 2 >= needed) room /= 2
    return Math.max(length, Math.ceil(room))
  }

  /** Everything added since the last call. */
  take(): Uint8Array {
    const taken = this.#bytes.subarray(0, this.#length)
    this.#bytes = new Uint8Array(0)
    this.#length = 0
    return taken
  }
}
