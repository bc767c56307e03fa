import { Fault } from '../../faults.ts'
import type { BlobKey } from '../storage/storage.ts'
import type { ChangeKind, Level, PublicId, Totals } from './catalog.ts'
import { levels } from './catalog.ts'
import type { ChangeLog } from './changelog.ts'
import { childNumbers, entriesOf, searchTags } from './entries.ts'
import { indexText } from './fold.ts'
import { indexOf } from './indexes.ts'
import { noTotals } from './load.ts'
import type { Key, Store, Value } from './store.ts'
import { type StoredInstance, type StoredParent, tables } from './tables.ts'

/** So many instances leave in one commit, unless told; a larger resource leaves in several. */
const defaultLot = 5_000

interface Leaving {
  number: number
  instance: StoredInstance
}

/** The catalogue's removing side; see `Register.forget`. */
export function createForgetting(
  store: Store,
  log: ChangeLog,
  now: () => Date,
  atOnce = defaultLot,
) {
  const parentAt = (number: number) => store.get<StoredParent>(tables.record(number))!

  function forget(id: PublicId): {
    left: { level: Level; id: PublicId } | null
    blobs: BlobKey[]
  } {
    const found = find(id)
    if (!found) throw new Fault('not-found', 'no such resource')
    const ancestors = ancestorsOf(found.number)
    const blobs: BlobKey[] = []
    let lot: Leaving[] = []
    for (const leaving of instancesBelow(found.level, found.number)) {
      lot.push(leaving)
      blobs.push(leaving.instance.blob)
      if (lot.length < atOnce) continue
      takeOut(lot, { level: found.level, id }, false)
      lot = []
    }
    takeOut(lot, { level: found.level, id }, true)
    const left = ancestors.find(each => store.get(tables.record(each.number)) !== undefined)
    return { left: left ? { level: left.level, id: left.id } : null, blobs }
  }

  function find(id: PublicId): { level: Level; number: number } | undefined {
    for (const level of levels) {
      const number = store.get<number>(tables.identity(level, id))
      if (number !== undefined) return { level, number }
    }
    return undefined
  }

  /** From the nearest up. */
  function ancestorsOf(number: number): { number: number; level: Level; id: PublicId }[] {
    const above: { number: number; level: Level; id: PublicId }[] = []
    const own = store.get<{ parent?: number }>(tables.record(number))!
    for (let next = own.parent; next !== undefined; ) {
      const parent = parentAt(next)
      above.push({ number: next, level: parent.level, id: parent.id })
      next = parent.parent
    }
    return above
  }

  function* instancesBelow(level: Level, number: number): Iterable<Leaving> {
    if (level === 'Instance') {
      yield { number, instance: store.get<StoredInstance>(tables.record(number))! }
      return
    }
    const below = levels[levels.indexOf(level) + 1]!
    // The list is taken whole before anything is removed from under it.
    for (const child of [...childNumbers(store, number)]) yield* instancesBelow(below, child)
  }

  /**
   * One commit: instances, the sums above them, and those above that become empty, each told of as
   * it goes; that `root` itself is gone is told with the last lot.
   */
  function takeOut(
    lot: readonly Leaving[],
    root: { level: Level; id: PublicId },
    isLast: boolean,
  ): void {
    const put = new Map<Key, Value>()
    const remove: Key[] = []
    const totals = { ...(store.get<Totals>(tables.fact('totals')) ?? noTotals) }
    const at = now().toISOString()
    const parents = new Map<number, StoredParent>()
    const change = (number: number, by: Partial<Record<Counted, number>>): StoredParent => {
      const before = parents.get(number) ?? parentAt(number)
      const after = { ...before, lastUpdate: at }
      for (const [field, amount] of Object.entries(by)) after[field as Counted] -= amount
      parents.set(number, after)
      return after
    }
    for (const { number, instance } of lot) {
      const [bytes] = instance.lengths
      remove.push(...keysOf('Instance', instance.id, number, instance.parent, instance.tags))
      remove.push(tables.record(number), tables.blob(instance.blob))
      remove.push(tables.damaged(instance.blob))
      put.set(tables.tombstone(instance.blob), at)
      totals.instances--
      totals.bytes -= bytes
      for (let above: number | undefined = instance.parent; above !== undefined; ) {
        above = change(above, { instances: 1, bytes }).parent
      }
    }
    const told: { kind: ChangeKind; level: Level; id: PublicId }[] = []
    if (isLast) told.push({ kind: 'Deleted', ...root })
    // Children come before their parents: each emptied one is taken from the counts above it.
    const order = [...parents.keys()].sort(
      (a, b) => levels.indexOf(parents.get(b)!.level) - levels.indexOf(parents.get(a)!.level),
    )
    const emptied = new Set<number>()
    for (const number of order) {
      const parent = parents.get(number)!
      if (parent.instances > 0) continue
      emptied.add(number)
      remove.push(...keysOf(parent.level, parent.id, number, parent.parent, searchTags(parent)))
      remove.push(tables.record(number), tables.unstable(number))
      for (const modality of parent.modalities ?? []) remove.push(modalityKey(modality, number))
      totals[totalOf[parent.level]]--
      const counted = countedAs[parent.level]
      if (counted) {
        for (let above = parent.parent; above !== undefined; above = parents.get(above)!.parent) {
          change(above, { [counted]: 1 })
        }
      }
      if (parent.id !== root.id) {
        told.push({ kind: 'Deleted', level: parent.level, id: parent.id })
      }
    }
    for (const [number, parent] of parents) {
      if (emptied.has(number)) continue
      put.set(tables.record(number), remodelled(number, parent, emptied, remove))
    }
    put.set(tables.fact('totals'), totals)
    log.tell(told, { put: [...put], remove })
  }

  /** A study that lost a series has the modalities of those that are left. */
  function remodelled(
    number: number,
    parent: StoredParent,
    emptied: ReadonlySet<number>,
    remove: Key[],
  ): StoredParent {
    if (parent.level !== 'Study' || emptied.size === 0) return parent
    const left = new Set<string>()
    for (const child of childNumbers(store, number)) {
      const modality = emptied.has(child) ? undefined : parentAt(child).tags.Modality
      if (modality) left.add(modality)
    }
    for (const modality of parent.modalities ?? []) {
      if (!left.has(modality)) remove.push(modalityKey(modality, number))
    }
    return { ...parent, modalities: [...left] }
  }

  return { forget }
}

type Counted = 'studies' | 'series' | 'instances' | 'bytes'
const totalOf = { Patient: 'patients', Study: 'studies', Series: 'series' } as const
const countedAs = { Patient: undefined, Study: 'studies', Series: 'series' } as const

const keysOf = (...entry: Parameters<typeof entriesOf>): Key[] =>
  entriesOf(...entry).map(([key]) => key)

const modalityKey = (modality: string, number: number): Key =>
  tables.indexed(indexOf('Study', 'ModalitiesInStudy')!, indexText(modality), number)
