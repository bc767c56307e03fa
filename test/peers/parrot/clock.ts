import type { Clock } from '../../../appliance/standard/dimse/dimse.ts'

/** Time that passes only when a test says so. */
export interface TestClock extends Clock {
  /** Lets time pass, and what falls due in it happen, each at its own moment. */
  pass(seconds: number): void
}

export function createTestClock(): TestClock {
  let now = 0
  const due = new Set<{ at: number; call(): void }>()
  return {
    now: () => now,
    after(ms, call) {
      const timer = { at: now + ms, call }
      due.add(timer)
      return () => due.delete(timer)
    },
    pass(seconds) {
      const end = now + seconds * 1000
      for (;;) {
        let next: { at: number; call(): void } | undefined
        for (const timer of due) if (timer.at <= end && (!next || timer.at < next.at)) next = timer
        if (!next) break
        due.delete(next)
        now = Math.max(now, next.at)
        next.call()
      }
      now = end
    },
  }
}
