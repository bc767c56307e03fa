import type { Store } from '../../holdings/catalog/catalog.ts'
import { keys } from './delivery.ts'
import { transact } from './draft.ts'
import type { LinkSettings } from './link.ts'

export const periods = ['day', 'month'] as const
export type Period = (typeof periods)[number]

/** What was used in the current period. */
interface Used {
  /** `2026-03-01` or `2026-03`; empty when it began under a clock not believed. */
  key: string
  bytes: number
  /** Seconds that the box ran since it began. */
  ran: number
}

type Usage = Record<Period, Used>

/** Bytes used of the link's budgets; survives restarts up to what was last written down. */
export interface Budget {
  /** Bytes left in the tightest period; infinite without a budget. */
  left(): number
  /** Whether the tightest period is untouched: then what is larger than it goes all the same. */
  untouched(): boolean
  spend(bytes: number): void
  /** Writes down what was spent since the last time. */
  keep(): void
  report(): Record<Period, { limit?: number; used: number }>
}

/** Running time after which a period is over that no calendar can end, seconds. */
const lengths: Record<Period, number> = { day: 86_400, month: 31 * 86_400 }
/** Bytes that may be lost sight of in a power cut. */
const keepEvery = 1_000_000

export function openBudget(parts: {
  store: Store
  settings: () => LinkSettings
  now: () => number
  /** Seconds of running, from any start. */
  elapsed: () => number
  clockTrusted: () => boolean
}): Budget {
  const { store, settings, now, elapsed, clockTrusted } = parts
  const fresh = (key: string): Used => ({ key, bytes: 0, ran: 0 })
  const usage: Usage = store.get<Usage>(keys.usage) ?? { day: fresh(''), month: fresh('') }
  const own: Usage = { day: { ...usage.day }, month: { ...usage.month } }
  const keyOf = calendar()
  let unwritten = 0
  let ranAt = elapsed()
  let ranWritten = ranAt

  function turn(): void {
    const run = elapsed()
    const passed = Math.max(0, run - ranAt)
    ranAt = run
    const trusted = clockTrusted()
    for (const period of periods) {
      const used = own[period]
      used.ran += passed
      const key = keyOf(period, now(), settings().timeZone)
      if (trusted && used.key === '') used.key = key
      const over = trusted ? used.key !== key : used.ran >= lengths[period]
      if (over) own[period] = fresh(trusted ? key : '')
    }
    if (run - ranWritten > 3600) keep()
  }

  function keep(): void {
    unwritten = 0
    ranWritten = ranAt
    const { day, month } = settings().budget
    if (day === undefined && month === undefined) return
    transact(store, draft =>
      draft.put(keys.usage, { day: { ...own.day }, month: { ...own.month } }),
    )
  }

  const limited = () =>
    periods.flatMap(period => {
      const limit = settings().budget[period]
      return limit === undefined ? [] : [{ limit, used: own[period].bytes }]
    })

  return {
    left() {
      turn()
      return Math.min(
        Number.POSITIVE_INFINITY,
        ...limited().map(({ limit, used }) => Math.max(0, limit - used)),
      )
    },
    untouched() {
      turn()
      return limited().every(({ limit, used }) => used === 0 || used < limit * 0.01)
    },
    spend(bytes) {
      for (const period of periods) own[period].bytes += bytes
      unwritten += bytes
      if (unwritten >= keepEvery) keep()
    },
    keep() {
      if (unwritten > 0) keep()
    },
    report() {
      turn()
      const { budget } = settings()
      const of = (period: Period) => {
        const limit = budget[period]
        return { ...(limit === undefined ? {} : { limit }), used: own[period].bytes }
      }
      return { day: of('day'), month: of('month') }
    },
  }
}

/** Of the day or month that a moment lies in; a calendar is slow to ask, so once a minute. */
function calendar(): (period: Period, at: number, zone: string | undefined) => string {
  let asked = ''
  let day = ''
  return (period, at, zone) => {
    const minute = `${Math.floor(at / 60_000)} ${zone ?? ''}`
    if (minute !== asked) {
      asked = minute
      day = new Intl.DateTimeFormat('en-CA', {
        ...(zone === undefined ? {} : { timeZone: zone }),
        ...{ year: 'numeric', month: '2-digit', day: '2-digit' },
      }).format(at)
    }
    return day.slice(0, period === 'day' ? 10 : 7)
  }
}
