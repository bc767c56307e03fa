/** When to try again: doubling from `first` up to `cap` (seconds), for ever. */
export interface Backoff {
  first: number
  cap: number
}

/**
 * Seconds to wait after the n-th failure in a row (n from 1): half of it fixed, half of it drawn by
 * lot, so that boxes which lost the same link do not all come back in the same second.
 */
export function delayAfter(failures: number, backoff: Backoff, random: () => number): number {
  const full = Math.min(backoff.cap, backoff.first * 2 ** Math.min(failures - 1, 52))
  return full * (0.5 + 0.5 * random())
}

/**
 * Seconds left until `notBefore` (ms). One that lies beyond the cap was written under another clock,
 * which was wrong then or is wrong now: it says nothing, and is over.
 */
export function secondsUntil(notBefore: number, now: number, backoff: Backoff): number {
  const left = (notBefore - now) / 1000
  return left > backoff.cap ? 0 : Math.max(0, left)
}
