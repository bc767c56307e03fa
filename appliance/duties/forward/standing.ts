import type { Store } from '../../holdings/catalog/catalog.ts'
import { type Backoff, delayAfter, secondsUntil } from './backoff.ts'
import { keys } from './delivery.ts'
import type { Why } from './destinations/destination.ts'
import { transact } from './draft.ts'

/** How a destination as a whole is doing. Survives restarts. Times are ms by this box's clock. */
export interface Standing {
  /** Failures in a row of the destination itself: not of single images. */
  failures: number
  /** Not to be tried before. */
  notBefore?: number
  /** What is wrong with it. */
  why?: Why
  /** When it last answered anything. */
  answeredAt?: number
  /** A person paused it: when, ms. What is owed stays owed. */
  paused?: number
  /** Taken out of the settings; what was owed to it then is withdrawn. */
  removed?: true
}

export interface Standings {
  of(destination: string): Standing
  /** It failed once more; `progressed`: after it had taken something. */
  failed(destination: string, why: Why, progressed: boolean): Standing
  answered(destination: string): void
  /** To be tried at once, whatever it did before. */
  hurry(destination: string): void
  pause(destination: string): void
  resume(destination: string): void
  remove(destination: string): void
  /** Answers whether it had been removed. */
  restore(destination: string): boolean
  secondsToWait(destination: string): number
}

export function openStandings(parts: {
  store: Store
  now: () => number
  random: () => number
  backoff: Backoff
}): Standings {
  const { store, now, random, backoff } = parts
  const well: Standing = { failures: 0 }

  const of = (destination: string) => store.get<Standing>(keys.standing(destination)) ?? well
  const change = (destination: string, next: (standing: Standing) => Standing): Standing =>
    transact(store, draft => {
      const key = keys.standing(destination)
      const before = draft.get<Standing>(key) ?? well
      const after = next(before)
      if (after !== before) draft.put(key, after)
      return after
    })

  return {
    of,

    failed: (destination, why, progressed) =>
      change(destination, before => {
        const failures = progressed ? 1 : before.failures + 1
        // What the far side asked for counts, but never beyond our own patience.
        const asked = Math.min(backoff.cap, why.retryAfter ?? 0)
        const wait = Math.max(asked, delayAfter(failures, backoff, random)) * 1000
        return { ...before, failures, why, notBefore: Math.round(now() + wait) }
      }),

    answered: destination =>
      void change(destination, ({ notBefore: _, why: __, ...rest }) => ({
        ...rest,
        failures: 0,
        answeredAt: now(),
      })),

    hurry: destination =>
      void change(destination, before => {
        const { notBefore: _, ...rest } = before
        return before.notBefore === undefined ? before : rest
      }),

    pause: destination =>
      void change(destination, before =>
        before.paused === undefined ? { ...before, paused: now() } : before,
      ),

    resume: destination =>
      void change(destination, before => {
        const { paused, ...rest } = before
        return paused === undefined ? before : rest
      }),

    remove: destination =>
      void change(destination, before => (before.removed ? before : { ...before, removed: true })),

    restore(destination) {
      if (!of(destination).removed) return false
      change(destination, ({ removed: _, ...rest }) => rest)
      return true
    },

    secondsToWait(destination) {
      const { notBefore } = of(destination)
      return notBefore === undefined ? 0 : secondsUntil(notBefore, now(), backoff)
    },
  }
}
