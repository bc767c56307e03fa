import type { Store } from '../../holdings/catalog/catalog.ts'
import type { Bytes } from '../../holdings/storage/storage.ts'
import type { Log } from '../../log.ts'
import type { Pause } from './bell.ts'
import { openBudget, type Period } from './budget.ts'
import { type ClockState, openClock } from './clock.ts'
import type { Priority } from './delivery.ts'
import type { Why } from './destinations/destination.ts'
import type { LinkSettings } from './link.ts'
import { objections } from './objections.ts'
import { createPacing } from './pacing.ts'
import { isWithin } from './window.ts'

/** What the governor needs to know of a destination. */
export interface Carried {
  uplink: boolean
  windows?: readonly string[] | undefined
}

/** How the link stands; rates in kbit/s, budgets in bytes. */
export interface LinkReport {
  clock: ClockState
  cap?: number
  closed: boolean
  metered: boolean
  offPeak: boolean
  budget: Record<Period, { limit?: number; used: number }>
}

/**
 * Says when what may go, and how fast. STAT goes at any time, also beyond the budget, at the cap that
 * holds for all. While the clock is not to be believed no window counts: everything may go, at the
 * lowest cap that any window has, and a budget is renewed by running time alone.
 */
export interface Governor {
  /** Why nothing of this class may begin now, or `undefined` when it may. */
  objection(to: Carried, priority: Priority): Why | undefined
  /** Bytes that may be begun now. */
  room(to: Carried, priority: Priority): number
  /** The same bytes at the link's pace, counted. */
  carry(bytes: Bytes, to: Carried, priority: Priority, stop: AbortSignal): Bytes
  /** Bytes a second that all share now; `undefined`: no limit. */
  rate(to: Carried): number | undefined
  /** Writes down what was used. */
  keep(): void
  report(): LinkReport
}

/** What a message costs besides its dataset: command set, headers of PDUs or of a part, bytes. */
const overhead = 300

export function openGovernor(parts: {
  store: Store
  /** Read at every question, so that a change holds at once. */
  settings: () => LinkSettings
  /** ms since 1970; may jump. */
  now: () => number
  /** Seconds of running, from any start. */
  elapsed: () => number
  pause: Pause
  log: Log
}): Governor {
  const { store, settings, now, elapsed, pause, log } = parts
  const clock = openClock({ store, now, elapsed, log })
  const budget = openBudget({
    ...{ store, settings, now, elapsed },
    clockTrusted: () => clock.state().trusted,
  })

  function moment(): Omit<LinkReport, 'budget'> {
    const { timeZone, windows, offPeak, cap, metered } = settings()
    const state = clock.state()
    const caps = [cap, ...windows.map(each => each.cap)].filter(each => typeof each === 'number')
    if (!state.trusted) {
      const lowest = caps.length === 0 ? {} : { cap: Math.min(...caps) }
      return { clock: state, ...lowest, closed: false, metered, offPeak: true }
    }
    const at = now()
    const open = windows.find(each => isWithin(each.at, at, timeZone))
    const present = open?.cap === undefined ? cap : (open.cap ?? undefined)
    return {
      clock: state,
      ...(present === undefined ? {} : { cap: present }),
      closed: open?.closed ?? false,
      metered: open?.metered ?? metered,
      offPeak: offPeak?.some(each => isWithin(each, at, timeZone)) ?? true,
    }
  }

  // A window begins and ends with a minute; a rate is asked for with every piece.
  let remembered: { at: number; settings: LinkSettings; rate: number | undefined } | undefined
  function rate(): number | undefined {
    const at = elapsed()
    if (!remembered || remembered.settings !== settings() || at - remembered.at >= 1) {
      const { cap } = moment()
      remembered = { at, settings: settings(), rate: cap === undefined ? undefined : cap * 125 }
    }
    return remembered.rate
  }
  const pacing = createPacing({ rate, elapsed, pause })

  return {
    objection(to, priority) {
      if (priority === 0) return undefined
      const present = moment()
      if (to.windows && present.clock.trusted) {
        const { timeZone } = settings()
        if (!to.windows.some(each => isWithin(each, now(), timeZone))) return objections.window
      }
      if (priority === 2 && !present.offPeak) return objections.offPeak
      if (!to.uplink) return undefined
      if (present.closed) return objections.closed
      if (priority === 2 && present.metered) return objections.metered
      return budget.left() > 0 ? undefined : objections.spent
    },

    room(to, priority) {
      if (priority === 0 || !to.uplink) return Number.POSITIVE_INFINITY
      // What is larger than the whole budget would never go.
      return budget.untouched() ? Number.POSITIVE_INFINITY : budget.left()
    },

    async *carry(bytes, to, priority, stop) {
      if (!to.uplink) {
        yield* bytes
        return
      }
      budget.spend(overhead)
      for await (const piece of pacing.paced(bytes, overhead, priority, stop)) {
        budget.spend(piece.length)
        yield piece
      }
    },

    rate: to => (to.uplink ? rate() : undefined),
    keep: budget.keep,
    report: () => ({ ...moment(), budget: budget.report() }),
  }
}
