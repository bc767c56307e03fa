import { faultOf } from '../../faults.ts'
import type { Catalog, Instance, PublicId, Store } from '../../holdings/catalog/catalog.ts'
import type { Log } from '../../log.ts'
import type { Bell } from './bell.ts'
import { keys } from './delivery.ts'
import { transact } from './draft.ts'
import type { Intake } from './intake.ts'
import { type Judgement, wholeStudy } from './judgement.ts'
import type { Rule } from './rules.ts'
import { isBefore, pastStudies } from './trial.ts'

/** A destination that is being given the past; kept until it has all of it. */
export interface Backfill {
  destination: string
  /** Arrivals since then, ms. */
  since: number
  /** So far, in this run. */
  owed: number
}

/** As it is kept: the earliest date asked for, and how often it was asked. */
interface Asked {
  since: number
  asked: number
}

/** Gives destinations that came later what the rules would have sent them. */
export interface Backfills {
  begin(destination: string, since: number): void
  list(): Backfill[]
  /** Whether one under way may yet owe it. */
  mayOwe(instance: PublicId): boolean
  run(stop: AbortSignal): Promise<void>
}

/** Seconds after which one that failed begins anew. */
const againAfter = 60

/**
 * A crash or a fault begins one anew from its start, which is harmless: what a destination is or was
 * owed is not owed again.
 */
export function openBackfills(parts: {
  store: Store
  catalog: Catalog
  intake: Intake
  judgement: Judgement
  rules: () => readonly Rule[]
  bell: Bell
  log: Log
  onOwed(destination: string): void
}): Backfills {
  const { store, catalog, intake, judgement, rules, bell, log } = parts
  const owed = new Map<string, number>()
  const list = () =>
    [...store.range<Asked>({ under: keys.backfills })].map(([key, { since }]) => {
      const destination = key.slice(keys.backfills.length).replace(/\0.*$/s, '')
      return { destination, since, owed: owed.get(destination) ?? 0 }
    })

  function mayGive({ destination, since }: Backfill, instance: Instance): boolean {
    if (isBefore(instance.origin.at, since)) return false
    // What it is or was owed is the ledger's to answer for.
    if (store.get(keys.delivery(instance.id, destination))) return false
    const now = rules().filter(each => each.enabled)
    if (now.some(each => each.whole && each.send.includes(destination))) return true
    return (['arrival', 'stable'] as const)
      .flatMap(occasion => judgement.verdict(instance, occasion, now).targets)
      .some(target => target.destination === destination)
  }

  async function give({ destination, since }: Backfill, stop: AbortSignal): Promise<void> {
    owed.set(destination, 0)
    const asked = store.get<Asked>(keys.backfill(destination))?.asked
    for await (const { instances } of pastStudies(catalog, { since }, stop)) {
      const now = rules()
      const prepared = await judgement.prepare(instances, now, stop)
      if (stop.aborted) return
      const verdict = (each: (typeof instances)[number], some: readonly Rule[]) =>
        judgement.verdict(each, 'stable', some, prepared)
      const stable = wholeStudy(instances, now, verdict)
      const added = intake.backfill(instances, each => {
        const arrival = judgement.verdict(each, 'arrival', now, prepared)
        const isStable = catalog.parent(each.study)?.stable === true
        const all = [...arrival.targets, ...(isStable ? (stable.get(each.id)?.targets ?? []) : [])]
        return all.filter(target => target.destination === destination)
      })
      owed.set(destination, (owed.get(destination) ?? 0) + added)
      if (added > 0) parts.onOwed(destination)
    }
    if (stop.aborted) return
    transact(store, draft => {
      const key = keys.backfill(destination)
      // It may have been asked for again meanwhile, by other rules: then it is begun again.
      if (draft.get<Asked>(key)?.asked === asked) draft.remove(key)
    })
  }

  return {
    begin(destination, since) {
      transact(store, draft => {
        const key = keys.backfill(destination)
        const { since: before, asked } = draft.get<Asked>(key) ?? { since, asked: 0 }
        draft.put(key, { since: Math.min(before, since), asked: asked + 1 })
      })
      bell.ring()
    },
    list,
    mayOwe(id) {
      const under = list()
      const instance = under.length > 0 ? catalog.instance(id) : undefined
      return instance !== undefined && under.some(each => mayGive(each, instance))
    },
    async run(stop) {
      while (!stop.aborted) {
        let failed = false
        for (const each of list()) {
          try {
            await give(each, stop)
          } catch (error) {
            failed = true
            const { code, detail, advice } = faultOf(error)
            log.error('backfill-failed', { destination: each.destination, code, detail, advice })
          }
        }
        await bell.wait(failed ? againAfter : undefined, stop)
      }
    },
  }
}
