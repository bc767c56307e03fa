import { Fault } from '../../faults.ts'
import type { Key, Store, Value } from '../../holdings/catalog/catalog.ts'

/** A transaction being written: its own writes are read back, and all it read is its condition. */
export interface Draft {
  get<T>(key: Key): T | undefined
  put(key: Key, value: Value): void
  remove(key: Key): void
}

const attempts = 50

/** For who remembers what lies first under a key: up to where that still holds. */
export interface Watch {
  readonly under: Key
  /** The first of its keys that was put or removed since whoever remembers last cleared this. */
  lowest: Key | undefined
}

const watches = new WeakMap<Store, Watch[]>()

/** Tells, from now on, what transactions at this very store write under a key. */
export function watch(store: Store, under: Key): Watch {
  const one: Watch = { under, lowest: undefined }
  watches.set(store, [...(watches.get(store) ?? []), one])
  return one
}

function tell(store: Store, written: ReadonlyMap<Key, Value>): void {
  for (const one of watches.get(store) ?? []) {
    for (const key of written.keys()) {
      if (key.startsWith(one.under) && (one.lowest === undefined || key < one.lowest)) {
        one.lowest = key
      }
    }
  }
}

/**
 * Runs `work` and commits what it wrote, all or nothing. When something that it read has changed
 * meanwhile (another box at the same store), it runs again from the start: it must only read and
 * write through its draft. Faults: those of `Store.commit`; `busy` when others always come first.
 */
export function transact<T>(store: Store, work: (draft: Draft) => T): T {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const read = new Map<Key, Value>()
    const written = new Map<Key, Value>()
    const answer = work({
      get<V>(key: Key) {
        if (written.has(key)) return written.get(key) as V | undefined
        if (!read.has(key)) read.set(key, store.get(key))
        return read.get(key) as V | undefined
      },
      put: (key, value) => written.set(key, value),
      remove: key => written.set(key, undefined),
    })
    if (written.size === 0) return answer
    const put: [Key, Value][] = []
    const remove: Key[] = []
    for (const [key, value] of written) {
      if (value === undefined) remove.push(key)
      else put.push([key, value])
    }
    if (store.commit({ when: [...read], put, remove })) {
      tell(store, written)
      return answer
    }
  }
  throw new Fault('busy', 'the delivery ledger is being written from elsewhere')
}

/**
 * What lies first under a key, remembered: only what was written since is looked at again. To find it
 * anew each time would be to pass over all that was taken since the store was last written out.
 */
export interface First<T> {
  find(): readonly [Key, T] | undefined
  /** All up to and including this one was taken away, by who calls. */
  taken(through: Key): void
  /** Looks at everything next time: it was not as remembered. */
  forget(): void
}

export function firstUnder<T>(store: Store, under: Key): First<T> {
  const shelf = watch(store, under)
  let first: readonly [Key, T] | undefined
  let known = false
  return {
    find() {
      const { lowest } = shelf
      if (known && (lowest === undefined || (first && first[0] < lowest))) return first
      // Before the lowest that was written there was nothing, and is nothing.
      const from = known && lowest !== undefined ? lowest.slice(under.length) : ''
      first = undefined
      for (const found of store.range<T>({ under, from, limit: 1 })) first = found
      shelf.lowest = undefined
      known = true
      return first
    },
    taken(through) {
      if (!known) return
      first = undefined
      shelf.lowest = `${through}\0`
    },
    forget() {
      known = false
    },
  }
}

/** One for each name, made when it is first asked for. */
export function each<T>(make: (name: string) => T): (name: string) => T {
  const made = new Map<string, T>()
  return name => {
    const one = made.get(name) ?? make(name)
    made.set(name, one)
    return one
  }
}
