import { type FaultCode, faultOf } from '../../faults.ts'
import type { Instance, PublicId } from '../../holdings/catalog/catalog.ts'
import type { Bytes } from '../../holdings/storage/storage.ts'
import type { Log } from '../../log.ts'
import type { Bell, Pause } from './bell.ts'
import type { Delivery, Priority } from './delivery.ts'
import {
  type Destination,
  type Parcel,
  type Receipt,
  type Why,
  whyOf,
} from './destinations/destination.ts'
import type { Claim, Ledger } from './ledger.ts'
import type { Standings } from './standing.ts'
import type { Unverified, Verification } from './verification.ts'

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
}

/** Most instances of a study that are claimed at once, and so go over one connection. */
const claimAtMost = 1000
/** After so many answers of "not now" in a row the rest would hardly fare better. */
const refusalsAtMost = 3
/** Seconds to leave a disk alone that would not take a receipt. */
const localPause = 5
/** Seconds to leave a destination alone that did not understand the question. */
const questionAgainAfter = 3600
const unreachable = new Set<FaultCode>([
  'peer-unreachable',
  'peer-refused',
  'peer-timeout',
  'peer-aborted',
])
const localFaults = new Set<FaultCode>(['storage-full', 'storage-failed', 'busy'])

export function createCourier(parts: {
  destination: Destination
  /** Connections at once. */
  parallel: number
  ledger: Ledger
  verification: Verification
  standings: Standings
  instance(id: PublicId): Instance | undefined
  open(instance: PublicId, range?: { from: number; to: number }): Bytes
  bell: Bell
  pause: Pause
  log: Log
  /** Told of each receipt that was written down. */
  onReceipt(destination: string, receipt: Receipt, bytes: number): void
}): Courier {
  const { destination, ledger, verification, standings, bell, pause, log } = parts
  const { name } = destination
  const passes = new Set<Promise<void>>()
  let doing: Doing = 'idle'
  let asking = false

  const suspect = () => standings.of(name).failures > 0
  const paused = () => standings.of(name).paused !== undefined

  function fail(why: Why, progressed: boolean): void {
    const { failures } = standings.failed(name, why, progressed)
    const fields = { destination: name, code: why.code, detail: why.detail, failures }
    // The first time a person may want to know; the thousandth adds nothing.
    if (failures === 1) log.warn('destination-failed', { ...fields, advice: why.advice })
    else log.debug('destination-failed', { ...fields, advice: why.advice })
  }

  /** Paused, or something more urgent came and no connection is free for it. */
  function mustYield(urgency: Priority): boolean {
    if (paused()) return true
    return passes.size >= parts.parallel && ledger.hasMoreUrgent(name, urgency)
  }

  /** Whether the destination would take something now; else when to ask again is written down. */
  async function probe(stop: AbortSignal): Promise<boolean> {
    doing = 'probing'
    try {
      await destination.probe(stop)
      return true
    } catch (error) {
      if (!stop.aborted) fail(whyOf(faultOf(error)), false)
      return false
    }
  }

  /** One connection's worth: delivers what was claimed and writes down each receipt as it comes. */
  async function pass(claims: readonly Claim[], stop: AbortSignal): Promise<void> {
    const open = new Map(claims.map(claim => [claim.instance.id, claim.delivery]))
    const onTrial = suspect()
    const urgency = claims[0]?.delivery.priority ?? 1
    let settled = 0
    let refusals = 0
    let trouble: Why | undefined
    let brokenOff = false
    try {
      for await (const receipt of destination.deliver(claims.map(parcelOf), stop)) {
        const delivery = open.get(receipt.instance)
        if (!delivery) continue
        await keep([[delivery, receipt]], stop)
        open.delete(receipt.instance)
        if (receipt.outcome !== 'again') {
          if (receipt.outcome !== 'gone') settled++
          refusals = 0
          if (settled > 0 && onTrial && suspect()) standings.answered(name)
          if (mustYield(urgency)) break
          continue
        }
        trouble = receipt.why
        refusals++
        // What ails the destination ails the next parcel too: spare the line.
        if (receipt.unwell) brokenOff = true
        else if (refusals >= refusalsAtMost || (onTrial && settled === 0)) {
          brokenOff = true
          // The study waits as one, so that the next trial is another study's.
          await keep(
            [...open.values()].map(each => [each, { ...receipt, instance: each.instance }]),
            stop,
          )
          open.clear()
        }
        if (brokenOff) break
      }
      if (trouble && (brokenOff || settled === 0)) fail(trouble, settled > 0)
      else if (settled > 0) standings.answered(name)
    } catch (error) {
      if (!stop.aborted) fail(whyOf(faultOf(error)), settled > 0)
    } finally {
      await untilWritten(() => ledger.release([...open.values()]), stop)
    }
  }

  /** Asks the far side what it has of a study that it accepted. */
  async function verify(asked: Unverified, stop: AbortSignal): Promise<void> {
    try {
      const instances = asked.deliveries.flatMap(each => parts.instance(each.instance) ?? [])
      const held = await destination.held?.(instances, stop)
      if (!held) return verification.waive(name)
      const missing = verification.settle(asked, held, name)
      standings.answered(name)
      if (missing === 0) return
      log.warn('images-missing', {
        destination: name,
        study: asked.study,
        missing,
        advice: 'They are sent again; look why the destination accepts images and forgets them.',
      })
    } catch (error) {
      if (stop.aborted) return
      const fault = faultOf(error)
      if (unreachable.has(fault.code)) return fail(whyOf(fault), false)
      verification.postpone(asked, name, questionAgainAfter)
      log.warn('verification-failed', {
        destination: name,
        study: asked.study,
        code: fault.code,
        detail: fault.detail,
        advice:
          'The destination does not say what it has; let it answer C-FIND, or ask it for less.',
      })
    }
  }

  function parcelOf({ instance }: Claim): Parcel {
    return {
      instance,
      dataset: () => parts.open(instance.id, { from: instance.datasetOffset, to: instance.bytes }),
      file: () => parts.open(instance.id),
    }
  }

  async function keep(
    outcomes: readonly (readonly [Delivery, Receipt])[],
    stop: AbortSignal,
  ): Promise<void> {
    await untilWritten(() => ledger.settle(outcomes), stop)
    for (const [delivery, receipt] of outcomes) {
      parts.onReceipt(name, receipt, delivery.bytes)
      if (receipt.outcome !== 'declined') continue
      log.warn('delivery-parked', {
        destination: name,
        instance: delivery.instance,
        sopInstanceUid: delivery.sopInstanceUid,
        status: receipt.status,
        detail: receipt.why.detail,
        advice: receipt.why.advice,
      })
    }
  }

  /** A full disk may refuse even a receipt; one let go of would cost a second sending. */
  async function untilWritten(write: () => void, stop: AbortSignal): Promise<void> {
    for (;;) {
      try {
        return write()
      } catch (error) {
        const fault = faultOf(error)
        if (stop.aborted || !localFaults.has(fault.code)) throw fault
        log.error('ledger-failed', { destination: name, code: fault.code, advice: fault.advice })
        await pause(localPause, stop)
      }
    }
  }

  /** Begins what is most pressing, over one connection; answers whether there was anything. */
  function beginNext(stop: AbortSignal): boolean {
    const claims = ledger.claim(name, claimAtMost)
    if (claims.length > 0) {
      begin(pass(claims, stop), stop)
      return true
    }
    const asked = asking ? undefined : verification.due(name)
    if (!asked) return false
    asking = true
    begin(
      verify(asked, stop).finally(() => {
        asking = false
      }),
      stop,
    )
    return true
  }

  function begin(work: Promise<void>, stop: AbortSignal): void {
    const running = work
      .catch(error => recoverFrom(error, stop))
      .finally(() => {
        passes.delete(running)
        bell.ring()
      })
    passes.add(running)
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
    if (paused()) {
      doing = passes.size > 0 ? 'sending' : 'paused'
      return undefined
    }
    const next = soonest(ledger.ripen(name), asking ? undefined : verification.nextIn(name))
    if (!suspect()) {
      while (passes.size < parts.parallel && !stop.aborted && !suspect()) {
        if (!beginNext(stop)) break
      }
      doing = passes.size > 0 ? 'sending' : 'idle'
      return passes.size < parts.parallel ? next : undefined
    }
    // One at a time finds out whether it is well again; who is still on the line finishes first.
    if (passes.size > 0) return undefined
    if (!ledger.hasOwed(name) && !verification.due(name)) {
      doing = 'idle'
      return next
    }
    const wait = standings.secondsToWait(name)
    if (wait > 0) {
      doing = 'waiting'
      return wait
    }
    if (!(await probe(stop))) return 0
    // What was in turn may have left the archive during the probe: then look again.
    if (!beginNext(stop)) return 0
    doing = 'sending'
    return undefined
  }

  return {
    doing: () => doing,

    async run(stop) {
      while (!stop.aborted) {
        try {
          const seconds = await step(stop)
          if (seconds !== 0) await bell.wait(seconds, stop)
        } catch (error) {
          await recoverFrom(error, stop)
        }
      }
      await Promise.allSettled(passes)
    },
  }
}

/** The earlier of two waits in ms, in seconds; none when both are none. */
function soonest(one: number | undefined, other: number | undefined): number | undefined {
  const first = Math.min(one ?? Number.POSITIVE_INFINITY, other ?? Number.POSITIVE_INFINITY)
  return Number.isFinite(first) ? Math.max(first, 1) / 1000 : undefined
}
