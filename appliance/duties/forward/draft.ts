import { Fault } from '../../faults.ts'
import type { Key, Store, Value } from '../../holdings/catalog/catalog.ts'

/** A transaction being written: its own writes are read back, and all it read is its condition. */
export interface Draft {
  get<T>(key: Key): T | undefined
  put(key: Key, value: Value): void
  remove(key: Key): void
}

const attempts = 50

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
    if (store.commit({ when: [...read], put, remove })) return answer
  }
  throw new Fault('busy', 'the delivery ledger is being written from elsewhere')
}
