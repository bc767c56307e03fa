import { Fault } from '../../faults.ts'
import type { Key } from './store.ts'

/** What could not be read since the store was opened, and is not written anew since. */
export interface Unreadable {
  /** Keys whose values are garbage. */
  keys: readonly Key[]
  /** What LMDB said of its own pages: the file must not be used for longer than until the next start. */
  pages?: string
}

/**
 * Reads what LMDB gives with the suspicion it deserves: it has no checksums, so that what a disk lost
 * is met as a value that is no JSON, or as a page of which LMDB complains. Both are told as the fault
 * `catalogue-damaged`, whose detail holds nothing of keys and values, and are remembered.
 */
export interface Readable {
  /** The value that these bytes are. Fault: `catalogue-damaged`. */
  value(key: Key, bytes: Buffer): unknown
  /** What a look into LMDB gives. Fault: `catalogue-damaged`. */
  look<T>(work: () => T): T
  unreadable(): Unreadable | undefined
  /** The key has another value now, or none. */
  written(key: Key): void
}

export function createReadable(onDamage: () => void): Readable {
  const keys = new Set<Key>()
  let pages: string | undefined
  return {
    value(key, bytes) {
      try {
        return JSON.parse(bytes.toString('utf8', 0, bytes.length))
      } catch {
        if (keys.size === 0) onDamage()
        keys.add(key)
        throw new Fault('catalogue-damaged', 'a record is not what was written')
      }
    },
    look(work) {
      try {
        return work()
      } catch (thrown) {
        if (!pages) onDamage()
        pages = (thrown as Error).message
        throw new Fault('catalogue-damaged', pages, { cause: thrown })
      }
    },
    unreadable: () =>
      keys.size > 0 || pages ? { keys: [...keys], ...(pages && { pages }) } : undefined,
    written: key => void (keys.size > 0 && keys.delete(key)),
  }
}
