import type {
  Catalog,
  Change,
  ChangeKind,
  Instance,
  PublicId,
  Store,
} from '../../holdings/catalog/catalog.ts'
import { type Delivery, keys, type Priority, type Progress, type StudyTally } from './delivery.ts'
import { type Draft, transact } from './draft.ts'
import { moves } from './moves.ts'
import { leave, type Owned, place, progressIn } from './shelves.ts'

/** Where the rules send an instance. */
export interface Target {
  destination: string
  priority: Priority
  /** Parked until a person says so; a name is that of the rule that could not tell. */
  hold?: boolean | string
}

/** What makes the rules look at an instance: that it came, or that its study is stable. */
export type Occasion = 'arrival' | 'stable'

export type Targets = (
  instance: Instance,
  occasion: Occasion,
  study: readonly Instance[],
) => readonly Target[]

/** Turns the archive's change log into deliveries, by a cursor that is as durable as they are. */
export interface Intake {
  /** The number of the last change that was read. */
  after(): number
  /**
   * Owes what `targets` says of each new instance and withdraws what left the archive, in one
   * transaction with the cursor. Repeating changes is harmless. Answers the destinations that got
   * something to do.
   */
  take(changes: readonly Change[], targets: Targets): Set<string>
  /**
   * Owes what `targets` says of images that were there before, in one transaction. Answers how many
   * are owed by it, or more urgently than before.
   */
  backfill(
    instances: readonly Instance[],
    targets: (instance: Instance) => readonly Target[],
  ): number
  /** The images that changes tell of and rules may take. */
  concernedIn(changes: readonly Change[]): Instance[]
  /** Reads the change log from its start again if it is not the one that was read so far. */
  rewindIfRenumbered(): boolean
}

export function openIntake(parts: {
  store: Store
  catalog: Catalog
  now: () => number
  /** Finished deliveries of instances that have left, to be remembered. */
  history: number
}): Intake {
  const { store, catalog, now, history } = parts

  function owe(draft: Draft, instance: Instance, target: Target): boolean {
    const { destination, priority, hold } = target
    const before = draft.get<Delivery>(keys.delivery(instance.id, destination))
    if (before && !before.gone && before.digest === instance.datasetDigest) {
      // What waits goes as urgently as any rule wants it by now.
      if (before.state !== 'owed' || hold || priority >= before.priority) return false
      place(draft, before, { ...before, priority })
      return true
    }
    const done = progressIn(draft)
    const number = done.number + 1
    draft.put(keys.progress, { ...done, number })
    draft.put(keys.inSeries(instance.series, instance.id), instance.id)
    const tally = draft.get<StudyTally>(keys.study(destination, instance.study))
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
    const doubt = typeof hold === 'string' ? hold : undefined
    place(draft, undefined, hold ? moves.hold(delivery, doubt) : delivery)
    return !hold
  }

  function leaveAll(draft: Draft, instance: PublicId): void {
    for (const [key] of store.range({ under: keys.deliveries(instance) })) {
      const delivery = draft.get<Delivery>(key)
      if (delivery && !delivery.gone) leave(draft, delivery, now())
    }
  }

  /** The instances that rules may take at a change. */
  function concerned(kind: ChangeKind, id: PublicId): readonly Instance[] {
    if (kind === 'NewInstance') {
      const instance = catalog.instance(id)
      return instance ? [instance] : []
    }
    return kind === 'StableStudy' ? [...catalog.instancesOf(id)] : []
  }

  /** Lets go of the oldest history beyond its measure. */
  function forget(): void {
    while (progressIn(store).gone > history) {
      const [oldest] = store.range<Owned>({ under: keys.gone(), limit: 1 })
      if (!oldest) return
      transact(store, draft => {
        const delivery = draft.get<Delivery>(keys.delivery(...oldest[1]))
        if (delivery) place(draft, delivery, undefined)
      })
    }
  }

  return {
    after: () => progressIn(store).after,

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
          const instances = concerned(kind, id)
          const occasion = kind === 'NewInstance' ? 'arrival' : 'stable'
          for (const instance of instances) {
            for (const target of targets(instance, occasion, instances)) {
              if (owe(draft, instance, target)) owed.add(target.destination)
            }
          }
        }
        const read: Progress = { ...progressIn(draft), after: last.seq, lastId: last.id }
        draft.put(keys.progress, read)
        return owed
      })
      forget()
      return woken
    },

    concernedIn: changes => changes.flatMap(({ kind, id }) => concerned(kind, id)),

    backfill: (instances, targets) =>
      transact(store, draft => {
        let owed = 0
        for (const instance of instances) {
          // It may have left while its file was read.
          if (!catalog.instance(instance.id)) continue
          for (const target of targets(instance)) {
            if (owe(draft, instance, target)) owed++
          }
        }
        return owed
      }),

    rewindIfRenumbered() {
      const done = progressIn(store)
      if (done.after === 0) return false
      const [last] = catalog.changes(done.after - 1, 1)
      if (last?.seq === done.after && last.id === done.lastId) return false
      transact(store, draft => draft.put(keys.progress, { ...progressIn(draft), after: 0 }))
      return true
    },
  }
}
