/** Time that only goes forward, in milliseconds, and one call at a later time. */
export interface Clock {
  now(): number
  /** Answers a function that takes the call back. */
  after(ms: number, call: () => void): () => void
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, call) {
    const timer = setTimeout(call, ms)
    return () => clearTimeout(timer)
  },
}

/**
 * The deadlines of one association on one timer. Moving a deadline further away, as every chunk of
 * the socket does, only writes a number: the timer is set again when it fires too early.
 */
export class Watch<Name extends string> {
  readonly #clock: Clock
  readonly #expired: (name: Name) => void
  readonly #deadlines = new Map<Name, number>()
  #due = Number.POSITIVE_INFINITY
  #takeBack: (() => void) | undefined

  constructor(clock: Clock, expired: (name: Name) => void) {
    this.#clock = clock
    this.#expired = expired
  }

  has(name: Name): boolean {
    return this.#deadlines.has(name)
  }

  /** Begins the wait, or begins it anew. */
  set(name: Name, seconds: number): void {
    const deadline = this.#clock.now() + seconds * 1000
    this.#deadlines.set(name, deadline)
    if (deadline < this.#due) this.#schedule(deadline)
  }

  clear(name: Name): void {
    this.#deadlines.delete(name)
  }

  stop(): void {
    this.#deadlines.clear()
    this.#takeBack?.()
    this.#takeBack = undefined
    this.#due = Number.POSITIVE_INFINITY
  }

  #schedule(due: number): void {
    this.#takeBack?.()
    this.#due = due
    this.#takeBack = this.#clock.after(Math.max(0, due - this.#clock.now()), () => this.#fire())
  }

  #fire(): void {
    this.#takeBack = undefined
    this.#due = Number.POSITIVE_INFINITY
    const now = this.#clock.now()
    // Timers of the system may fire a fraction of a millisecond early.
    for (const [name, deadline] of [...this.#deadlines])
      if (deadline <= now + 1 && this.#deadlines.delete(name)) this.#expired(name)
    if (this.#deadlines.size > 0) this.#schedule(Math.min(...this.#deadlines.values()))
  }
}
