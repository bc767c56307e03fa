import { type Key, keyOf, type PublicId, type Store } from '../../holdings/catalog/catalog.ts'
import type { Receipt, Why } from './destinations/destination.ts'

/** How a delivery stands; README.md draws the moves between them. */
export const states = ['owed', 'sending', 'accepted', 'verified', 'parked', 'withdrawn'] as const
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
export type Shelf = State | 'later' | 'unverified'

export function shelfOf(delivery: Delivery): Shelf {
  if (delivery.unverified) return 'unverified'
  return delivery.state === 'owed' && delivery.notBefore !== undefined ? 'later' : delivery.state
}

export function shelvesOf(state: State): readonly Shelf[] {
  if (state === 'owed') return ['owed', 'later']
  return state === 'accepted' ? ['unverified', 'accepted'] : [state]
}

/**
 * Still to reach its destination as surely as the destination's settings ask, be it that a person
 * must help: the archive may not evict it.
 */
export function isOwed({ state, unverified }: Delivery): boolean {
  return state === 'owed' || state === 'sending' || state === 'parked' || unverified === true
}

/** Still on its way without anyone's help. */
export function isOpen(delivery: Delivery): boolean {
  return delivery.state === 'owed' || delivery.state === 'sending'
}

/** The moves. Each answers the delivery as it stands after; the ledger alone makes them. */
export const moves = {
  claim(delivery: Delivery, now: number): Delivery {
    const { notBefore: _, ...rest } = delivery
    return { ...rest, state: 'sending', movedAt: now, claims: delivery.claims + 1 }
  },

  /** Back to where it was: nobody answered, so nothing is known against it. */
  release(delivery: Delivery, now: number): Delivery {
    return { ...delivery, state: 'owed', movedAt: now }
  },

  settle(
    delivery: Delivery,
    receipt: Receipt,
    now: number,
    wait: (failures: number) => number,
  ): Delivery {
    const { why: _, status: __, notBefore: ___, unverified: ____, ...rest } = delivery
    const moved = {
      ...rest,
      movedAt: now,
      ...(receipt.why ? { why: receipt.why } : {}),
      ...('status' in receipt && receipt.status !== undefined ? { status: receipt.status } : {}),
    }
    switch (receipt.outcome) {
      case 'accepted':
        return { ...moved, state: 'accepted', failures: 0 }
      case 'declined':
        return { ...moved, state: 'parked', failures: delivery.failures + 1 }
      case 'gone':
        return { ...moved, state: 'withdrawn' }
      case 'again': {
        const failures = delivery.failures + 1
        return {
          ...moved,
          state: 'owed',
          failures,
          notBefore: Math.round(now + wait(failures) * 1000),
        }
      }
    }
  },

  /** The far side has it, as it said when asked. */
  verify(delivery: Delivery, now: number): Delivery {
    const { unverified: _, ...rest } = delivery
    return { ...rest, state: 'verified', movedAt: now, failures: 0 }
  },

  /** The far side accepted it and has it not. */
  miss(delivery: Delivery, now: number, wait: (failures: number) => number): Delivery {
    const { unverified: _, ...rest } = delivery
    const failures = delivery.failures + 1
    return {
      ...rest,
      state: 'owed',
      movedAt: now,
      failures,
      notBefore: Math.round(now + wait(failures) * 1000),
      why: {
        code: 'missing-at-destination',
        detail: 'accepted, but not among what the destination says it has',
        advice: 'Look why the destination forgets images. It is sent again by itself.',
      },
    }
  },

  withdraw(delivery: Delivery, why: Why, now: number): Delivery {
    const { notBefore: _, ...rest } = delivery
    return { ...rest, state: 'withdrawn', movedAt: now, why }
  },

  /** For a person to look at first. */
  hold(delivery: Delivery): Delivery {
    return {
      ...delivery,
      state: 'parked',
      why: {
        code: 'held-for-review',
        detail: 'a rule holds it for review',
        advice: 'Look at it; then "retry" sends it, "withdraw" does not.',
      },
    }
  },

  /** At once and as if it had never failed; `why` stays until there is a new answer. */
  retry(delivery: Delivery, now: number): Delivery {
    const { notBefore: _, ...rest } = delivery
    return { ...rest, state: 'owed', movedAt: now, failures: 0 }
  },

  /** Its wait is over. */
  ripen(delivery: Delivery): Delivery {
    const { notBefore: _, ...rest } = delivery
    return rest
  },
}

export function sumOf(store: Store, destination: string, state: State): Sum {
  return store.get<Sum>(keys.sum(destination, state)) ?? { deliveries: 0, bytes: 0 }
}
