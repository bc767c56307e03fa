import { setTimeout as wait } from 'node:timers/promises'

/** A timer of Node holds at most this many milliseconds, some 24 days; a longer one fires at once. */
const longestTimer = 2 ** 31 - 1

/** Waits that long by the monotonic clock, however long it is, or until `stop`. */
export async function pause(milliseconds: number, stop: AbortSignal): Promise<void> {
  const until = performance.now() + milliseconds
  for (let left = milliseconds; left > 0 && !stop.aborted; left = until - performance.now()) {
    await wait(Math.min(left, longestTimer), undefined, { signal: stop }).catch(() => undefined)
  }
}
