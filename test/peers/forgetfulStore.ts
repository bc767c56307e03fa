import { isDeepStrictEqual } from 'node:util'
import type { Key, Range, Store, Value, Writes } from '../../appliance/holdings/catalog/catalog.ts'
import { spaceOf, spacePrefix } from '../../appliance/holdings/catalog/space.ts'

/** A store in memory from which a power cut takes the newest commits, as far as none was flushed. */
export interface ForgetfulStore extends Store {
  /** Undoes the last `commits` of them, whole ones only. */
  cutPower(commits: number): void
}

export function createForgetfulStore(): ForgetfulStore {
  const entries = new Map<Key, Value>()
  let sorted: Key[] | undefined
  let undo: [Key, Value][][] = []

  function keysOf({ under = '', from = '', to, reverse, limit }: Range): Key[] {
    sorted ??= [...entries.keys()].sort()
    const found = sorted.filter(
      key => key.startsWith(under) && key >= under + from && (to === undefined || key < under + to),
    )
    return (reverse ? found.reverse() : found).slice(0, limit)
  }

  function set(key: Key, value: Value): void {
    if (value === undefined) entries.delete(key)
    else entries.set(key, value)
    sorted = undefined
  }

  const store: ForgetfulStore = {
    get: <T>(key: Key) => entries.get(key) as T | undefined,
    *range<T>(range: Range = {}) {
      for (const key of keysOf(range)) yield [key, entries.get(key) as T] as const
    },
    count: (range = {}) => keysOf(range).length,
    commit({ when = [], put = [], remove = [] }: Writes) {
      if (when.some(([key, value]) => !isDeepStrictEqual(entries.get(key), value))) return false
      const changed = [...put.map(([key]) => key), ...remove]
      undo.push(changed.map(key => [key, entries.get(key)]))
      for (const [key, value] of put) set(key, JSON.parse(JSON.stringify(value)))
      for (const key of remove) set(key, undefined)
      return true
    },
    async flushed() {
      undo = []
    },
    space: name => spaceOf(store, spacePrefix(name)),
    cutPower(commits) {
      for (let lost = 0; lost < commits; lost++) {
        for (const [key, value] of undo.pop() ?? []) set(key, value)
      }
    },
  }
  return store
}
