import type { Fault } from '../../faults.ts'

/** Bytes on their way, chunk by chunk; the consumer's pace is the producer's pace. */
export type Bytes = AsyncIterable<Uint8Array>

/** What an array costs beyond its bytes, so that a peer who sends single bytes is bounded too. */
const overhead = 512

/** Bytes held by all associations together. */
export interface Budget {
  held: number
  readonly limit: number
}

/**
 * Holds an association's sender back: pauses the socket when more is held than allowed and resumes
 * it when half of that is taken. When all associations together hold too much, one that holds
 * anything waits until it holds nothing.
 */
export class Pace {
  readonly #budget: Budget
  readonly #limit: number
  readonly #pause: () => void
  readonly #resume: () => void
  #held = 0
  #gathered = 0
  #paused = false
  #closed = false

  constructor(options: { limit: number; budget: Budget; pause: () => void; resume: () => void }) {
    this.#limit = options.limit
    this.#budget = options.budget
    this.#pause = options.pause
    this.#resume = options.resume
  }

  get held(): number {
    return this.#held
  }

  get paused(): boolean {
    return this.#paused
  }

  hold(bytes: number): void {
    if (this.#closed) return
    this.#held += bytes
    this.#budget.held += bytes
    if (!this.#paused && this.#held > this.#allowed()) {
      this.#paused = true
      this.#pause()
    }
  }

  /**
   * Counts bytes that are needed whole, so that to wait would be of no help. Answers false, and
   * counts nothing, when all associations together hold too much.
   */
  gather(bytes: number): boolean {
    if (this.#closed || this.#budget.held + bytes > this.#budget.limit) return false
    this.#gathered += bytes
    this.#budget.held += bytes
    return true
  }

  /** What was gathered is needed no more. */
  ungather(bytes: number): void {
    if (this.#closed) return
    this.#gathered -= bytes
    this.#budget.held -= bytes
  }

  free(bytes: number): void {
    if (this.#closed) return
    this.#held -= bytes
    this.#budget.held -= bytes
    if (this.#paused && this.#held <= this.#allowed() / 2) {
      this.#paused = false
      this.#resume()
    }
  }

  /** The association is over: what it held is no longer held, whoever was to give it back. */
  close(): void {
    this.#closed = true
    this.#budget.held -= this.#held + this.#gathered
    this.#held = 0
    this.#gathered = 0
  }

  #allowed(): number {
    return this.#budget.held > this.#budget.limit ? 0 : this.#limit
  }
}

/**
 * A dataset as it comes in, for one reader. The upper layer adds pieces while it reads a chunk of
 * the socket and flushes at the chunk's end: the reader wakes once per chunk, not once per value.
 * Pieces of one chunk are moved together in place, closing the gaps where headers were, since the
 * chunk is ours and its headers are read by then.
 */
export class Inflow implements AsyncIterable<Uint8Array>, AsyncIterator<Uint8Array, undefined> {
  readonly #pace: Pace
  #queue: Uint8Array[] = []
  #waiting: PromiseWithResolvers<IteratorResult<Uint8Array, undefined>> | undefined
  #fault: Fault | undefined
  #ended = false
  #discarding = false
  /** The last of the queue is of the chunk that is being read. */
  #sameChunk = false
  #whenOver = Promise.withResolvers<void>()
  /** Of the dataset, in all. */
  bytes = 0

  constructor(pace: Pace) {
    this.#pace = pace
  }

  /** Resolves when the dataset has come to its end, or never will. */
  get over(): Promise<void> {
    return this.#whenOver.promise
  }

  get complete(): boolean {
    return this.#ended
  }

  add(piece: Uint8Array): void {
    this.bytes += piece.length
    if (this.#discarding || piece.length === 0) return
    const tail = this.#sameChunk ? this.#queue.at(-1) : undefined
    if (tail) {
      const together = new Uint8Array(tail.buffer, tail.byteOffset, tail.length + piece.length)
      together.set(piece, tail.length)
      this.#queue[this.#queue.length - 1] = together
      this.#pace.hold(piece.length)
      return
    }
    this.#sameChunk = true
    this.#queue.push(piece)
    this.#pace.hold(piece.length + overhead)
  }

  end(): void {
    this.#ended = true
    this.flush()
    this.#whenOver.resolve()
  }

  /** Wakes the reader; to be called when a chunk of the socket is read. */
  flush(): void {
    this.#sameChunk = false
    const waiting = this.#waiting
    if (!waiting) return
    const next = this.#next()
    if (!next) return
    this.#waiting = undefined
    waiting.resolve(next)
  }

  /** The rest will never come: what the reader has not taken, it does not get. */
  fail(fault: Fault): void {
    if (this.#ended || this.#fault) return
    this.#fault = fault
    this.#drop()
    this.#whenOver.resolve()
    this.#waiting?.reject(fault)
    this.#waiting = undefined
  }

  /** The reader wants no more. */
  discard(): void {
    this.#discarding = true
    this.#drop()
    this.#waiting?.resolve({ done: true, value: undefined })
    this.#waiting = undefined
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#fault) return Promise.reject(this.#fault)
    const next = this.#next()
    if (next) return Promise.resolve(next)
    this.#waiting ??= Promise.withResolvers()
    return this.#waiting.promise
  }

  return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.discard()
    return Promise.resolve({ done: true, value: undefined })
  }

  #next(): IteratorResult<Uint8Array, undefined> | undefined {
    const value = this.#queue.shift()
    if (value) {
      this.#pace.free(value.length + overhead)
      return { done: false, value }
    }
    return this.#ended || this.#discarding ? { done: true, value: undefined } : undefined
  }

  #drop(): void {
    for (const piece of this.#queue) this.#pace.free(piece.length + overhead)
    this.#queue = []
    this.#sameChunk = false
  }
}
