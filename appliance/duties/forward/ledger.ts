import {
  type Catalog,
  type Instance,
  keyOf,
  type PublicId,
  type Store,
} from '../../holdings/catalog/catalog.ts'
import { type Backoff, delayAfter } from './backoff.ts'
import {
  type Delivery,
  isOut,
  isOwed,
  keys,
  type Priority,
  type Shelf,
  turnOf,
} from './delivery.ts'
import type { Receipt, Why } from './destinations/destination.ts'
import { each, firstUnder, transact } from './draft.ts'
import { moves } from './moves.ts'
import { destinationsIn, leave, type Owned, place, sweep } from './shelves.ts'
import { setTime } from './verification.ts'

/** A claimed delivery with its instance as the archive holds it. */
export interface Claim {
  delivery: Delivery
  instance: Instance
}

/** Which deliveries a person means; what is left out is not asked for. */
export interface Selection {
  destination?: string
  study?: PublicId
  series?: PublicId
  instance?: PublicId
  /** Of why it stands as it does: `peer-declined`, … */
  code?: string
}

/**
 * What is owed to whom: one durable record for each instance and destination. Every move is one
 * transaction, complete when the method returns and as durable as the catalogue's next flush; one
 * that is lost in a power cut only makes an instance be sent again.
 */
export interface Ledger {
  /**
   * Up to `limit` deliveries of the study that is first in turn, now `sending`; an even share of it
   * when several go for it, and the first ones that `room` (bytes) suffices for.
   */
  claim(destination: string, limit: number, share?: { among: number; room: number }): Claim[]
  /** Writes down what became of claimed deliveries, in one transaction. */
  settle(outcomes: readonly (readonly [claimed: Delivery, receipt: Receipt])[]): void
  /** What was given out to the last byte and has no answer yet is `sent`. */
  noteSent(claimed: readonly Delivery[]): void
  /** What was claimed and got no receipt is owed as before. */
  giveBack(claimed: readonly Delivery[]): void
  /** Whether it is still being sent by this claim: a person may have withdrawn it since. */
  isClaimed(claimed: Delivery): boolean
  /** What was `sending` or `sent` in an earlier run is owed again. */
  recover(): void
  /** Puts what has waited long enough back in turn; answers ms until the next is due. */
  ripen(destination: string): number | undefined
  /** How urgent what is first in turn is; `undefined` when nothing is. */
  urgency(destination: string): Priority | undefined
  owes(instance: PublicId): boolean
  /** Parked and waiting deliveries are owed at once, but those held for review. Answers how many. */
  retry(selection: Selection): number
  /** What is owed or under way stays owed, and is not sent. Answers how many. */
  pause(selection: Selection): number
  /** What was paused is in turn again. Answers how many. */
  resume(selection: Selection): number
  /** What was held for review is owed. Answers how many. */
  release(selection: Selection): number
  /** What was held for review will not be delivered. Answers how many. */
  reject(selection: Selection, why: Why): number
  /** What is not yet delivered will not be. Answers how many. */
  withdraw(selection: Selection, why: Why): number
  /** Owes again what `withdraw` took back for this reason, as far as it is still held. */
  reinstate(destination: string, code: string): number
}

export function openLedger(parts: {
  store: Store
  catalog: Catalog
  now: () => number
  random: () => number
  backoff: Backoff
  /** Seconds after which to ask a destination what it has; `undefined`: its answer is enough. */
  verifiesAfter: (destination: string) => number | undefined
}): Ledger {
  const { store, catalog, now, backoff, random, verifiesAfter } = parts

  // Asked for with every receipt, and whenever anything comes for anyone.
  const turns = each(to => firstUnder<Owned>(store, keys.shelf(to, 'owed')))
  const waits = each(to => firstUnder<Owned>(store, keys.shelf(to, 'later')))

  const wait = (failures: number) => delayAfter(failures, backoff, random)

  function moveSelected(
    { destination, study, series, instance, code }: Selection,
    shelves: readonly Shelf[],
    move: (delivery: Delivery) => Delivery,
  ): number {
    let moved = 0
    for (const name of destination === undefined ? destinationsIn(store) : [destination]) {
      for (const shelf of shelves) {
        moved += sweep(store, { under: keys.shelf(name, shelf) }, delivery =>
          (study === undefined || delivery.study === study) &&
          (series === undefined || delivery.series === series) &&
          (instance === undefined || delivery.instance === instance) &&
          (code === undefined || delivery.why?.code === code)
            ? move(delivery)
            : undefined,
        )
      }
    }
    return moved
  }

  return {
    claim(destination, limit, { among, room } = { among: 1, room: Number.POSITIVE_INFINITY }) {
      for (;;) {
        const first = turns(destination).find()
        if (!first) return []
        // Only as far as the turn goes: behind it may lie a month of others.
        const under = keys.shelf(destination, 'owed') + turnOf(first[0], destination)
        const from = first[0].slice(under.length)
        const found = [...store.range<Owned>({ under, from, limit })]
        const own = found.slice(0, Math.ceil(found.length / among))
        let left = room
        const claims = transact(store, draft => {
          left = room
          return own.flatMap(([, owned]) => {
            const delivery = draft.get<Delivery>(keys.delivery(...owned))
            if (delivery?.state !== 'owed' || left < 0) return []
            left -= delivery.bytes
            if (left < 0) return []
            const instance = catalog.instance(delivery.instance)
            if (!instance) {
              leave(draft, delivery, now())
              return []
            }
            const claimed = moves.claim(delivery, now())
            place(draft, delivery, claimed)
            return [{ delivery: claimed, instance }]
          })
        })
        const last = own.at(-1)
        if (last && claims.length === own.length) turns(destination).taken(last[0])
        if (claims.length > 0 || left < 0) return claims
        turns(destination).forget()
      }
    },

    settle(outcomes) {
      transact(store, draft => {
        for (const [claimed, receipt] of outcomes) {
          const delivery = draft.get<Delivery>(keys.delivery(claimed.instance, claimed.destination))
          if (delivery?.number !== claimed.number) continue
          const current = isOut(delivery) && delivery.claims === claimed.claims
          // Withdrawn or claimed anew meanwhile; but what the far side has, it has.
          if (!current && (receipt.outcome !== 'accepted' || delivery.state === 'accepted'))
            continue
          const settled = moves.settle(delivery, receipt, now(), wait)
          const after = verifiesAfter(delivery.destination)
          if (settled.state !== 'accepted' || after === undefined) {
            place(draft, delivery, settled)
            continue
          }
          // Its failures count on, should it turn out to be missing.
          place(draft, delivery, { ...settled, unverified: true, failures: delivery.failures })
          const { destination, study } = settled
          setTime(draft, destination, study, Math.round(now() + after * 1000))
        }
      })
    },

    noteSent(claimed) {
      transact(store, draft => {
        for (const each of claimed) {
          const delivery = draft.get<Delivery>(keys.delivery(each.instance, each.destination))
          if (delivery?.state !== 'sending' || !isSame(delivery, each)) continue
          place(draft, delivery, moves.send(delivery, now()))
        }
      })
    },

    giveBack(claimed) {
      if (claimed.length === 0) return
      transact(store, draft => {
        for (const each of claimed) {
          const delivery = draft.get<Delivery>(keys.delivery(each.instance, each.destination))
          if (!delivery || !isOut(delivery) || !isSame(delivery, each)) continue
          place(draft, delivery, moves.release(delivery, now()))
        }
      })
    },

    isClaimed(claimed) {
      const { instance, destination } = claimed
      const delivery = store.get<Delivery>(keys.delivery(instance, destination))
      return delivery !== undefined && isOut(delivery) && isSame(delivery, claimed)
    },

    recover() {
      for (const destination of destinationsIn(store)) {
        for (const shelf of ['sending', 'sent'] as const) {
          sweep(store, { under: keys.shelf(destination, shelf) }, each =>
            moves.release(each, now()),
          )
        }
      }
    },

    ripen(destination) {
      if (!waits(destination).find()) return undefined
      const under = keys.shelf(destination, 'later')
      const at = now()
      sweep(store, { under, to: keyOf(at + 1) }, moves.ripen)
      // A time beyond the cap was written under a clock that was wrong then, or is wrong now.
      sweep(store, { under, from: keyOf(at + backoff.cap * 1000 + 1) }, moves.ripen)
      const next = waits(destination).find()
      const delivery = next && store.get<Delivery>(keys.delivery(...next[1]))
      return delivery && Math.max(0, (delivery.notBefore ?? 0) - at)
    },

    urgency(destination) {
      const first = turns(destination).find()
      return first && store.get<Delivery>(keys.delivery(...first[1]))?.priority
    },

    owes(instance) {
      for (const [, delivery] of store.range<Delivery>({ under: keys.deliveries(instance) })) {
        if (isOwed(delivery)) return true
      }
      return false
    },

    retry: selection =>
      moveSelected(selection, ['parked', 'later'], each => moves.retry(each, now())),

    pause: selection =>
      moveSelected(selection, ['owed', 'later', 'sending', 'sent'], each =>
        moves.pause(each, now()),
      ),

    resume: selection => moveSelected(selection, ['paused'], each => moves.resume(each, now())),

    release: selection => moveSelected(selection, ['held'], each => moves.retry(each, now())),

    reject: (selection, why) =>
      moveSelected(selection, ['held'], each => moves.withdraw(each, why, now())),

    withdraw(selection, why) {
      return moveSelected(
        selection,
        ['owed', 'later', 'paused', 'sending', 'sent', 'held', 'parked'],
        each => moves.withdraw(each, why, now()),
      )
    },

    reinstate(destination, code) {
      return sweep(store, { under: keys.shelf(destination, 'withdrawn') }, each =>
        each.why?.code === code && !each.gone ? moves.retry(each, now()) : undefined,
      )
    },
  }
}

/** Whether it stands as it was claimed, and was not claimed or owed anew since. */
const isSame = (delivery: Delivery, { number, claims }: Delivery) =>
  delivery.number === number && delivery.claims === claims
