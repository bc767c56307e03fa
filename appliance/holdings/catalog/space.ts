import { bytesOf } from './key.ts'
import type { Key, Range, Store, Value, Writes } from './store.ts'

/** The part of a store below a prefix, as a store of its own. */
export function spaceOf(store: Store, prefix: Key): Store {
  const inside = (key: Key) => prefix + key
  const range = (asked: Range = {}): Range => ({ ...asked, under: prefix + (asked.under ?? '') })
  return {
    get: <T>(key: Key) => store.get<T>(inside(key)),
    *range<T>(asked?: Range) {
      for (const [key, value] of store.range<T>(range(asked))) {
        yield [key.slice(prefix.length), value] as const
      }
    },
    count: asked => store.count(range(asked)),
    commit({ when, put, remove }: Writes) {
      const entry = ([key, value]: readonly [Key, Value]) => [inside(key), value] as const
      return store.commit({
        ...(when && { when: when.map(entry) }),
        ...(put && { put: put.map(entry) }),
        ...(remove && { remove: remove.map(inside) }),
      })
    },
    flushed: () => store.flushed(),
    space: name => spaceOf(store, prefix + spacePrefix(name)),
  }
}

export const spacePrefix = (name: string): Key => `${bytesOf(name)}\0`
