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
 * Seconds left until `notBefore` (ms). Never more than the cap: the clock that wrote it may have
 * been years ahead of the one that reads it.
 */
export function secondsUntil(notBefore: number, now: number, backoff: Backoff): number {
  return Math.min(backoff.cap, Math.max(0, (notBefore - now) / 1000))
}
