import { finished } from 'node:stream/promises'
import { createInflateRaw, type InflateRaw } from 'node:zlib'
import { Fault } from '../../faults.ts'
import { inflateFault } from './read.ts'

/**
 * A deflated dataset (PS3.5 §A.5) inflated as it passes by, a few kilobytes at a time, outside the
 * main thread, and handed to `taken` in order. What stands behind the end of the deflated data
 * (the standard allows one zero) is not looked at. Nothing starts before the first `push`.
 */
export class Inflation {
  readonly #taken: (chunk: Uint8Array) => void
  readonly #limit: number
  #inflater: InflateRaw | undefined
  #inflated = 0
  #failure: Fault | undefined
  #failed: ((failure: Fault) => void) | undefined

  constructor(taken: (chunk: Uint8Array) => void, limit: number) {
    this.#taken = taken
    this.#limit = limit
  }

  /** Resolves when the chunk is used up. Faults: `dataset-malformed`, `too-large`, those of `taken`. */
  async push(chunk: Uint8Array): Promise<void> {
    if (this.#failure) throw this.#failure
    if (chunk.length === 0) return
    const inflater = this.#inflater ?? this.#start()
    this.#inflater = inflater
    await new Promise<void>((resolve, reject) => {
      this.#failed = reject
      inflater.write(chunk, thrown => {
        if (!thrown) resolve()
      })
    })
    this.#failed = undefined
  }

  /** Whether the deflated data had their own end. Faults as of `push`. */
  async end(): Promise<boolean> {
    if (this.#failure) throw this.#failure
    const inflater = this.#inflater
    if (!inflater) return false
    inflater.end()
    // Its error, if any, came by #fail
    await finished(inflater).catch(() => {})
    const failure = this.#failure as Fault | undefined
    if (failure?.code === 'dataset-truncated') return false
    if (failure) throw failure
    return true
  }

  #start(): InflateRaw {
    const inflater = createInflateRaw()
    inflater.on('data', (chunk: Uint8Array) => {
      if (this.#failure) return
      this.#inflated += chunk.length
      try {
        if (this.#inflated > this.#limit) {
          throw new Fault('too-large', 'the deflated dataset grows beyond the limit')
        }
        this.#taken(chunk)
      } catch (thrown) {
        this.#fail(thrown instanceof Fault ? thrown : new Fault('internal', '', { cause: thrown }))
        inflater.destroy()
      }
    })
    inflater.on('error', thrown => this.#fail(inflateFault(thrown)))
    return inflater
  }

  #fail(failure: Fault): void {
    this.#failure ??= failure
    this.#failed?.(this.#failure)
  }
}
