import type { Socket } from 'node:net'
import type { Fault } from '../../faults.ts'

/** How much may wait for the other end to take it, before the sender of a dataset waits too. */
const backlogLimit = 262_144

/** The sending half of a connected socket: what is on its way, and who waits until it is. */
export class Writing {
  readonly #socket: Socket
  /** Something could not be handed over at once. */
  readonly #held: () => void
  /** What is written is kept until the end of this turn of the thread. */
  #corked = false
  #drain: PromiseWithResolvers<void> | undefined
  readonly #flushes = new Set<PromiseWithResolvers<void>>()
  #over: Fault | undefined

  constructor(socket: Socket, held: () => void) {
    this.#socket = socket
    this.#held = held
    socket.on('drain', () => {
      this.#drain?.resolve()
      this.#drain = undefined
    })
  }

  /**
   * What is written in one turn of the thread goes out as one write: the pending reply of a C-GET
   * together with the next image, which follows it without waiting for anything.
   */
  write(buffers: readonly Uint8Array[], flushed?: (error?: Error | null) => void): void {
    if (!this.#corked) {
      this.#corked = true
      this.#socket.cork()
      process.nextTick(() => this.#uncork())
    }
    const last = buffers.length - 1
    for (const [at, buffer] of buffers.entries())
      this.#socket.write(buffer, at === last ? flushed : undefined)
  }

  #uncork(): void {
    this.#corked = false
    this.#socket.uncork()
    if (this.#socket.writableLength > 0 && !this.#over) this.#held()
  }

  /** Resolves when none of the buffers is looked at any more; throws when it is over before. */
  flushed(write: (flushed: (error?: Error | null) => void) => void): Promise<void> {
    if (this.#over) return Promise.reject(this.#over)
    const flush = Promise.withResolvers<void>()
    this.#flushes.add(flush)
    write(error => {
      // An error is the end of the association, which says why.
      if (!error && this.#flushes.delete(flush)) flush.resolve()
    })
    return flush.promise
  }

  /** Is so much unsent that a sender should wait for `drained`? */
  get congested(): boolean {
    return this.#socket.writableLength > backlogLimit
  }

  /** Resolves when all that was written is on its way; throws when it is over before. */
  drained(): Promise<void> {
    if (this.#over) return Promise.reject(this.#over)
    if (!this.congested) return Promise.resolve()
    this.#drain ??= Promise.withResolvers()
    return this.#drain.promise
  }

  /** Bytes that the other end's machine has taken, or this one's on its behalf. */
  get taken(): number {
    return this.#socket.bytesWritten - this.#socket.writableLength
  }

  /** Nobody is told any more that something is on its way. */
  end(fault: Fault): void {
    this.#over = fault
    for (const each of [...this.#flushes, ...(this.#drain ? [this.#drain] : [])]) {
      // Nobody may be waiting for it.
      each.promise.catch(() => {})
      each.reject(fault)
    }
    this.#flushes.clear()
    this.#drain = undefined
  }
}
