import { Fault } from '../../faults.ts'
import type { Archive } from '../../holdings/archive/archive.ts'
import type { PublicId, Store } from '../../holdings/catalog/catalog.ts'
import type { Log } from '../../log.ts'
import { openBackfills } from './backfill.ts'
import { createBell, type Pause } from './bell.ts'
import {
  type DeliveryPage,
  type DeliveryQuery,
  findDeliveries,
  studyTallies,
} from './deliveries.ts'
import type { StudyTally } from './delivery.ts'
import { openDestination } from './destinations/kinds.ts'
import type { Surroundings } from './destinations/surroundings.ts'
import { createEditing, type Editing } from './editing.ts'
import { type Labels, noLabels } from './facts.ts'
import { createFleet } from './fleet.ts'
import { openGovernor } from './governor.ts'
import { openIntake } from './intake.ts'
import { createJudgement } from './judgement.ts'
import { openLedger, type Selection } from './ledger.ts'
import { byHand } from './moves.ts'
import { createNews } from './news.ts'
import { openPlan } from './plan.ts'
import { createReading } from './reading.ts'
import { createReports, type DestinationReport, type ReceiptCount } from './reports.ts'
import { openRoster } from './roster.ts'
import type { ForwardSettings } from './settings.ts'
import { openStandings } from './standing.ts'
import { openVerification } from './verification.ts'

export type { Backfill } from './backfill.ts'
export { delayAfter } from './backoff.ts'
export type { Pause } from './bell.ts'
export type { DeliveryPage, DeliveryQuery } from './deliveries.ts'
export { type Delivery, type State, type Sum, states } from './delivery.ts'
export type { Why } from './destinations/destination.ts'
export type { Labels } from './facts.ts'
export type { LinkReport } from './governor.ts'
export type { Selection } from './ledger.ts'
export type { LinkSettings } from './link.ts'
export type { Planned, Saved } from './plan.ts'
export { type Problem, problemsOf } from './problems.ts'
export type { DestinationReport, ReceiptCount } from './reports.ts'
export type { Rule } from './rules.ts'
export { type ForwardSettings, forwardSettings } from './settings.ts'
export type { Past, TrialReport } from './trial.ts'

/**
 * Store and forward: what comes into the archive is owed to destinations by rule, and delivered
 * however long that takes. README.md states the promise and what is true after a crash.
 */
export interface Forward extends Editing {
  name: string
  run(stop: AbortSignal): Promise<void>
  /** Whether it must still reach any destination, or may have to: until then it is not evicted. */
  owes(instance: PublicId): boolean
  deliveries(query: DeliveryQuery): DeliveryPage
  destinations(): DestinationReport[]
  /** How many deliveries of a study are in which state, by destination. */
  study(id: PublicId): Record<string, StudyTally['counts']>
  /** Parked and waiting deliveries, and their destinations, at once. Answers how many deliveries. */
  retry(selection: Selection): number
  /** What is not yet delivered will not be, for a reason that is kept. Answers how many. */
  withdraw(selection: Selection, reason: string): number
  /**
   * Owed deliveries are not sent, over restarts too, until they are resumed; an image that is under
   * way arrives. What comes later is not paused by it. Answers how many.
   */
  pauseDeliveries(selection: Selection): number
  resumeDeliveries(selection: Selection): number
  /** What a rule held for review: sent after all, or never, for a reason. Answers how many. */
  release(selection: Selection): number
  reject(selection: Selection, reason: string): number

  /** Reports of destinations as they change, and `plan` when rules or destinations do. */
  follow(stop: AbortSignal): AsyncIterable<{ destinations: DestinationReport[]; plan: boolean }>

  /** Sends nothing more there until `resume`, over restarts too. Fault: `not-found`. */
  pause(destination: string): void
  resume(destination: string): void
  /** Resolves when all that a person said before would survive a power cut. */
  kept(): Promise<void>
  receipts(): ReceiptCount[]
}

export interface ForwardParts {
  archive: Pick<Archive, 'catalog' | 'open' | 'changes'>
  /** The catalogue's own, so that no cursor survives a change it has read. */
  store: Store
  settings: ForwardSettings
  /** This box's AE title. */
  aeTitle: string
  log: Log
  /** ms since 1970; may jump. */
  now: () => number
  pause: Pause
  /** Seconds of running, from any start. */
  elapsed?: () => number
  /** Labels that rules ask for and give; without them there are none. */
  labels?: Labels
  /** 0 up to 1. */
  random: () => number
  /** Storage commitment, once the nodes are there to be asked. */
  commitments?: Surroundings['commitments']
  /** Told of each association with a destination when it is over. */
  onRecord?: Surroundings['onRecord']
  /** Destinations by another way than their settings. */
  open?: typeof openDestination
}

export function createForward(parts: ForwardParts): Forward {
  const { archive, settings, log, pause, random } = parts
  const { catalog } = archive
  const now = () => Math.round(parts.now())
  const elapsed = parts.elapsed ?? (() => performance.now() / 1000)
  const labels = parts.labels ?? noLabels
  const store = parts.store.space('forward')
  const { commitments, onRecord } = parts
  const open: typeof openDestination =
    parts.open ?? ((each, around) => openDestination(each, { ...around, commitments, onRecord }))
  const { backoff, history } = settings
  const plan = openPlan({ store, settings })
  const inForce = () => plan.destinations().flatMap(each => each.settings ?? [])
  const rules = () => plan.rules().flatMap(each => each.settings ?? [])
  const verifiesAfter = (name: string) => {
    const asked = inForce().find(each => each.name === name)
    return asked && asked.verify !== 'none' ? asked.verifyAfter : undefined
  }
  const intake = openIntake({ store, catalog, now, history })
  const ledger = openLedger({ store, catalog, now, random, backoff, verifiesAfter })
  const verification = openVerification({ store, now, random, backoff })
  const standings = openStandings({ store, now, random, backoff })
  const governor = openGovernor({ store, settings: plan.link, now, elapsed, pause, log })
  const news = createNews(pause)
  const reports = createReports({
    ...{ store, standings, now, served: name => fleet.served.get(name) },
    problemsOf: name => plan.destinations().find(each => each.name === name)?.problems,
  })
  const fleet = createFleet({
    ...{ open, ledger, verification, standings, governor, elapsed, pause, log },
    aeTitle: parts.aeTitle,
    instance: id => catalog.instance(id),
    openInstance: (instance, range) => archive.open(instance, range),
    onReceipt(destination, receipt, bytes) {
      reports.count(destination, receipt, bytes)
      news.note(destination)
    },
  })
  void fleet.arrange(inForce())
  const judgement = createJudgement({
    ...{ archive, labels, pause, log },
    timeZone: () => plan.link().timeZone,
    isSource: fleet.isSource,
  })
  const wake = (name: string) => {
    fleet.served.get(name)?.bell.ring()
    news.note(name)
  }
  const reading = createReading({
    ...{ archive, intake, ledger, judgement, labels, standings, rules, wake },
    // Also one whose settings do not stand any more: what is for it waits until they do.
    known: name => plan.destinations().some(each => each.name === name),
  })
  const backfills = openBackfills({
    ...{ store, catalog, intake, judgement, rules, log },
    bell: createBell(pause),
    onOwed: wake,
  })

  const roster = openRoster({ store, plan, ledger, verification, standings, log })
  let begun = false
  function begin(): void {
    ledger.recover()
    if (intake.rewindIfRenumbered()) {
      log.warn('change-log-renumbered', {
        advice: 'Nothing: the relay reads the rebuilt change log from its start.',
      })
    }
    roster.settle()
    begun = true
  }

  const editing = createEditing({
    ...{ plan, fleet, governor, catalog, judgement, backfills, store, log, standings },
    opens: each => void open(each, { aeTitle: parts.aeTitle, log }),
    ...{ reinstate: roster.reinstate, retire: roster.retire, wake, now },
    whyOf: reports.whyOf,
  })

  plan.onChange(() => {
    for (const one of fleet.served.values()) one.bell.ring()
    news.notePlan()
  })

  function expectKnown(name: string) {
    const one = fleet.served.get(name)
    if (!one) throw new Fault('not-found', `no destination is called "${name}"`)
    return one
  }

  function told(moved: number, { destination }: Selection): number {
    for (const name of destination === undefined ? roster.names() : [destination]) wake(name)
    return moved
  }

  return {
    name: 'forward',

    async run(stop) {
      begin()
      const ended = new AbortController()
      const over = AbortSignal.any([stop, ended.signal])
      const all = [reading.run(over), fleet.run(over), backfills.run(over)]
      try {
        await Promise.all(all)
      } finally {
        ended.abort()
        await Promise.allSettled(all)
        governor.keep()
      }
    },

    // Until the ledger is in order with the change log, nobody knows.
    owes: instance =>
      !begun || ledger.owes(instance) || reading.mayOwe(instance) || backfills.mayOwe(instance),

    deliveries: query => findDeliveries(store, query),
    destinations: () => [...roster.names()].map(reports.of),
    study: id => studyTallies(store, id),

    retry(selection) {
      const retried = ledger.retry(selection)
      for (const name of fleet.served.keys()) {
        if (selection.destination !== undefined && selection.destination !== name) continue
        standings.hurry(name)
      }
      return told(retried, selection)
    },

    withdraw: (selection, reason) => told(ledger.withdraw(selection, byHand(reason)), selection),
    pauseDeliveries: selection => told(ledger.pause(selection), selection),
    resumeDeliveries: selection => told(ledger.resume(selection), selection),
    release: selection => told(ledger.release(selection), selection),
    reject: (selection, reason) =>
      told(ledger.reject(selection, { ...byHand(reason), code: 'rejected-on-review' }), selection),

    ...editing,

    async *follow(stop) {
      yield { destinations: [...roster.names()].map(reports.of), plan: true }
      for await (const { destinations, plan } of news.follow(stop)) {
        yield { destinations: [...destinations].map(reports.of), plan }
      }
    },

    pause(destination) {
      expectKnown(destination)
      standings.pause(destination)
      news.note(destination)
    },

    resume(destination) {
      expectKnown(destination)
      standings.resume(destination)
      wake(destination)
    },

    kept: () => store.flushed(),
    receipts: reports.receipts,
  }
}
