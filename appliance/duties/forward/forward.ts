import { Fault } from '../../faults.ts'
import type { Archive } from '../../holdings/archive/archive.ts'
import type { PublicId, Store } from '../../holdings/catalog/catalog.ts'
import type { Log } from '../../log.ts'
import { type Bell, createBell, type Pause } from './bell.ts'
import { type Courier, createCourier, type Doing } from './courier.ts'
import {
  type DeliveryPage,
  type DeliveryQuery,
  findDeliveries,
  oldestOpen,
  studyTallies,
  sumsOf,
} from './deliveries.ts'
import type { State, StudyTally, Sum } from './delivery.ts'
import type { Destination, Receipt, Why } from './destinations/destination.ts'
import { openDestination } from './destinations/kinds.ts'
import { openIntake, type Targets } from './intake.ts'
import { openLedger, type Selection } from './ledger.ts'
import { targetsOf } from './rules.ts'
import type { ForwardSettings } from './settings.ts'
import { destinationsIn } from './shelves.ts'
import { openStandings } from './standing.ts'
import { openVerification } from './verification.ts'

export { delayAfter } from './backoff.ts'
export type { Pause } from './bell.ts'
export type { DeliveryPage, DeliveryQuery } from './deliveries.ts'
export { type Delivery, type State, type Sum, states } from './delivery.ts'
export type { Why } from './destinations/destination.ts'
export type { Selection } from './ledger.ts'
export { type ForwardSettings, forwardSettings } from './settings.ts'

/** How one destination and what is owed to it stand. */
export interface DestinationReport {
  name: string
  kind: string
  /** `removed`: no longer in the settings, and known only by what was once owed to it. */
  state: Doing | 'removed'
  sums: Record<State, Sum>
  /** Of what is owed or being sent. By this box's clock; absent when there is none. */
  oldestSeconds?: number
  /** Failures in a row. */
  failures: number
  nextAttemptSeconds?: number
  why?: Why
  /** ms by this box's clock. */
  answeredAt?: number
  pausedAt?: number
}

/** Receipts since the start of the program. */
export interface ReceiptCount {
  destination: string
  outcome: Receipt['outcome']
  receipts: number
  bytes: number
}

/**
 * Store and forward: what comes into the archive is owed to destinations by rule, and delivered
 * however long that takes. README.md states the promise and what is true after a crash.
 */
export interface Forward {
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
  /** Sends nothing more there until `resume`, over restarts too. Fault: `not-found`. */
  pause(destination: string): void
  resume(destination: string): void
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
  /** 0 up to 1. */
  random: () => number
  /** Destinations by another way than their settings. */
  open?: typeof openDestination
}

const changesAtOnce = 256

const whyRemoved: Why = {
  code: 'destination-removed',
  detail: 'the destination is no longer in the settings',
  advice: 'Enter it again under the same name, and what is still held is owed again.',
}

export function createForward(parts: ForwardParts): Forward {
  const { archive, settings, log, pause, random } = parts
  const { catalog } = archive
  const now = () => Math.round(parts.now())
  const store = parts.store.space('forward')
  const { backoff, history } = settings
  const verifiesAfter = (name: string) => {
    const asked = settings.destinations.find(each => each.name === name)
    return asked && asked.verify !== 'none' ? asked.verifyAfter : undefined
  }
  const intake = openIntake({ store, catalog, now, history })
  const ledger = openLedger({ store, catalog, now, random, backoff, verifiesAfter })
  const verification = openVerification({ store, now, random, backoff })
  const standings = openStandings({ store, now, random, backoff })

  const bells = new Map<string, Bell>()
  const destinations = new Map<string, Destination>()
  const couriers = new Map<string, Courier>()
  const counts = new Map<string, ReceiptCount>()
  for (const each of settings.destinations) {
    const bell = createBell(pause)
    const destination: Destination = (parts.open ?? openDestination)(each, {
      aeTitle: parts.aeTitle,
      log,
    })
    bells.set(each.name, bell)
    destinations.set(each.name, destination)
    couriers.set(
      each.name,
      createCourier({
        destination,
        parallel: each.parallel,
        ledger,
        verification,
        standings,
        instance: id => catalog.instance(id),
        open: (instance, range) => archive.open(instance, range),
        bell,
        pause,
        log,
        onReceipt: countReceipt,
      }),
    )
  }

  function countReceipt(destination: string, { outcome }: Receipt, bytes: number): void {
    const key = `${outcome} ${destination}`
    const before = counts.get(key) ?? { destination, outcome, receipts: 0, bytes: 0 }
    counts.set(key, {
      ...before,
      receipts: before.receipts + 1,
      bytes: before.bytes + bytes,
    })
  }

  /** Puts the ledger in order with the settings and with how the last run ended. */
  let begun = false
  function begin(): void {
    ledger.recover()
    if (intake.rewindIfRenumbered()) {
      log.warn('change-log-renumbered', {
        advice: 'Nothing: the relay reads the rebuilt change log from its start.',
      })
    }
    for (const { name } of settings.destinations) {
      if (standings.restore(name)) ledger.reinstate(name, whyRemoved.code)
    }
    for (const name of names()) {
      if (verifiesAfter(name) === undefined) verification.waive(name)
      if (bells.has(name) || standings.of(name).removed) continue
      const withdrawn = ledger.withdraw({ destination: name }, whyRemoved)
      standings.remove(name)
      log.warn('destination-removed', {
        destination: name,
        withdrawn,
        advice: whyRemoved.advice,
      })
    }
    begun = true
  }

  const targets: Targets = (instance, occasion) =>
    targetsOf(settings.rules, instance, occasion, catalog).filter(
      ({ destination }) => !destinations.get(destination)?.isSource(instance.origin),
    )

  /** Whether a rule will look at it once its study is stable. */
  function awaitsStability(id: PublicId): boolean {
    if (!settings.rules.some(rule => rule.on === 'stable')) return false
    const instance = catalog.instance(id)
    if (!instance || catalog.parent(instance.study)?.stable !== false) return false
    return targets(instance, 'stable').length > 0
  }

  /** Turns changes into deliveries, many in one transaction when there are many. */
  async function readChanges(stop: AbortSignal): Promise<void> {
    for await (const { seq } of archive.changes(intake.after(), stop)) {
      if (seq <= intake.after()) continue
      const changes = catalog.changes(intake.after(), changesAtOnce)
      for (const name of intake.take(changes, targets)) {
        bells.get(name)?.ring()
      }
    }
  }

  function reportOf(name: string): DestinationReport {
    const { failures, notBefore, why, answeredAt, paused } = standings.of(name)
    const oldest = oldestOpen(store, name)
    return {
      name,
      kind: settings.destinations.find(each => each.name === name)?.kind ?? 'unknown',
      state: couriers.get(name)?.doing() ?? 'removed',
      sums: sumsOf(store, name),
      failures,
      ...(oldest ? { oldestSeconds: Math.max(0, (now() - oldest.owedAt) / 1000) } : {}),
      ...(notBefore === undefined ? {} : { nextAttemptSeconds: standings.secondsToWait(name) }),
      ...(why ? { why } : {}),
      ...(answeredAt === undefined ? {} : { answeredAt }),
      ...(paused === undefined ? {} : { pausedAt: paused }),
    }
  }

  function bellOf(destination: string): Bell {
    const bell = bells.get(destination)
    if (!bell) throw new Fault('not-found', `no destination is called "${destination}"`)
    return bell
  }

  const names = () => new Set([...couriers.keys(), ...destinationsIn(store)])

  return {
    name: 'forward',

    async run(stop) {
      begin()
      const ended = new AbortController()
      const over = AbortSignal.any([stop, ended.signal])
      const carrying = [...couriers.values()].map(courier => courier.run(over))
      try {
        await readChanges(over)
      } finally {
        ended.abort()
        await Promise.allSettled(carrying)
      }
    },

    owes(instance) {
      // Until the ledger is in order with the change log, nobody knows.
      if (!begun || ledger.owes(instance)) return true
      if (settings.rules.length === 0) return false
      if (awaitsStability(instance)) return true
      if (catalog.lastChange() <= intake.after()) return false
      const unread = catalog.changes(intake.after(), changesAtOnce)
      const study = catalog.instance(instance)?.study
      return (
        unread.length === changesAtOnce ||
        unread.some(change => change.id === instance || change.id === study)
      )
    },

    deliveries: query => findDeliveries(store, query),
    destinations: () => [...names()].map(reportOf),
    study: id => studyTallies(store, id),

    retry(selection) {
      const retried = ledger.retry(selection)
      for (const [name, bell] of bells) {
        if (selection.destination !== undefined && selection.destination !== name) continue
        standings.hurry(name)
        bell.ring()
      }
      return retried
    },

    withdraw: (selection, reason) =>
      ledger.withdraw(selection, {
        code: 'withdrawn-by-hand',
        detail: reason,
        advice: 'Nothing; send it to this box again if it is wanted after all.',
      }),

    pause(destination) {
      bellOf(destination)
      standings.pause(destination)
    },

    resume(destination) {
      const bell = bellOf(destination)
      standings.resume(destination)
      bell.ring()
    },

    receipts: () => [...counts.values()],
  }
}
