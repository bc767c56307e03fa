import { keyOf, type PublicId, type Store } from '../../holdings/catalog/catalog.ts'
import { type Backoff, delayAfter } from './backoff.ts'
import { type Delivery, keys, type StudyTally } from './delivery.ts'
import { type Draft, each, firstUnder, transact } from './draft.ts'
import { moves } from './moves.ts'
import { type Owned, place, sweep } from './shelves.ts'

/** A study of which something was accepted that the far side has not yet been asked about. */
export interface Unverified {
  study: PublicId
  deliveries: Delivery[]
}

/**
 * "Accepted" is what the far side said; this asks, some time after the last of a study went out,
 * what it has. What it has is verified, what it has not is owed again.
 */
export interface Verification {
  /** A study that is due to be asked about, with all of it that waits for that. */
  due(destination: string): Unverified | undefined
  /** ms until the next one is due, absent when none waits. */
  nextIn(destination: string): number | undefined
  /** Writes down what the far side has. Answers how many were missing. */
  settle(asked: Unverified, held: ReadonlySet<string>, destination: string): number
  /** How many images of each series of the study went there, as far as the history goes. */
  delivered(asked: Unverified, destination: string): ReadonlyMap<PublicId, number>
  postpone(asked: Unverified, destination: string, seconds: number): void
  /** For a destination that is no longer asked: what waits is as good as it can be. */
  waive(destination: string): void
}

/** The longest that a study may wait, ms; see `verifyAfter` in surroundings.ts. */
const horizon = 2 * 86_400_000
/** ms until a study of which more is to come is looked at again. */
const lookAgain = 60_000

export function openVerification(parts: {
  store: Store
  now: () => number
  random: () => number
  backoff: Backoff
}): Verification {
  const { store, now, random, backoff } = parts

  // Asked whenever anything comes for anyone.
  const firsts = each(to => firstUnder<PublicId>(store, keys.verify(to)))

  function* waiting(destination: string): Iterable<{ at: number; study: PublicId }> {
    if (!firsts(destination).find()) return
    for (const [, study] of store.range<PublicId>({ under: keys.verify(destination) })) {
      const at = store.get<StudyTally>(keys.study(destination, study))?.verifyAt
      if (at !== undefined) yield { at, study }
    }
  }

  /** Whether more of a study is in turn or under way; what fails again and again, or is paused, is not. */
  function isOnItsWay(destination: string, order: number): boolean {
    const inTurn = ([0, 1, 2] as const).map(priority => keyOf(priority, 0, order))
    const places = [
      ...(['sending', 'sent'] as const).map(each => keys.shelf(destination, each) + keyOf(order)),
      ...inTurn.map(each => keys.shelf(destination, 'owed') + each),
    ]
    return places.some(under => store.count({ under, limit: 1 }) > 0)
  }

  return {
    due(destination) {
      for (const { at, study } of waiting(destination)) {
        // Beyond any wait there is it was written under another clock: it is over.
        if (at > now() && at < now() + horizon) return undefined
        const tally = store.get<StudyTally>(keys.study(destination, study))
        const under = keys.shelf(destination, 'unverified')
        const order = tally?.order ?? 0
        const deliveries = [...store.range<Owned>({ under: under + keyOf(order) })].flatMap(
          ([, owned]) => store.get<Delivery>(keys.delivery(...owned)) ?? [],
        )
        // While the rest of it is on its way, one question for all can wait.
        const onItsWay = tally !== undefined && isOnItsWay(destination, tally.order)
        if (!onItsWay && deliveries.length > 0) return { study, deliveries }
        const next = onItsWay ? now() + lookAgain : undefined
        transact(store, draft => setTime(draft, destination, study, next))
      }
      return undefined
    },

    nextIn(destination) {
      for (const { at } of waiting(destination)) return Math.max(0, Math.min(at - now(), horizon))
      return undefined
    },

    settle({ study, deliveries }, held, destination) {
      return transact(store, draft => {
        let missing = 0
        for (const { instance, number } of deliveries) {
          const delivery = draft.get<Delivery>(keys.delivery(instance, destination))
          if (delivery?.number !== number || !delivery.unverified) continue
          if (held.has(delivery.sopInstanceUid)) {
            place(draft, delivery, moves.verify(delivery, now()))
            continue
          }
          missing++
          const wait = (failures: number) => delayAfter(failures, backoff, random)
          place(draft, delivery, moves.miss(delivery, now(), wait))
        }
        setTime(draft, destination, study, undefined)
        return missing
      })
    },

    delivered({ study }, destination) {
      const counts = new Map<PublicId, number>()
      const tally = store.get<StudyTally>(keys.study(destination, study))
      for (const shelf of ['unverified', 'accepted', 'verified'] as const) {
        const under = keys.shelf(destination, shelf) + keyOf(tally?.order ?? 0)
        for (const [, owned] of store.range<Owned>({ under })) {
          const series = store.get<Delivery>(keys.delivery(...owned))?.series
          if (series !== undefined) counts.set(series, (counts.get(series) ?? 0) + 1)
        }
      }
      return counts
    },

    postpone({ study }, destination, seconds) {
      const at = Math.round(now() + seconds * 1000)
      transact(store, draft => setTime(draft, destination, study, at))
    },

    waive(destination) {
      sweep(
        store,
        { under: keys.shelf(destination, 'unverified') },
        ({ unverified: _, ...rest }) => rest,
      )
      for (const { study } of [...waiting(destination)]) {
        transact(store, draft => setTime(draft, destination, study, undefined))
      }
    },
  }
}

/** Sets when a study is asked about at a destination; `undefined`: not at all. */
export function setTime(
  draft: Draft,
  destination: string,
  study: PublicId,
  at: number | undefined,
): void {
  const key = keys.study(destination, study)
  const tally = draft.get<StudyTally>(key)
  if (!tally) return
  const { verifyAt, ...rest } = tally
  if (verifyAt !== undefined) draft.remove(keys.verify(destination, verifyAt, study))
  if (at !== undefined) draft.put(keys.verify(destination, at, study), study)
  draft.put(key, at === undefined ? rest : { ...rest, verifyAt: at })
}
