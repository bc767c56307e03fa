import { type Change, failureOf, hear } from './entries.ts'
import type { Attended } from './jobs.ts'
import type { Entry } from './shelf.ts'

/** What who does the work holds of it; `over` is told what became of it, each time it is settled. */
export function attendedOf(
  entry: Entry,
  stop: AbortSignal,
  over: (outcome: Change) => void,
): Attended {
  return {
    id: entry.id,
    stop,
    tell: news => hear(entry, news),
    settle(error) {
      if (error === undefined) return over({ state: 'succeeded', progress: 1 })
      const failure = stop.aborted ? { code: 'cancelled' as const, detail: '' } : failureOf(error)
      over({ state: 'failed', failure })
    },
  }
}
