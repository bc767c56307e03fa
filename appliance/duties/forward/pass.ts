import { Fault, type FaultCode, faultOf } from '../../faults.ts'
import type { PublicId } from '../../holdings/catalog/catalog.ts'
import type { Bytes } from '../../holdings/storage/storage.ts'
import type { Log } from '../../log.ts'
import type { Pause } from './bell.ts'
import type { Delivery, Priority } from './delivery.ts'
import {
  type Destination,
  type Parcel,
  type Receipt,
  type Why,
  whyOf,
} from './destinations/destination.ts'
import type { Carried, Governor } from './governor.ts'
import type { Claim, Ledger } from './ledger.ts'
import type { Standings } from './standing.ts'
import type { Tempo } from './tempo.ts'

/** After so many answers of "not now" in a row the rest would hardly fare better. */
const refusalsAtMost = 3
/** Seconds after which an answer is worth being called awaited: most come in less. */
const answerAwaited = 1
/** Seconds to leave a disk alone that would not take a receipt. */
export const localPause = 5
const localFaults = new Set<FaultCode>(['storage-full', 'storage-failed', 'busy'])

export interface PassParts {
  destination: Destination
  carried: Carried
  ledger: Ledger
  standings: Standings
  governor: Governor
  tempo: Tempo
  open(instance: PublicId, range?: { from: number; to: number }): Bytes
  /** Seconds of running, from any start. */
  elapsed: () => number
  pause: Pause
  log: Log
  /** Told of each receipt that was written down. */
  onReceipt(destination: string, receipt: Receipt, bytes: number): void
}

/** What the courier as a whole says to one of its passes. */
interface Company {
  /** Whether it has to end after this image, with so many left. */
  mustYield(urgency: Priority, left: number): boolean
  /** How many others are under way, and whether all that may be are. */
  others(): number
  busy(): boolean
  /** This one found no place beside the others. */
  crowdedOut(): void
}

/** Notes a failure of the destination as a whole. */
export function noteFailure(
  { destination: { name }, standings, log }: Pick<PassParts, 'destination' | 'standings' | 'log'>,
  why: Why,
  progressed: boolean,
): void {
  const { failures } = standings.failed(name, why, progressed)
  const fields = { destination: name, code: why.code, detail: why.detail, failures }
  // The first time a person may want to know; the thousandth adds nothing.
  if (failures === 1) log.warn('destination-failed', { ...fields, advice: why.advice })
  else log.debug('destination-failed', { ...fields, advice: why.advice })
}

/** One connection's worth: delivers what was claimed and writes down each receipt as it comes. */
export async function pass(
  parts: PassParts,
  company: Company,
  claims: readonly Claim[],
  stop: AbortSignal,
): Promise<void> {
  const { destination, ledger, standings, governor, elapsed, tempo } = parts
  const { name } = destination
  const suspect = () => standings.of(name).failures > 0
  const open = new Map(claims.map(claim => [claim.instance.id, claim.delivery]))
  const read = new Map<PublicId, { from: number; to: number }>()
  const onTrial = suspect()
  const urgency = claims[0]?.delivery.priority ?? 1
  let settled = 0
  let refusals = 0
  let trouble: Why | undefined
  let brokenOff = false

  /** Given out to the last byte. */
  const unanswered = new Set<PublicId>()
  const over = new AbortController()
  let noting = false

  /** To write it down for each image would cost more than it tells: only what waits has it. */
  async function noteSent(): Promise<void> {
    if (noting) return
    noting = true
    while (unanswered.size > 0 && !over.signal.aborted) {
      await parts.pause(answerAwaited, over.signal).catch(() => {})
      if (over.signal.aborted) return
      const awaited = [...unanswered].flatMap(each => open.get(each) ?? [])
      unanswered.clear()
      try {
        ledger.noteSent(awaited)
      } catch {
        // A disk that is full loses a word on the way; the receipt is waited for.
      }
    }
    noting = false
  }

  /** What was withdrawn while others of its study went is not sent any more. */
  function calledOff(claimed: Delivery): Fault | undefined {
    return ledger.isClaimed(claimed) ? undefined : new Fault('not-found', 'it was withdrawn')
  }

  async function* timed(claimed: Delivery, bytes: () => Bytes): AsyncGenerator<Uint8Array> {
    const off = calledOff(claimed)
    if (off) throw off
    const from = elapsed()
    try {
      yield* governor.carry(bytes(), parts.carried, urgency, stop)
      unanswered.add(claimed.instance)
      void noteSent()
    } finally {
      read.set(claimed.instance, { from, to: elapsed() })
    }
  }

  function parcelOf({ instance, delivery }: Claim): Parcel {
    const { id, datasetOffset, bytes } = instance
    return {
      instance,
      dataset: () => timed(delivery, () => parts.open(id, { from: datasetOffset, to: bytes })),
      file: () => timed(delivery, () => parts.open(id)),
      calledOff: () => calledOff(delivery),
    }
  }

  function measure(id: PublicId, bytes: number): void {
    const at = read.get(id)
    if (!at) return
    const times = { sending: at.to - at.from, answer: elapsed() - at.to }
    tempo.note({ bytes, ...times }, company.busy())
  }

  try {
    for await (const receipt of destination.deliver(claims.map(parcelOf), stop, () =>
      company.mustYield(urgency, open.size),
    )) {
      const delivery = open.get(receipt.instance)
      if (!delivery) continue
      await keep(parts, [[delivery, receipt]], stop)
      open.delete(receipt.instance)
      unanswered.delete(receipt.instance)
      if (receipt.outcome !== 'again') {
        if (receipt.outcome !== 'gone') settled++
        if (receipt.outcome === 'accepted') measure(receipt.instance, delivery.bytes)
        refusals = 0
        if (settled > 0 && onTrial && suspect()) standings.answered(name)
        if (company.mustYield(urgency, open.size)) break
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
          parts,
          [...open.values()].map(each => [each, { ...receipt, instance: each.instance }]),
          stop,
        )
        open.clear()
      }
      if (brokenOff) break
    }
    if (trouble && (brokenOff || settled === 0)) noteFailure(parts, trouble, settled > 0)
    else if (settled > 0) standings.answered(name)
  } catch (error) {
    if (!stop.aborted) {
      const fault = faultOf(error)
      // A node may take one association and no second one: that is no failure of its.
      if (fault.code === 'peer-refused' && company.others() > 0) company.crowdedOut()
      else noteFailure(parts, whyOf(fault), settled > 0)
    }
  } finally {
    over.abort()
    governor.keep()
    await untilWritten(parts, () => ledger.giveBack([...open.values()]), stop)
  }
}

async function keep(
  parts: PassParts,
  outcomes: readonly (readonly [Delivery, Receipt])[],
  stop: AbortSignal,
): Promise<void> {
  const { name } = parts.destination
  await untilWritten(parts, () => parts.ledger.settle(outcomes), stop)
  for (const [delivery, receipt] of outcomes) {
    parts.onReceipt(name, receipt, delivery.bytes)
    if (receipt.outcome !== 'declined') continue
    parts.log.warn('delivery-parked', {
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
async function untilWritten(
  { destination, log, pause }: PassParts,
  write: () => void,
  stop: AbortSignal,
): Promise<void> {
  for (;;) {
    try {
      return write()
    } catch (error) {
      const fault = faultOf(error)
      if (stop.aborted || !localFaults.has(fault.code)) throw fault
      log.error('ledger-failed', {
        destination: destination.name,
        code: fault.code,
        advice: fault.advice,
      })
      await pause(localPause, stop)
    }
  }
}
