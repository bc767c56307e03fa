import { createRecent, type Recent } from './recent.ts'
import type { Key, Range, Store, Value, Writes } from './store.ts'
import { tables } from './tables.ts'

/**
 * The catalogue's tables can be made a second time beside those in use, and then be used in their
 * place: each making is a generation, below a prefix of its own. The change log and what belongs to
 * it stand outside: they are history, which no blob could tell again.
 *
 * After a crash the generation in use is the one whose use was committed; another that was begun is
 * rubbish and is cleared.
 */
export interface Generations {
  /** The tables in use, whichever generation that is. */
  readonly current: Store
  /** Empty tables beside them; `touched` gathers the keys of records that change in those in use. */
  begin(): Promise<{ next: Store; touched: Set<Key> }>
  /** The tables begun are the ones in use, from this turn on. */
  use(): void
  /** What was begun is not wanted any more. */
  abandon(): void
  /** Removes what is not in use, lot by lot. */
  clear(): Promise<void>
}

const lot = 5_000
const outside = new Set<Key>(['ceiling', 'generation', 'schema', 'seq'].map(tables.fact))
const isOutside = (key: Key) => key.startsWith(tables.changes) || outside.has(key)
/** No table has this letter. */
const letter = 'g'
const prefixOf = (generation: number): Key => (generation === 0 ? '' : `${letter}${generation}\0`)

export function openGenerations(base: Store): Generations {
  let current = base.get<number>(tables.fact('generation')) ?? 0
  let begun: { generation: number; touched: Set<Key> } | undefined

  function below(
    prefix: () => Key,
    inUse?: { recent: Recent; onCommit: (writes: Writes) => void },
  ): Store {
    function read<T>(key: Key): T | undefined {
      const known = inUse?.recent.get(key) as T | undefined
      if (known !== undefined) return known
      const value = base.get<T>(key)
      if (value !== undefined) inUse?.recent.keep(key, value)
      return value
    }
    const inside = (key: Key) => (isOutside(key) ? key : prefix() + key)
    const range = (asked: Range = {}): Range =>
      asked.under?.startsWith(tables.changes)
        ? asked
        : { ...asked, under: prefix() + (asked.under ?? '') }
    const store: Store = {
      // What stands outside is written past these tables, too.
      get: <T>(key: Key) => (isOutside(key) ? base.get<T>(key) : read<T>(prefix() + key)),
      *range<T>(asked?: Range) {
        const absolute = range(asked)
        const length = asked?.under?.startsWith(tables.changes) ? 0 : prefix().length
        for (const [key, value] of base.range<T>(absolute)) {
          yield [length === 0 ? key : key.slice(length), value] as const
        }
      },
      count: asked => base.count(range(asked)),
      commit(writes) {
        const { when, put, remove } = writes
        const entry = ([key, value]: readonly [Key, Value]) => [inside(key), value] as const
        const absolute = {
          ...(when && { when: when.map(entry) }),
          ...(put && { put: put.map(entry) }),
          ...(remove && { remove: remove.map(inside) }),
        }
        const done = base.commit(absolute)
        if (!done || !inUse) return done
        for (const [key] of absolute.put ?? []) inUse.recent.forget(key)
        for (const key of absolute.remove ?? []) inUse.recent.forget(key)
        inUse.onCommit(writes)
        return done
      },
      flushed: () => base.flushed(),
      space: name => base.space(name),
    }
    return store
  }

  function noteTouched({ put, remove }: Writes): void {
    if (!begun) return
    for (const [key] of put ?? []) if (isRecord(key)) begun.touched.add(key)
    for (const key of remove ?? []) if (isRecord(key)) begun.touched.add(key)
  }

  async function clear(): Promise<void> {
    const mine = prefixOf(current)
    const kept = (key: Key) =>
      isOutside(key) || (current === 0 ? !key.startsWith(letter) : key.startsWith(mine))
    const building = begun && prefixOf(begun.generation)
    for (let from: Key | undefined = ''; from !== undefined; ) {
      const remove: Key[] = []
      let last: Key | undefined
      for (const [key] of base.range({ from, limit: lot, unreadable: 'undefined' })) {
        last = key
        if (!kept(key) && !(building && key.startsWith(building))) remove.push(key)
      }
      if (remove.length > 0) {
        base.commit({ remove })
        await base.flushed()
      }
      // What is kept lies in long stretches, which need not be read.
      from = last === undefined ? undefined : nextStretch(last, mine)
    }
  }

  /** Where to look on behind a key: a table of the generation in use is passed over whole. */
  function nextStretch(last: Key, mine: Key): Key {
    if (mine !== '' && last.startsWith(mine)) return `${mine.slice(0, -1)}\x01`
    const isKept = isOutside(last) || (mine === '' && !last.startsWith(letter))
    const next = last[0] === 'm' ? `${last}\0` : String.fromCharCode(last.charCodeAt(0) + 1)
    return isKept ? next : `${last}\0`
  }

  return {
    current: below(() => prefixOf(current), { recent: createRecent(), onCommit: noteTouched }),
    async begin() {
      await clear()
      const generation = current + 1
      begun = { generation, touched: new Set() }
      return { next: below(() => prefixOf(generation)), touched: begun.touched }
    },
    use() {
      if (!begun) throw new Error('no tables were begun')
      base.commit({ put: [[tables.fact('generation'), begun.generation]] })
      current = begun.generation
      begun = undefined
    },
    abandon() {
      begun = undefined
    },
    clear,
  }
}

const isRecord = (key: Key) => key.startsWith(tables.records)
