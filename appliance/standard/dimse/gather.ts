/**
 * Bytes that come in pieces and are needed in one array: control PDUs, command sets, identifiers.
 * Memory follows what has come, never what was announced, and a piece of one byte costs one byte.
 */
export class Gather {
  readonly #most: number
  #bytes = new Uint8Array(0)
  #length = 0

  /** `most`, where it is known how much will come: no room is made beyond it. */
  constructor(most = Number.POSITIVE_INFINITY) {
    this.#most = most
  }

  get length(): number {
    return this.#length
  }

  add(piece: Uint8Array): void {
    const length = this.#length + piece.length
    if (length > this.#bytes.length) {
      const larger = new Uint8Array(
        Math.max(length, Math.min(this.#most, Math.max(2 * this.#bytes.length, 256))),
      )
      larger.set(this.#bytes.subarray(0, this.#length))
      this.#bytes = larger
    }
    this.#bytes.set(piece, this.#length)
    this.#length = length
  }

  /** Everything added since the last call. */
  take(): Uint8Array {
    const taken = this.#bytes.subarray(0, this.#length)
    this.#bytes = new Uint8Array(0)
    this.#length = 0
    return taken
  }
}
