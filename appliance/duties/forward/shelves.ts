import type { Key, PublicId, Range, Store } from '../../holdings/catalog/catalog.ts'
import {
  type Delivery,
  isOpen,
  isOwed,
  keys,
  type Progress,
  type StudyTally,
  type Sum,
} from './delivery.ts'
import { type Draft, transact } from './draft.ts'
import { moves } from './moves.ts'

/** What a shelf holds: the key of the delivery's own record. */
export type Owned = readonly [instance: PublicId, destination: string]

const batch = 500

/** Every destination that anything was ever owed to. */
export function destinationsIn(store: Store): string[] {
  const found = new Set<string>()
  for (const [key] of store.range({ under: keys.sums })) {
    found.add(key.slice(keys.sums.length, key.indexOf('\0', keys.sums.length)))
  }
  return [...found]
}

export function progressIn(from: Pick<Draft, 'get'>): Progress {
  return from.get<Progress>(keys.progress) ?? { after: 0, lastId: '', number: 0, gone: 0 }
}

/**
 * Writes a delivery as it stands after a move, with its place on the shelves and all sums that it is
 * part of. The only place where deliveries are written.
 */
export function place(
  draft: Draft,
  before: Delivery | undefined,
  after: Delivery | undefined,
): void {
  const one = after ?? before
  if (!one) return
  const { instance, destination } = one
  const owned: Owned = [instance, destination]
  const opened = before && isOpen(before) ? before.number : undefined
  const open = after && isOpen(after) ? after.number : undefined
  if (opened !== open) {
    if (opened !== undefined) draft.remove(keys.open(destination, opened))
    if (open !== undefined) draft.put(keys.open(destination, open), owned)
  }
  if (before) {
    draft.remove(keys.place(before))
    if (before.gone) {
      draft.remove(keys.gone(before.number))
      countGone(draft, -1)
    }
    add(draft, before, -1)
  }
  if (after) {
    draft.put(keys.place(after), owned)
    if (after.gone) {
      draft.put(keys.gone(after.number), owned)
      countGone(draft, 1)
    }
    add(draft, after, 1)
    draft.put(keys.delivery(instance, destination), after)
  } else {
    draft.remove(keys.delivery(instance, destination))
  }
}

/** The archive let go of it: what was still owed never will be, what is done becomes history. */
export function leave(draft: Draft, delivery: Delivery, now: number): void {
  draft.remove(keys.inSeries(delivery.series, delivery.instance))
  const { unverified: _, review: __, paused: ___, ...left } = delivery
  const withdrawn = delivery.state !== 'accepted' && isOwed(delivery)
  place(draft, delivery, {
    ...(withdrawn ? moves.withdraw(left, whyGone, now) : left),
    gone: true,
  })
}

const whyGone = {
  code: 'not-found',
  detail: 'the instance was removed from this box before it was delivered',
  advice: 'Nothing, if it was removed on purpose; else send it to this box again.',
}

/** Applies `move` to every delivery on a shelf, a batch to a transaction; answers how many moved. */
export function sweep(
  store: Store,
  shelf: { under: Key; from?: Key; to?: Key },
  move: (delivery: Delivery) => Delivery | undefined,
): number {
  let moved = 0
  for (let rest: Range | undefined = { ...shelf, limit: batch }; rest; ) {
    const entries: (readonly [Key, Owned])[] = [...store.range<Owned>(rest)]
    moved += transact(store, draft => {
      let count = 0
      for (const [, owned] of entries) {
        const delivery = draft.get<Delivery>(keys.delivery(...owned))
        const after = delivery && move(delivery)
        if (!after) continue
        place(draft, delivery, after)
        count++
      }
      return count
    })
    const last = entries.at(-1)
    rest =
      entries.length === batch && last
        ? { ...rest, from: `${last[0].slice(shelf.under.length)}\0` }
        : undefined
  }
  return moved
}

function add(draft: Draft, delivery: Delivery, by: 1 | -1): void {
  const { destination, study, state, order, bytes } = delivery
  const sum = draft.get<Sum>(keys.sum(destination, state)) ?? { deliveries: 0, bytes: 0 }
  draft.put(keys.sum(destination, state), {
    deliveries: sum.deliveries + by,
    bytes: sum.bytes + by * bytes,
  })
  const key = keys.study(destination, study)
  const tally = draft.get<StudyTally>(key) ?? { order, counts: {} }
  const { [state]: count = 0, ...others } = tally.counts
  const counts = count + by === 0 ? others : { ...others, [state]: count + by }
  if (Object.keys(counts).length > 0) {
    draft.put(key, { ...tally, counts })
    return
  }
  draft.remove(key)
  if (tally.verifyAt !== undefined) draft.remove(keys.verify(destination, tally.verifyAt, study))
}

function countGone(draft: Draft, by: 1 | -1): void {
  const done = progressIn(draft)
  draft.put(keys.progress, { ...done, gone: done.gone + by })
}
