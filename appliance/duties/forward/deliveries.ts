import { Fault } from '../../faults.ts'
import type { Key, PublicId, Store } from '../../holdings/catalog/catalog.ts'
import {
  type Delivery,
  keys,
  type Priority,
  type State,
  type StudyTally,
  type Sum,
  shelvesOf,
  states,
  sumOf,
} from './delivery.ts'
import { destinationsIn, type Owned } from './shelves.ts'

/** Which deliveries are asked for, and which page of them. */
export interface DeliveryQuery {
  destination?: string
  state?: State
  study?: PublicId
  series?: PublicId
  instance?: PublicId
  priority?: Priority
  /** The code of why it stands as it does: `held-for-review`, `peer-declined`, … */
  reason?: string
  /** Held for review, and nothing else. */
  held?: true
  /** Moved since then, ms. */
  since?: number
  /** `next` of the page before. */
  after?: string
  limit?: number
}

export interface DeliveryPage {
  deliveries: Delivery[]
  /** Asks for the next page; absent on the last. */
  next?: string
}

const pageAtMost = 1000
/** Entries looked at for one page: a filter that matches little ends the page early instead. */
const looksAtMost = 20_000

/**
 * One page of deliveries, by destination and state, within them in the order they will go or went.
 * Fault: `request-malformed` for an `after` that is no page's.
 */
export function findDeliveries(store: Store, query: DeliveryQuery): DeliveryPage {
  const limit = Math.max(1, Math.min(query.limit ?? 100, pageAtMost))
  const shelves = shelvesAsked(store, query)
  const begun = query.after === undefined ? undefined : pageAt(query.after, shelves)
  const deliveries: Delivery[] = []
  let looks = 0
  for (const under of begun ? shelves.slice(shelves.indexOf(begun.under)) : shelves) {
    const from = begun?.under === under ? begun.from : ''
    for (const [key, owned] of store.range<Owned>({ under, from })) {
      if (deliveries.length === limit || looks++ === looksAtMost) {
        return { deliveries, next: Buffer.from(key, 'latin1').toString('base64url') }
      }
      const delivery = store.get<Delivery>(keys.delivery(...owned))
      if (!delivery || !isAsked(delivery, query)) continue
      deliveries.push(delivery)
    }
  }
  return { deliveries }
}

function isAsked(delivery: Delivery, query: DeliveryQuery): boolean {
  const { study, series, instance, priority, reason, since } = query
  return (
    (study === undefined || delivery.study === study) &&
    (series === undefined || delivery.series === series) &&
    (instance === undefined || delivery.instance === instance) &&
    (priority === undefined || delivery.priority === priority) &&
    (reason === undefined || delivery.why?.code === reason) &&
    (since === undefined || delivery.movedAt >= since)
  )
}

function shelvesAsked(store: Store, { destination, state, held }: DeliveryQuery): Key[] {
  return (destination === undefined ? destinationsIn(store) : [destination]).flatMap(each =>
    (held ? (['held'] as const) : (state === undefined ? states : [state]).flatMap(shelvesOf)).map(
      shelf => keys.shelf(each, shelf),
    ),
  )
}

function pageAt(after: string, shelves: readonly Key[]): { under: Key; from: Key } {
  const key = Buffer.from(after, 'base64url').toString('latin1')
  const under = shelves.find(each => key.startsWith(each))
  if (under === undefined) throw new Fault('request-malformed', '"after" is not of this list')
  return { under, from: key.slice(under.length) }
}

/** The deliveries of one destination by state. */
export function sumsOf(store: Store, destination: string): Record<State, Sum> {
  return Object.fromEntries(
    states.map(state => [state, sumOf(store, destination, state)]),
  ) as Record<State, Sum>
}

/** What has been on its way longest, waiting for nobody. */
export function oldestOpen(store: Store, destination: string): Delivery | undefined {
  const [oldest] = store.range<Owned>({ under: keys.open(destination), limit: 1 })
  return oldest && store.get<Delivery>(keys.delivery(...oldest[1]))
}

/** How one study stands at each destination. */
export function studyTallies(store: Store, study: PublicId): Record<string, StudyTally['counts']> {
  return Object.fromEntries(
    destinationsIn(store).flatMap(destination => {
      const tally = store.get<StudyTally>(keys.study(destination, study))
      return tally ? [[destination, tally.counts]] : []
    }),
  )
}
