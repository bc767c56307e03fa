import { Fault } from '../../faults.ts'
import { type Inflater, takeInflater } from './inflaters.ts'
import { inflateFault } from './read.ts'

/**
 * A deflated dataset (PS3.5 §A.5) inflated as it passes by, a few kilobytes at a time, outside the
 * main thread, and handed to `taken` in order. What stands behind the end of the deflated data
 * (the standard allows one zero) is not looked at. Nothing starts before the first `push`. One that
 * is neither ended nor failed leaves its inflater to the garbage collector.
 */
export class Inflation {
  readonly #taken: (chunk: Uint8Array) => void
  readonly #limit: number
  #inflater: Inflater | undefined
  #inflated = 0
  #failure: Fault | undefined

  constructor(taken: (chunk: Uint8Array) => void, limit: number) {
    this.#taken = taken
    this.#limit = limit
  }

  /** Resolves when the chunk is used up. Faults: `dataset-malformed`, `too-large`, those of `taken`. */
  async push(chunk: Uint8Array): Promise<void> {
    if (this.#failure) throw this.#failure
    if (chunk.length === 0) return
    this.#inflater ??= takeInflater('raw')
    try {
      for await (const inflated of this.#inflater.inflated(chunk)) this.#take(inflated)
    } catch (thrown) {
      throw this.#failed(thrown)
    }
  }

  /** Whether the deflated data had their own end. Faults as of `push`. */
  async end(): Promise<boolean> {
    if (this.#failure) throw this.#failure
    const inflater = this.#inflater
    if (!inflater) return false
    try {
      await inflater.finish()
    } catch (thrown) {
      const failure = this.#failed(thrown)
      if (failure.code === 'dataset-truncated') return false
      throw failure
    }
    inflater.giveBack()
    return true
  }

  #take(chunk: Uint8Array): void {
    this.#inflated += chunk.length
    if (this.#inflated > this.#limit) {
      throw new Fault('too-large', 'the deflated dataset grows beyond the limit')
    }
    this.#taken(chunk)
  }

  #failed(thrown: unknown): Fault {
    const isZlibs = String((thrown as NodeJS.ErrnoException).code).startsWith('Z_')
    this.#failure =
      thrown instanceof Fault
        ? thrown
        : isZlibs
          ? inflateFault(thrown)
          : new Fault('internal', '', { cause: thrown })
    this.#inflater?.giveBack()
    return this.#failure
  }
}
