import type { Key, Value } from './store.ts'

/**
 * Values read lately, so that what is asked for again and again (the parents of each image of a study,
 * the pages of a list) is decoded once. As long as a value was not written anew it stays the same
 * object, by which others may know that what they made of it still holds.
 *
 * Bounded by the number of values: between one and two times `most` of those read last.
 */
export interface Recent {
  get(key: Key): Value | undefined
  keep(key: Key, value: Value): void
  /** The key is being written, or removed. */
  forget(key: Key): void
}

export function createRecent(most = 4_000): Recent {
  let newer = new Map<Key, Value>()
  let older = new Map<Key, Value>()

  function keep(key: Key, value: Value): void {
    if (newer.size >= most) {
      older = newer
      newer = new Map()
    }
    newer.set(key, value)
  }

  return {
    get(key) {
      const value = newer.get(key)
      if (value !== undefined) return value
      const before = older.get(key)
      if (before !== undefined) keep(key, before)
      return before
    },
    keep,
    forget(key) {
      newer.delete(key)
      older.delete(key)
    },
  }
}
