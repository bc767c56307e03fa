import type { Key, Value } from './store.ts'

/** In an overlay, the mark of a key that is removed from what lies below. */
export const gone = Symbol('gone')

/** The newest writes, held in memory and in key order until they are written out. */
export interface Overlay {
  readonly size: number
  /** `undefined` when the overlay says nothing of the key. */
  get(key: Key): Value | typeof gone
  put(key: Key, value: Value | typeof gone): void
  /** Keys from `from` (inclusive) to `to` (exclusive), in order. */
  keys(from: Key, to: Key | undefined): readonly Key[]
  entries(): Iterable<readonly [Key, Value | typeof gone]>
}

export function createOverlay(): Overlay {
  const values = new Map<Key, Value | typeof gone>()
  let sorted: Key[] = []
  // Most keys are never asked for by range: they are sorted in only when somebody does.
  let unsorted: Key[] = []

  function sortIn(): void {
    if (unsorted.length === 0) return
    if (unsorted.length < 32) {
      for (const key of unsorted) sorted.splice(lowerBound(sorted, key), 0, key)
    } else {
      sorted = sorted.concat(unsorted).sort(byBytes)
    }
    unsorted = []
  }

  return {
    get size() {
      return values.size
    },
    get: key => values.get(key),
    put(key, value) {
      if (!values.has(key)) unsorted.push(key)
      values.set(key, value)
    },
    keys(from, to) {
      sortIn()
      return sorted.slice(
        lowerBound(sorted, from),
        to === undefined ? undefined : lowerBound(sorted, to),
      )
    },
    entries: () => values,
  }
}

const byBytes = (a: Key, b: Key) => (a < b ? -1 : a > b ? 1 : 0)

function lowerBound(sorted: readonly Key[], key: Key): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle]! < key) low = middle + 1
    else high = middle
  }
  return low
}

/** The first key that is behind all keys beginning with `prefix`; none for all of 0xff. */
export function behindPrefix(prefix: Key): Key | undefined {
  for (let end = prefix.length; end > 0; end--) {
    const last = prefix.charCodeAt(end - 1)
    if (last < 0xff) return prefix.slice(0, end - 1) + String.fromCharCode(last + 1)
  }
  return undefined
}
