import {
  type Catalog,
  type Change,
  type ChangeKind,
  type Instance,
  type Key,
  keyOf,
  type PublicId,
  type Range,
  type Store,
} from '../../holdings/catalog/catalog.ts'
import { type Backoff, delayAfter } from './backoff.ts'
import {
  type Delivery,
  isOpen,
  isOwed,
  keys,
  moves,
  type Priority,
  type Progress,
  type Shelf,
  type StudyTally,
  type Sum,
  turnOf,
} from './delivery.ts'
import type { Receipt, Why } from './destinations/destination.ts'
import { type Draft, transact } from './draft.ts'

/** Where the rules send an instance. */
export interface Target {
  destination: string
  priority: Priority
  /** Parked until a person says so. */
  hold?: boolean
}

/** What makes the rules look at an instance: that it came, or that its study is stable. */
export type Occasion = 'arrival' | 'stable'

export type Targets = (instance: Instance, occasion: Occasion) => readonly Target[]

/** A claimed delivery with its instance as the archive holds it. */
export interface Claim {
  delivery: Delivery
  instance: Instance
}

/** Which deliveries a person means; what is left out is not asked for. */
export interface Selection {
  destination?: string
  study?: PublicId
  instance?: PublicId
}

/**
 * What is owed to whom: one durable record for each instance and destination. Every move is one
 * transaction, complete when the method returns and as durable as the catalogue's next flush; one
 * that is lost in a power cut only makes an instance be sent again.
 */
export interface Ledger {
  /** The number of the last change that was read. */
  after(): number
  /**
   * Owes what `targets` says of each new instance and withdraws what left the archive, in one
   * transaction with the cursor. Repeating changes is harmless. Answers the destinations that got
   * something to do.
   */
  take(changes: readonly Change[], targets: Targets): Set<string>
  /** Reads the change log from its start again if it is not the one that was read so far. */
  rewindIfRenumbered(): boolean
  /** Up to `limit` deliveries of the study that is first in turn, now `sending`. */
  claim(destination: string, limit: number): Claim[]
  /** Writes down what became of claimed deliveries, in one transaction. */
  settle(outcomes: readonly (readonly [claimed: Delivery, receipt: Receipt])[]): void
  /** What was claimed and got no receipt is owed as before. */
  release(claimed: readonly Delivery[]): void
  /** `sending` of an earlier run is owed again. */
  recover(): void
  /** Puts what has waited long enough back in turn; answers ms until the next is due. */
  ripen(destination: string): number | undefined
  hasOwed(destination: string): boolean
  /** Whether something more urgent than this is in turn. */
  hasMoreUrgent(destination: string, priority: Priority): boolean
  owes(instance: PublicId): boolean
  /** Parked and waiting deliveries are owed at once. Answers how many. */
  retry(selection: Selection): number
  /** What is not yet delivered will not be. Answers how many. */
  withdraw(selection: Selection, why: Why): number
  /** Owes again what `withdraw` took back for this reason, as far as it is still held. */
  reinstate(destination: string, code: string): number
}

const batch = 500

export function openLedger(parts: {
  store: Store
  catalog: Catalog
  now: () => number
  random: () => number
  backoff: Backoff
  /** Finished deliveries of instances that have left, to be remembered. */
  history: number
}): Ledger {
  const { store, catalog, now, backoff, random } = parts

  const progress = (from: Pick<Draft, 'get'>): Progress =>
    from.get<Progress>(keys.progress) ?? { after: 0, lastId: '', number: 0, gone: 0 }
  const wait = (failures: number) => delayAfter(failures, backoff, random)

  function owe(draft: Draft, instance: Instance, target: Target): boolean {
    const { destination, priority, hold } = target
    const before = draft.get<Delivery>(keys.delivery(instance.id, destination))
    if (before && !before.gone && before.digest === instance.datasetDigest) return false
    const done = progress(draft)
    const number = done.number + 1
    draft.put(keys.progress, { ...done, number })
    const tally = draft.get<StudyTally>(keys.study(destination, instance.study))
    draft.put(keys.inSeries(instance.series, instance.id), instance.id)
    if (before) place(draft, before, undefined)
    const delivery: Delivery = {
      instance: instance.id,
      destination,
      study: instance.study,
      series: instance.series,
      sopInstanceUid: instance.sopInstanceUid,
      digest: instance.datasetDigest,
      bytes: instance.bytes,
      priority,
      number,
      order: tally?.order ?? number,
      state: 'owed',
      owedAt: now(),
      movedAt: now(),
      // Goes on counting, so that a late receipt of the bytes before these is not taken for theirs.
      claims: before?.claims ?? 0,
      failures: 0,
    }
    place(draft, undefined, hold ? moves.hold(delivery) : delivery)
    return !hold
  }

  /** The archive let go of an instance. */
  function leaveAll(draft: Draft, instance: PublicId): void {
    for (const [key] of store.range({ under: keys.deliveries(instance) })) {
      const delivery = draft.get<Delivery>(key)
      if (delivery && !delivery.gone) leave(draft, delivery)
    }
  }

  /** What was still owed never will be, what is done becomes history. */
  function leave(draft: Draft, delivery: Delivery): void {
    const left: Delivery = { ...delivery, gone: true }
    draft.remove(keys.inSeries(delivery.series, delivery.instance))
    place(draft, delivery, isOwed(delivery) ? moves.withdraw(left, whyGone, now()) : left)
  }

  function forget(): void {
    while ((store.get<Progress>(keys.progress)?.gone ?? 0) > parts.history) {
      const [oldest] = store.range<Owned>({ under: keys.gone(), limit: 1 })
      if (!oldest) return
      transact(store, draft => {
        const delivery = draft.get<Delivery>(keys.delivery(...oldest[1]))
        if (delivery) place(draft, delivery, undefined)
      })
    }
  }

  /** Applies `move` to every delivery on a shelf, a batch to a transaction; answers how many moved. */
  function sweep(
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

  /** The instances that rules may take at a change. */
  function concerned(kind: ChangeKind, id: PublicId): Iterable<Instance> {
    if (kind === 'NewInstance') {
      const instance = catalog.instance(id)
      return instance ? [instance] : []
    }
    return kind === 'StableStudy' ? catalog.instancesOf(id) : []
  }

  function moveSelected(
    { destination, study, instance }: Selection,
    shelves: readonly Shelf[],
    move: (delivery: Delivery) => Delivery,
  ): number {
    let moved = 0
    for (const each of destination === undefined ? destinationsIn(store) : [destination]) {
      for (const shelf of shelves) {
        moved += sweep({ under: keys.shelf(each, shelf) }, delivery =>
          (study === undefined || delivery.study === study) &&
          (instance === undefined || delivery.instance === instance)
            ? move(delivery)
            : undefined,
        )
      }
    }
    return moved
  }

  return {
    after: () => progress(store).after,

    take(changes, targets) {
      const last = changes.at(-1)
      if (!last) return new Set()
      const woken = transact(store, draft => {
        const owed = new Set<string>()
        for (const { kind, level, id } of changes) {
          if (kind === 'Deleted' && level === 'Instance') leaveAll(draft, id)
          if (kind === 'Deleted' && level === 'Series') {
            const under = keys.series(id)
            for (const [, instance] of store.range<PublicId>({ under })) leaveAll(draft, instance)
          }
          for (const instance of concerned(kind, id)) {
            for (const target of targets(instance, kind === 'NewInstance' ? 'arrival' : 'stable')) {
              if (owe(draft, instance, target)) owed.add(target.destination)
            }
          }
        }
        draft.put(keys.progress, { ...progress(draft), after: last.seq, lastId: last.id })
        return owed
      })
      forget()
      return woken
    },

    rewindIfRenumbered() {
      const done = progress(store)
      if (done.after === 0) return false
      const [last] = catalog.changes(done.after - 1, 1)
      if (last?.seq === done.after && last.id === done.lastId) return false
      transact(store, draft => draft.put(keys.progress, { ...progress(draft), after: 0 }))
      return true
    },

    claim(destination, limit) {
      for (;;) {
        const found: Owned[] = []
        let first: Key | undefined
        const under = keys.shelf(destination, 'owed')
        for (const [place, owned] of store.range<Owned>({ under, limit })) {
          const turn = turnOf(place, destination)
          first ??= turn
          if (turn !== first) break
          found.push(owned)
        }
        if (found.length === 0) return []
        const claims = transact(store, draft =>
          found.flatMap(owned => {
            const delivery = draft.get<Delivery>(keys.delivery(...owned))
            if (delivery?.state !== 'owed') return []
            const instance = catalog.instance(delivery.instance)
            if (!instance) {
              leave(draft, delivery)
              return []
            }
            const claimed = moves.claim(delivery, now())
            place(draft, delivery, claimed)
            return [{ delivery: claimed, instance }]
          }),
        )
        if (claims.length > 0) return claims
      }
    },

    settle(outcomes) {
      transact(store, draft => {
        for (const [claimed, receipt] of outcomes) {
          const delivery = draft.get<Delivery>(keys.delivery(claimed.instance, claimed.destination))
          if (delivery?.number !== claimed.number) continue
          const current = delivery.state === 'sending' && delivery.claims === claimed.claims
          // Withdrawn or claimed anew meanwhile; but what the far side has, it has.
          if (!current && (receipt.outcome !== 'accepted' || delivery.state === 'accepted'))
            continue
          place(draft, delivery, moves.settle(delivery, receipt, now(), wait))
        }
      })
    },

    release(claimed) {
      if (claimed.length === 0) return
      transact(store, draft => {
        for (const { instance, destination, number, claims } of claimed) {
          const delivery = draft.get<Delivery>(keys.delivery(instance, destination))
          if (delivery?.state !== 'sending') continue
          if (delivery.number !== number || delivery.claims !== claims) continue
          place(draft, delivery, moves.release(delivery, now()))
        }
      })
    },

    recover() {
      for (const destination of destinationsIn(store)) {
        sweep({ under: keys.shelf(destination, 'sending') }, each => moves.release(each, now()))
      }
    },

    ripen(destination) {
      const under = keys.shelf(destination, 'later')
      const at = now()
      sweep({ under, to: keyOf(at + 1) }, moves.ripen)
      // A time beyond the cap was written under a clock that was wrong then, or is wrong now.
      sweep({ under, from: keyOf(at + backoff.cap * 1000 + 1) }, moves.ripen)
      const [next] = store.range<Owned>({ under, limit: 1 })
      const delivery = next && store.get<Delivery>(keys.delivery(...next[1]))
      return delivery && Math.max(0, (delivery.notBefore ?? 0) - at)
    },

    hasOwed: destination => store.count({ under: keys.shelf(destination, 'owed'), limit: 1 }) > 0,

    hasMoreUrgent(destination, priority) {
      const under = keys.shelf(destination, 'owed')
      return store.count({ under, to: keyOf(priority), limit: 1 }) > 0
    },

    owes(instance) {
      for (const [, delivery] of store.range<Delivery>({ under: keys.deliveries(instance) })) {
        if (isOwed(delivery)) return true
      }
      return false
    },

    retry: selection =>
      moveSelected(selection, ['parked', 'later'], each => moves.retry(each, now())),

    withdraw(selection, why) {
      return moveSelected(selection, ['owed', 'later', 'sending', 'parked'], each =>
        moves.withdraw(each, why, now()),
      )
    },

    reinstate(destination, code) {
      return sweep({ under: keys.shelf(destination, 'withdrawn') }, each =>
        each.why?.code === code && !each.gone ? moves.retry(each, now()) : undefined,
      )
    },
  }
}

/** What a shelf holds: the key of the delivery's own record. */
export type Owned = readonly [instance: PublicId, destination: string]

const whyGone: Why = {
  code: 'not-found',
  detail: 'the instance was removed from this box before it was delivered',
  advice: 'Nothing, if it was removed on purpose; else send it to this box again.',
}

/** Every destination that anything was ever owed to. */
export function destinationsIn(store: Store): string[] {
  const found = new Set<string>()
  for (const [key] of store.range({ under: keys.sums })) {
    found.add(key.slice(keys.sums.length, key.indexOf('\0', keys.sums.length)))
  }
  return [...found]
}

/**
 * Writes a delivery as it stands after a move, with its place on the shelves and all sums that it is
 * part of. The only place where deliveries are written.
 */
function place(draft: Draft, before: Delivery | undefined, after: Delivery | undefined): void {
  const one = after ?? before
  if (!one) return
  const { instance, destination } = one
  const owned: Owned = [instance, destination]
  if (before) {
    draft.remove(keys.place(before))
    if (isOpen(before)) draft.remove(keys.open(destination, before.number))
    if (before.gone) {
      draft.remove(keys.gone(before.number))
      countGone(draft, -1)
    }
    add(draft, before, -1)
  }
  if (after) {
    draft.put(keys.place(after), owned)
    if (isOpen(after)) draft.put(keys.open(destination, after.number), owned)
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

function add(draft: Draft, delivery: Delivery, by: 1 | -1): void {
  const { destination, study, state, order, bytes } = delivery
  const sum = draft.get<Sum>(keys.sum(destination, state)) ?? { deliveries: 0, bytes: 0 }
  draft.put(keys.sum(destination, state), {
    deliveries: sum.deliveries + by,
    bytes: sum.bytes + by * bytes,
  })
  const tally = draft.get<StudyTally>(keys.study(destination, study)) ?? { order, counts: {} }
  const { [state]: count = 0, ...others } = tally.counts
  const counts = count + by === 0 ? others : { ...others, [state]: count + by }
  if (Object.keys(counts).length > 0) draft.put(keys.study(destination, study), { order, counts })
  else draft.remove(keys.study(destination, study))
}

function countGone(draft: Draft, by: 1 | -1): void {
  const done = draft.get<Progress>(keys.progress)
  if (done) draft.put(keys.progress, { ...done, gone: done.gone + by })
}
