/** Waits for time to pass, or `stop`, whichever is first. */
export type Pause = (seconds: number, stop: AbortSignal) => Promise<void>

/** Wakes one waiter; rung while nobody waits, it wakes the next one at once. */
export interface Bell {
  ring(): void
  /** Until it rings, `seconds` have passed (when given), or `stop`. */
  wait(seconds: number | undefined, stop: AbortSignal): Promise<void>
}

export function createBell(pause: Pause): Bell {
  let rung = false
  let wake: (() => void) | undefined
  return {
    ring() {
      rung = true
      wake?.()
    },

    async wait(seconds, stop) {
      if (!rung && !stop.aborted) {
        const over = new AbortController()
        const ended = AbortSignal.any([stop, over.signal])
        const woken = new Promise<void>(resolve => {
          wake = resolve
          ended.addEventListener('abort', () => resolve(), { once: true })
        })
        const waits = [woken]
        // A pause that is cut short may end in an error; that it is over is all there is to know.
        if (seconds !== undefined) waits.push(pause(seconds, ended).catch(() => {}))
        await Promise.race(waits)
        over.abort()
        wake = undefined
      }
      rung = false
    },
  }
}
