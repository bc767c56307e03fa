import type { Store } from '../../holdings/catalog/catalog.ts'
import type { Log } from '../../log.ts'
import { keys } from './delivery.ts'
import { transact } from './draft.ts'
import { isKnownDate } from './facts.ts'

/** Whether the wall clock is to be believed, and if not, why. */
export interface ClockState {
  trusted: boolean
  code?: 'clock-unset' | 'clock-behind' | 'clock-jumped'
  detail?: string
  advice?: string
}

/**
 * Judges the wall clock by what is known besides it: the latest time that this box has ever believed
 * (kept over restarts) and the running time, which no one can set.
 *
 * - Before 2024 it was never set.
 * - More than an hour behind the latest time believed, either it is wrong now or it was wrong then.
 *   After a day of running on without a jump the present is believed.
 * - Moved by more than ten minutes against the running time, it jumped; after an hour without another
 *   jump it is believed. A jump that leads from a time not believed to one that may be, behind the
 *   latest believed by less than 60 days, is a clock being set right: it is believed at once.
 */
export interface Clock {
  state(): ClockState
}

const hour = 3_600_000
const jumpedBy = 10 * 60_000
const writeEvery = 10 * 60_000

export function openClock(parts: {
  store: Store
  now: () => number
  /** Seconds of running, from any start. */
  elapsed: () => number
  log: Log
}): Clock {
  const { store, now, log } = parts
  /** What the log was told last. */
  let told: ClockState['code']
  const running = () => parts.elapsed() * 1000
  let latest = store.get<number>(keys.clock) ?? 0
  let written = latest
  let last: { wall: number; run: number } | undefined
  let jumpedAt: number | undefined
  let behindSince: number | undefined

  function judge(): ClockState['code'] {
    const wall = now()
    const run = running()
    const moved = last ? wall - last.wall - (run - last.run) : 0
    const before = last === undefined ? undefined : doubt(last.wall, last.run)
    last = { wall, run }
    if (Math.abs(moved) > jumpedBy) {
      behindSince = undefined
      const setRight = before !== undefined && wall >= latest && wall < latest + 60 * 24 * hour
      jumpedAt = setRight ? undefined : run
    }
    return doubt(wall, run)
  }

  function doubt(wall: number, run: number): ClockState['code'] {
    if (!isKnownDate(wall)) return 'clock-unset'
    if (wall < latest - hour) {
      behindSince ??= run
      if (run - behindSince < 24 * hour) return 'clock-behind'
      latest = wall
    }
    behindSince = undefined
    if (jumpedAt !== undefined && run - jumpedAt < hour) return 'clock-jumped'
    return undefined
  }

  function believe(wall: number): void {
    latest = Math.max(latest, wall)
    if (Math.abs(latest - written) < writeEvery) return
    written = latest
    transact(store, draft => draft.put(keys.clock, latest))
  }

  return {
    state() {
      const code = judge()
      const changed = code !== told
      told = code
      if (code === undefined) {
        if (changed) log.info('clock-believed')
        believe(now())
        return { trusted: true }
      }
      const details = {
        'clock-unset': 'the clock shows a time before 2024: it was never set',
        'clock-behind': 'the clock is behind a time that this box has already seen',
        'clock-jumped': 'the clock was moved while the box ran',
      }
      const detail = details[code]
      const advice =
        'Let the box get the time from a time server. Until then time windows do not count, the lowest cap holds, and budgets are renewed by running time.'
      if (changed) log.warn('clock-not-believed', { code, detail, advice })
      return { trusted: false, code, detail, advice }
    },
  }
}
