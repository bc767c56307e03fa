import { faultOf } from '../../faults.ts'
import type { Instance, PublicId } from '../../holdings/catalog/catalog.ts'
import { verify } from './asking.ts'
import type { Bell } from './bell.ts'
import type { Priority } from './delivery.ts'
import { type Why, whyOf } from './destinations/destination.ts'
import { objections } from './objections.ts'
import { localPause, noteFailure, type PassParts, pass } from './pass.ts'
import type { Verification } from './verification.ts'

/** What a courier is doing now. */
export type Doing = 'idle' | 'sending' | 'waiting' | 'probing' | 'paused'

/**
 * Carries what is owed to one destination, and knows no other: each has its own courier, so that
 * none can delay another. It never gives up; what it does survives its end at any point, because all
 * it remembers is in the ledger and in the destination's standing.
 */
export interface Courier {
  run(stop: AbortSignal): Promise<void>
  doing(): Doing
  /** Why nothing is begun though something is owed and the destination is well. */
  heldBack(): Why | undefined
  connections(): number
}

/** Most instances of a study that are claimed at once, and so go over one connection. */
const claimAtMost = 1000
/** Seconds for which a far side that took no further connection is not asked for one. */
const unasked = 600
/** Seconds until a window, a budget or a clock is looked at again. */
const lookAgain = 60

export function createCourier(
  parts: PassParts & {
    verification: Verification
    instance(id: PublicId): Instance | undefined
    bell: Bell
  },
): Courier {
  const { destination, carried, ledger, verification, standings, governor, tempo } = parts
  const { bell, elapsed, pause, log } = parts
  const { name } = destination
  /** What is under way, and how urgent; a question about what was accepted has no urgency. */
  const passes = new Map<Promise<void>, Priority | undefined>()
  let doing: Doing = 'idle'
  let heldBack: Why | undefined
  let asking = false
  /** How many the far side had when it took no further one, and how long that is believed. */
  let crowd: { most: number; until: number } | undefined

  const suspect = () => standings.of(name).failures > 0
  const paused = () => standings.of(name).paused !== undefined
  const sending = (stat: boolean) =>
    [...passes.values()].filter(each => each !== undefined && (each === 0) === stat).length

  const atMost = () => (crowd && elapsed() < crowd.until ? crowd.most : Number.POSITIVE_INFINITY)
  const level = () => Math.min(tempo.level(), atMost())

  const company = {
    others: () => passes.size - 1,
    busy: () => passes.size >= level(),

    mustYield(urgency: Priority, left: number): boolean {
      if (paused() || governor.objection(carried, urgency)) return true
      const worth = level()
      const waiting = ledger.urgency(name)
      if (urgency > 0) {
        if (waiting === 0 || sending(true) > 0 || sending(false) > worth) return true
        if (waiting !== undefined && waiting < urgency && passes.size >= worth) return true
      }
      // One more connection is to be tried, and there is nothing for it but a share of this study.
      return waiting === undefined && passes.size < worth && left >= 2 * worth
    },

    crowdedOut(): void {
      crowd = { most: Math.max(1, company.others()), until: elapsed() + unasked }
      tempo.refused()
    },
  }

  /** STAT has a connection of its own at once, where one is taken; while it goes nothing else is begun. */
  function mayBegin(urgency: Priority): boolean {
    if (passes.size >= atMost()) return false
    if (urgency === 0) return sending(true) < tempo.level()
    return sending(true) === 0 && passes.size < level()
  }

  /** Whether the destination would take something now; else when to ask again is written down. */
  async function probe(stop: AbortSignal): Promise<boolean> {
    doing = 'probing'
    try {
      await destination.probe(stop)
      return true
    } catch (error) {
      if (!stop.aborted) noteFailure(parts, whyOf(faultOf(error)), false)
      return false
    }
  }

  /** Begins what is most pressing, over one connection; answers whether there was anything. */
  function beginNext(stop: AbortSignal): boolean {
    const urgency = ledger.urgency(name)
    if (urgency !== undefined && mayBegin(urgency)) {
      heldBack = governor.objection(carried, urgency)
      if (!heldBack) {
        const among = Math.max(1, level() - sending(urgency === 0))
        const room = governor.room(carried, urgency)
        const claims = ledger.claim(name, claimAtMost, { among, room })
        if (claims.length > 0) {
          begin(pass(parts, company, claims, stop), urgency, stop)
          return true
        }
        if (Number.isFinite(room)) heldBack = objections.short
      }
    }
    if (asking || passes.size >= level() || governor.objection(carried, 1)) return false
    const asked = verification.due(name)
    if (!asked) return false
    asking = true
    begin(
      verify(parts, asked, stop).finally(() => {
        asking = false
      }),
      undefined,
      stop,
    )
    return true
  }

  function begin(work: Promise<void>, urgency: Priority | undefined, stop: AbortSignal): void {
    const running = work
      .catch(error => recoverFrom(error, stop))
      .finally(() => {
        passes.delete(running)
        bell.ring()
      })
    passes.set(running, urgency)
  }

  /** Nothing ends a courier but `stop`; what nobody foresaw only slows it. */
  async function recoverFrom(error: unknown, stop: AbortSignal): Promise<void> {
    if (stop.aborted) return
    const { code, detail, advice } = faultOf(error)
    log.error('courier-failed', { destination: name, code, detail, advice })
    await pause(localPause, stop).catch(() => {})
  }

  /** One look at what there is to do; answers for how many seconds nothing changes by itself. */
  async function step(stop: AbortSignal): Promise<number | undefined> {
    heldBack = undefined
    if (paused()) {
      doing = passes.size > 0 ? 'sending' : 'paused'
      return undefined
    }
    const ripeIn = ledger.ripen(name)
    const next = soonest(ripeIn, asking ? undefined : verification.nextIn(name))
    if (!suspect()) {
      while (!stop.aborted && !suspect() && beginNext(stop));
      doing = passes.size > 0 ? 'sending' : heldBack ? 'waiting' : 'idle'
      if (heldBack || governor.objection(carried, 1)) return soonest(ripeIn, lookAgain * 1000)
      return passes.size < level() ? next : soonest(ripeIn, undefined)
    }
    // One at a time finds out whether it is well again; who is still on the line finishes first.
    if (passes.size > 0) return undefined
    const urgency = ledger.urgency(name)
    if (urgency === undefined && !verification.due(name)) {
      doing = 'idle'
      return next
    }
    heldBack = governor.objection(carried, urgency ?? 1)
    const wait = heldBack ? lookAgain : standings.secondsToWait(name)
    if (wait > 0) {
      doing = 'waiting'
      return wait
    }
    if (!(await probe(stop))) return 0
    // What was in turn may have left the archive during the probe: then look again.
    if (!beginNext(stop)) return heldBack ? lookAgain : 0
    doing = 'sending'
    return undefined
  }

  return {
    doing: () => doing,
    heldBack: () => heldBack,
    connections: () => passes.size,

    async run(stop) {
      while (!stop.aborted) {
        try {
          const seconds = await step(stop)
          if (seconds !== 0) await bell.wait(seconds, stop)
        } catch (error) {
          await recoverFrom(error, stop)
        }
      }
      await Promise.allSettled(passes.keys())
    },
  }
}

/** The earlier of two waits in ms, in seconds; none when both are none. */
function soonest(one: number | undefined, other: number | undefined): number | undefined {
  const first = Math.min(one ?? Number.POSITIVE_INFINITY, other ?? Number.POSITIVE_INFINITY)
  return Number.isFinite(first) ? Math.max(first, 1) / 1000 : undefined
}
