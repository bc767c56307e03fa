import type { Wait } from './ending.ts'
import type { Timers } from './settings.ts'
import type { Watch } from './timers.ts'

/**
 * The two waits that are not for an event but for enough to move: the other end takes something of
 * what is written (`writeStall`), and what comes of a message comes fast enough (`trickle`).
 */
export class Headway {
  readonly #watch: Watch<Wait>
  readonly #timers: Timers
  readonly #slowestSender: number
  readonly #taken: () => number
  readonly #received: () => number
  #takenBefore = 0
  #receivedBefore = 0

  constructor(parts: {
    watch: Watch<Wait>
    timers: Timers
    /** Bytes a second. */
    slowestSender: number
    /** Bytes so far that the other end's machine has taken, and that came. */
    taken: () => number
    received: () => number
  }) {
    this.#watch = parts.watch
    this.#timers = parts.timers
    this.#slowestSender = parts.slowestSender
    this.#taken = parts.taken
    this.#received = parts.received
  }

  /** From now on there has to be some. */
  expect(wait: 'writeStall' | 'trickle'): void {
    if (wait === 'writeStall') {
      this.#takenBefore = this.#taken()
      this.#watch.set(wait, this.#timers.writeStall)
    } else {
      this.#receivedBefore = this.#received()
      this.#watch.set(wait, this.#timers.idle)
    }
  }

  /** Whether there was enough in the time of this wait, which then begins anew. */
  made(wait: Wait): boolean {
    if (wait !== 'writeStall' && wait !== 'trickle') return false
    const enough =
      wait === 'writeStall'
        ? this.#taken() > this.#takenBefore
        : this.#received() - this.#receivedBefore >= this.#slowestSender * this.#timers.idle
    if (enough) this.expect(wait)
    return enough
  }
}
