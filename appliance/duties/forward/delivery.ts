import { type Key, keyOf, type PublicId, type Store } from '../../holdings/catalog/catalog.ts'
import type { Why } from './destinations/destination.ts'

/** How a delivery stands; README.md draws the moves between them. */
export const states = [
  'owed',
  'sending',
  'sent',
  'accepted',
  'verified',
  'parked',
  'withdrawn',
] as const
export type State = (typeof states)[number]

/** 0 STAT, 1 normal, 2 off-peak: the lower goes first. */
export type Priority = 0 | 1 | 2

/** One instance owed to one destination, and how that stands. Times are ms by this box's clock. */
export interface Delivery {
  instance: PublicId
  destination: string
  study: PublicId
  series: PublicId
  sopInstanceUid: string
  /** SHA-256 of the dataset: other bytes under the same identifier are owed anew. */
  digest: string
  bytes: number
  priority: Priority
  /** Given once, only growing: what is owed longer has the lower one, whatever the clock says. */
  number: number
  /** The number of the study's first delivery to this destination: studies go oldest first. */
  order: number
  state: State
  owedAt: number
  movedAt: number
  /** How often it was claimed: tells the receipt of this sending from a late one. */
  claims: number
  /** Failures in a row. */
  failures: number
  /** While owed: not to be sent before. */
  notBefore?: number
  /** The last answer of the far side, as its protocol numbers it. */
  status?: number
  why?: Why
  /** While owed: a person paused it, and it goes when it is resumed. */
  paused?: true
  /** Parked by a rule, for a person to release or reject. */
  review?: true
  /** Accepted, and the far side is yet to be asked whether it has it. */
  unverified?: true
  /** The archive no longer holds the instance. */
  gone?: true
}

/** Deliveries and their bytes (of the Part 10 files). */
export interface Sum {
  deliveries: number
  bytes: number
}

/** One study at one destination: its place in the queue, and how many deliveries are in each state. */
export interface StudyTally {
  order: number
  counts: Partial<Record<State, number>>
  /** When the far side is asked what of it it has. */
  verifyAt?: number
}

/** How far the change log was read, and what was given out. */
export interface Progress {
  after: number
  /** What change `after` was of: a log with another one there is another log. */
  lastId: PublicId
  /** The last number given to a delivery. */
  number: number
  /** Deliveries under `keys.gone`. */
  gone: number
}

/** Where everything lies in the store's space `forward`. */
export const keys = {
  progress: keyOf('progress'),
  deliveries: (instance: PublicId) => keyOf('delivery', instance),
  delivery: (instance: PublicId, destination: string) => keyOf('delivery', instance, destination),
  /** Instances of a series to which deliveries belong: its removal is told as one change. */
  series: (series: PublicId) => keyOf('series', series),
  inSeries: (series: PublicId, instance: PublicId) => keyOf('series', series, instance),
  study: (destination: string, study: PublicId) => keyOf('study', destination, study),
  sums: keyOf('sum'),
  sum: (destination: string, state: State) => keyOf('sum', destination, state),
  /** Rules and destinations entered at run time. */
  plan: keyOf('plan'),
  /** What was used of the link's budgets, and the latest time known. */
  usage: keyOf('usage'),
  clock: keyOf('clock'),
  /** Destinations that are being given the past. */
  backfills: keyOf('backfill'),
  backfill: (destination: string) => keyOf('backfill', destination),
  standing: (destination: string) => keyOf('standing', destination),
  /** Finished deliveries of instances that have left, oldest first: the history to forget. */
  gone: (number?: number) => (number === undefined ? keyOf('gone') : keyOf('gone', number)),
  /** What is still to be sent, oldest first, whatever its priority. */
  open: (destination: string, number?: number) =>
    number === undefined ? keyOf('open', destination) : keyOf('open', destination, number),
  /** Studies that the far side is to be asked about, by when. */
  verify: (destination: string, at?: number, study?: PublicId) =>
    at === undefined || study === undefined
      ? keyOf('verify', destination)
      : keyOf('verify', destination, at, study),
  shelf: (destination: string, shelf: Shelf) => keyOf('shelf', destination, shelf),
  place: (delivery: Delivery): Key => {
    const { destination, priority, order, number, notBefore, failures } = delivery
    const shelf = shelfOf(delivery)
    if (shelf === 'owed') {
      const behind = failures < patience ? 0 : 1
      return keyOf('shelf', destination, shelf, priority, behind, order, number)
    }
    if (shelf === 'later') return keyOf('shelf', destination, shelf, notBefore ?? 0, number)
    return keyOf('shelf', destination, shelf, order, number)
  },
}

/**
 * Whose turn it is at a place on the shelf `owed`: all of the place but the delivery's own number.
 * What has the same turn is one study's and goes together.
 */
export function turnOf(place: Key, destination: string): Key {
  return place.slice(keys.shelf(destination, 'owed').length, -numberLength)
}

const numberLength = keyOf(0).length

/** What failed as often as this lets others of its priority go first. */
const patience = 3

/** Deliveries lie on shelves by state; what waits for something lies apart. */
export type Shelf = State | 'later' | 'paused' | 'unverified' | 'held'

export function shelfOf(delivery: Delivery): Shelf {
  if (delivery.unverified) return 'unverified'
  if (delivery.review) return 'held'
  if (delivery.paused) return 'paused'
  return delivery.state === 'owed' && delivery.notBefore !== undefined ? 'later' : delivery.state
}

export function shelvesOf(state: State): readonly Shelf[] {
  if (state === 'owed') return ['owed', 'later', 'paused']
  if (state === 'parked') return ['held', 'parked']
  return state === 'accepted' ? ['unverified', 'accepted'] : [state]
}

/**
 * Still to reach its destination as surely as the destination's settings ask, be it that a person
 * must help: the archive may not evict it.
 */
export function isOwed({ state, unverified }: Delivery): boolean {
  return state === 'owed' || isOut({ state }) || state === 'parked' || unverified === true
}

/** With the destination, or on its way there: claimed, and without an answer. */
export function isOut({ state }: Pick<Delivery, 'state'>): boolean {
  return state === 'sending' || state === 'sent'
}

/** Still on its way without anyone's help. */
export function isOpen(delivery: Delivery): boolean {
  return isOut(delivery) || (delivery.state === 'owed' && !delivery.paused)
}

export function sumOf(store: Store, destination: string, state: State): Sum {
  return store.get<Sum>(keys.sum(destination, state)) ?? { deliveries: 0, bytes: 0 }
}
