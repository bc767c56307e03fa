import type { BlobKey } from '../storage/storage.ts'
import type { Instance, PublicId } from './catalog.ts'
import type { ChangeLog } from './changelog.ts'
import type { Generations } from './generations.ts'
import { identifierTag } from './indexes.ts'
import { isThere, legible } from './legible.ts'
import { loadInstance } from './load.ts'
import { createRegister } from './record.ts'
import type { Recorded } from './register.ts'
import type { Key, Store, Value } from './store.ts'
import { numberOf, type StoredInstance, type StoredParent, tables } from './tables.ts'

/** What is needed of a listed instance to ask its blob. */
export type Listed = Pick<Instance, 'id' | 'blob' | 'bytes' | 'sopInstanceUid' | 'revision'>

/** The catalogue being made a second time while the first one goes on being used and changed. */
export interface Remaking {
  /** Listed instances in the order of their arrival; those that come meanwhile are at the end. */
  instances(): Iterable<{ number: Key; instance: Listed }>
  /**
   * Records in the new catalogue what a blob says of itself, as the resource it is listed as now.
   * False, and nothing is done, when it was changed or removed meanwhile: that is then carried over.
   */
  record(number: Key, recorded: Recorded): boolean
  /** The same for an instance whose blob does not tell: what was known of it. */
  keep(number: Key): boolean
  /** What is known of parents, but not from blobs: when they last changed, and who is stable. */
  carryOver(): Promise<void>
  /** Brings over what changed meanwhile. */
  catchUp(): void
  /** Changes that are not brought over yet. */
  behind(): number
  /**
   * Whether records were met that are not what was written: instances may be missing in the new
   * catalogue, whose blobs then look as if nobody had listed them.
   */
  isIncomplete(): boolean
  /** Catches up and uses the new catalogue, in one turn. */
  use(): void
  abandon(): void
}

/** These tables are small, not told by blobs, and taken over as they are. */
const takenOver = [tables.quarantine, tables.tombstones, tables.damages, tables.unstables]
const ownFacts = new Set<Key>(['totals', 'ceiling', 'generation', 'schema', 'seq'].map(tables.fact))
const turnsAfter = 500

export async function beginRemaking(generations: Generations, now: () => Date): Promise<Remaking> {
  const old = generations.current
  if (legible(old, tables.fact('counters')) === undefined) countAnew(old)
  const { next, touched } = await generations.begin()
  /** The number of the instance being recorded. */
  let own = 0
  let isIncomplete = false
  /** Parents of which it is not known any more whether they are stable. */
  const healed = new Set<Key>()
  const register = createRegister({
    ...{ store: next, now },
    log: quiet(next),
    numbers: (level, id) =>
      level === 'Instance' ? own : (legible<number>(old, tables.identity(level, id)) ?? spare()),
  })

  /** A number that the catalogue in use will not give to anything else. */
  function spare(): number {
    const { number } = old.get<{ number: number }>(tables.fact('counters')) ?? { number: 0 }
    old.commit({ put: [[tables.fact('counters'), { number: number + 1 }]] })
    return number + 1
  }

  const isListed = (key: Key, id: PublicId, blob: BlobKey) => {
    const stored = old.get<StoredInstance>(key)
    return stored?.level === 'Instance' && stored.id === id && stored.blob === blob
  }

  function keep(key: Key): void {
    const recorded = recordedAt(old, key)
    own = numberOf(key)
    if (recorded) register.record(recorded)
  }

  function catchUp(): void {
    const keys = [...touched]
    touched.clear()
    const isInstance = (key: Key) =>
      (old.get<StoredInstance>(key) ?? next.get<StoredInstance>(key))?.level === 'Instance'
    const instances = keys.filter(isInstance)
    // What went goes first: what came in its place may have the same identifiers.
    for (const key of instances) {
      const made = next.get<StoredInstance>(key)
      const there = old.get<StoredInstance>(key)
      if (made && there?.blob !== made.blob) register.forget(made.id)
    }
    for (const key of instances) {
      if (old.get(key) !== undefined && next.get(key) === undefined) keep(key)
    }
    for (const key of keys) agreeOnParent(key)
  }

  function agreeOnParent(key: Key): void {
    const there = legible<StoredParent>(old, key)
    const made = next.get<StoredParent>(key)
    if (!there && made && isThere(old, key)) healed.add(key)
    if (!there || !made || !('lastUpdate' in made) || there.id !== made.id) return
    const { lastUpdate, stable } = there
    // Their order is that of the arrival of series whose first instances may be gone.
    const isSame = there.modalities?.toSorted().join() === made.modalities?.toSorted().join()
    const modalities = isSame ? there.modalities : made.modalities
    const agreed = { ...made, lastUpdate, stable, ...(modalities && { modalities }) }
    if (JSON.stringify(agreed) !== JSON.stringify(made)) next.commit({ put: [[key, agreed]] })
  }

  return {
    *instances() {
      const range = { under: tables.records, unreadable: 'undefined' } as const
      for (const [key, stored] of old.range<StoredInstance | undefined>(range)) {
        if (stored === undefined) isIncomplete = true
        else if (stored.level === 'Instance') yield { number: key, instance: listed(stored) }
      }
    },
    record(key, recorded) {
      const { id, blob } = recorded.instance
      if (touched.has(key) || !isListed(key, id, blob)) return false
      own = numberOf(key)
      if (next.get(key) === undefined) register.record(recorded)
      return true
    },
    keep(key) {
      if (touched.has(key) || old.get(key) === undefined) return false
      if (next.get(key) === undefined) keep(key)
      return true
    },
    async carryOver() {
      let seen = 0
      for (const level of ['Patient', 'Study', 'Series'] as const) {
        for (const [key] of next.range({ under: tables.arrivals(level) })) {
          agreeOnParent(tables.record(numberOf(key)))
          if (++seen % turnsAfter === 0) await next.flushed()
        }
      }
    },
    catchUp,
    behind: () => touched.size,
    isIncomplete: () => isIncomplete || isQuarantineLost(old),
    use() {
      catchUp()
      const put: [Key, Value][] = []
      const remove: Key[] = []
      for (const under of takenOver) {
        for (const [key] of next.range({ under })) remove.push(key)
        for (const [key, value] of old.range({ under, unreadable: 'undefined' })) {
          const known = value ?? (isMark(under) ? 0 : undefined)
          if (known !== undefined) put.push([key, known])
        }
      }
      for (const key of healed) put.push([tables.unstable(numberOf(key)), 0])
      for (const [key, value] of old.range({ under: tables.facts, unreadable: 'undefined' })) {
        if (!ownFacts.has(key) && value !== undefined) put.push([key, value])
      }
      next.commit({ remove })
      next.commit({ put })
      generations.use()
    },
    abandon: generations.abandon,
  }
}

/** Tables whose keys say all: what was removed must not come back for a value that is lost. */
const isMark = (under: Key) => under === tables.unstables || under === tables.tombstones

const listed = ({ id, blob, lengths, tags, revision }: StoredInstance): Listed => ({
  ...{ id, blob, bytes: lengths[0], sopInstanceUid: tags[identifierTag.Instance] ?? '' },
  ...(revision !== undefined && { revision }),
})

function isQuarantineLost(store: Store): boolean {
  const aside = store.range({ under: tables.quarantine, unreadable: 'undefined' })
  return [...aside].some(([, value]) => value === undefined)
}

/** Where the count of numbers is lost, the greatest that a record has tells it. */
function countAnew(store: Store): void {
  const greatest = {
    under: tables.records,
    reverse: true,
    limit: 1,
    unreadable: 'undefined',
  } as const
  const [last] = store.range(greatest)
  const number = last ? numberOf(last[0]) : 0
  store.commit({ put: [[tables.fact('counters'), { number }]] })
}

/** All of it was told when it happened. */
function quiet(store: Store): ChangeLog {
  const nothing = () => undefined
  return { tell: (_, writes) => void store.commit(writes), forget: nothing, close: nothing }
}

function recordedAt(store: Store, key: Key): Recorded | undefined {
  const instance = loadInstance(store, numberOf(key))
  if (!instance) return undefined
  const parentOf = (number: number) => store.get<StoredParent>(tables.record(number))!
  const series = parentOf(store.get<StoredInstance>(key)!.parent)
  const study = parentOf(series.parent!)
  const patient = study.patientTags ?? parentOf(study.parent!).tags
  return {
    instance,
    tags: { patient, study: study.tags, series: series.tags },
    ...(series.expectedInstances !== undefined && { expectedInstances: series.expectedInstances }),
  }
}
