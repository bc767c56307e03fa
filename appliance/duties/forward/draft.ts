import { Fault } from '../../faults.ts'
import type { Key, Store, Value } from '../../holdings/catalog/catalog.ts'

/** A transaction being written: its own writes are read back, and all it read is its condition. */
export interface Draft {
  get<T>(key: Key): T | undefined
  put(key: Key, value: Value): void
  remove(key: Key): void
}

const attempts = 50

/** For who remembers what lies under a key: how often any of that was written. */
export interface Watch {
  readonly under: Key
  writes: number
}

const watches = new WeakMap<Store, Watch[]>()

/** Counts, from now on, the transactions at this very store that write anything under a key. */
export function watch(store: Store, under: Key): Readonly<Watch> {
  const one: Watch = { under, writes: 0 }
  watches.set(store, [...(watches.get(store) ?? []), one])
  return one
}

function tell(store: Store, written: ReadonlyMap<Key, Value>): void {
  for (const one of watches.get(store) ?? []) {
    for (const key of written.keys()) {
      if (!key.startsWith(one.under)) continue
      one.writes++
      break
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
