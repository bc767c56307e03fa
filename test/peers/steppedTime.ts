import { setImmediate as turn } from 'node:timers/promises'

/** Time that passes only when told to, so that a month of it takes no longer than its work. */
export interface SteppedTime {
  /** What the wall clock shows, in ms since 1970. */
  now(): number
  pause(seconds: number, stop: AbortSignal): Promise<void>
  /** Sets the wall clock, without time passing. */
  setClock(ms: number): void
  /** Lets everything happen, and time pass wherever all only wait for it, until `reached`. */
  until(reached: () => boolean): Promise<void>
  /** Lets everything happen that needs no time. */
  settle(): Promise<void>
  /** Lets time pass until somebody's wait is over, if anybody waits. */
  step(): Promise<void>
  /** Seconds that have passed. */
  passed(): number
}

/** Turns of the event loop after which nothing more can be expected to happen by itself. */
const quiet = 12
const stepsAtMost = 50_000

export function createSteppedTime(clock = Date.parse('2026-03-01T08:00:00Z')): SteppedTime {
  let wall = clock
  let passed = 0
  const waiting = new Set<{ at: number; wake: () => void }>()

  function step(): boolean {
    let first: { at: number; wake: () => void } | undefined
    for (const each of waiting) if (!first || each.at < first.at) first = each
    if (!first) return false
    wall += (first.at - passed) * 1000
    passed = first.at
    first.wake()
    return true
  }

  async function settle(): Promise<void> {
    for (let turns = 0; turns < quiet; turns++) await turn()
  }

  return {
    now: () => wall,
    passed: () => passed,
    settle,

    setClock(ms) {
      wall = ms
    },

    pause: (seconds, stop) =>
      new Promise(resolve => {
        if (stop.aborted) return resolve()
        const entry = {
          at: passed + seconds,
          wake: () => {
            waiting.delete(entry)
            stop.removeEventListener('abort', entry.wake)
            resolve()
          },
        }
        waiting.add(entry)
        stop.addEventListener('abort', entry.wake)
      }),

    async step() {
      await settle()
      step()
      await settle()
    },

    async until(reached) {
      for (let steps = 0; steps < stepsAtMost; steps++) {
        await settle()
        if (reached()) return
        if (!step()) throw new Error('nothing is left that could bring it about')
      }
      throw new Error('it did not come about')
    },
  }
}
