/** One at a time, in the order of asking. */
export class Turns {
  #last: Promise<void> = Promise.resolve()
  #waiting = 0

  /** Is it somebody's turn? */
  get taken(): boolean {
    return this.#waiting > 0
  }

  /** Resolves when it is the caller's turn, with the function that ends it. */
  async take(): Promise<() => void> {
    const before = this.#last
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#last = promise
    this.#waiting++
    await before
    return () => {
      this.#waiting--
      resolve()
    }
  }
}
