/** Time that only goes forward, in milliseconds, and one call at a later time. */
export interface Clock {
  now(): number
  /** Answers a function that takes the call back. */
  after(ms: number, call: () => void): () => void
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, call) {
    const timer = setTimeout(call, ms)
    return () => clearTimeout(timer)
  },
}
