import type { Catalog, Level, Match, PublicId, Search, Totals } from './catalog.ts'
import { levels } from './catalog.ts'
import { childNumbers } from './entries.ts'
import { fold, identifierText, indexedLength, indexText } from './fold.ts'
import { identifierTag, indexOf } from './indexes.ts'
import { bytesOf, textOf } from './key.ts'
import { noTotals } from './load.ts'
import { fixedPrefix, matches, requireKnown, wildcard } from './matching.ts'
import { behindPrefix } from './overlay.ts'
import type { Key, Range, Store } from './store.ts'
import { numberOf, type StoredInstance, type StoredParent, tables } from './tables.ts'

type Stored = StoredInstance | StoredParent

/** A condition that an index answers: the resources of a level in one stretch of its keys. */
interface Stretch {
  keyword: string
  level: Level
  ranges: Range[]
  /** How many keys it has, counted no further than is needed to choose. */
  size: number
  /** Whether every key in it is a match, so that the record need not be asked. */
  exact: boolean
  /** Of a stretch wider than its condition: which folded values in its keys to take. */
  takes?: (folded: string) => boolean
}

const countedFor = 20_000

/**
 * Searching: the condition with the fewest index keys gives the candidates, in order of arrival; the
 * others are asked of the records one by one, so that the first fifty cost fifty.
 */
export function createSearch(
  store: Store,
  tree: {
    find(id: PublicId): { level: Level; number: number } | undefined
    below(level: Level, number: number): Iterable<number>
  },
): Pick<Catalog, 'search' | 'count'> {
  const recordAt = <T extends Stored>(number: number) => store.get<T>(tables.record(number))!

  /** Index conditions of a search, the shortest first. */
  function stretchesOf(search: Search): Stretch[] {
    const found: Stretch[] = []
    for (const [keyword, match] of Object.entries(search.where)) {
      for (const level of levels.slice(0, levels.indexOf(search.level) + 1)) {
        const stretch = stretchOf(level, keyword, match, search.caseSensitive === true)
        if (stretch) found.push(stretch)
      }
    }
    return found.sort((a, b) => a.size * 4 ** distance(a) - b.size * 4 ** distance(b))
    // An ancestor's condition stands for several resources of the level asked for.
    function distance(stretch: Stretch): number {
      return levels.indexOf(search.level) - levels.indexOf(stretch.level)
    }
  }

  function stretchOf(
    level: Level,
    keyword: string,
    match: Match,
    caseSensitive: boolean,
  ): Stretch | undefined {
    const isIdentifier = identifierTag[level] === keyword
    const index = indexOf(level, keyword)
    if (!isIdentifier && index === undefined) return undefined
    let ranges: Range[]
    let exact = !caseSensitive && !isIdentifier
    let takes: Stretch['takes']
    if (isIdentifier && match.kind === 'equals') {
      ranges = match.values.map(value => ({
        under: tables.identifiers(level, identifierText(value)),
      }))
    } else if (index === undefined) {
      return undefined
    } else if (match.kind === 'equals') {
      const texts = match.values.map(indexText)
      exact &&= texts.every(text => text.length < indexedLength)
      ranges = texts.map(text => ({ under: `${tables.index(index)}${bytesOf(text)}\0` }))
    } else if (match.kind === 'range') {
      const from = bytesOf(indexText(match.from ?? '')) || '\x01'
      const to = match.to ? behindPrefix(bytesOf(indexText(match.to))) : undefined
      ranges = [{ under: tables.index(index), from, ...(to !== undefined && { to }) }]
    } else {
      const pattern = fold(match.pattern)
      const prefix = fixedPrefix(pattern).slice(0, indexedLength)
      exact &&= pattern === `${prefix}*` && prefix.length < indexedLength
      ranges = [{ under: tables.index(index) + bytesOf(prefix) }]
      if (!exact) takes = withinKey(wildcard(pattern))
    }
    const size = ranges.reduce(
      (sum, range) => sum + store.count({ ...range, limit: countedFor }),
      0,
    )
    return { keyword, level, ranges, size, exact, ...(takes && { takes }) }
  }

  /** Numbers of the level asked for that may match, in order of arrival. */
  function* candidates(search: Search, driver: Stretch | undefined): Iterable<number> {
    const level = search.level
    const within = search.within === undefined ? undefined : tree.find(search.within)
    if (search.within !== undefined && !within) return
    if (within && (!driver || driver.size > 50)) {
      yield* descend(within.level, within.number, level)
      return
    }
    if (!driver) {
      yield* all(level)
      return
    }
    const numbers = new Set<number>()
    for (const range of driver.ranges) {
      for (const [key] of store.range(range)) {
        if (!driver.takes || driver.takes(foldedIn(key))) numbers.add(numberOf(key))
      }
    }
    for (const number of [...numbers].sort((a, b) => a - b)) {
      for (const below of descend(driver.level, number, level)) {
        if (!within || isWithin(below, within.number)) yield below
      }
    }
  }

  function* descend(from: Level, number: number, to: Level): Iterable<number> {
    if (from === to) yield number
    else if (levels.indexOf(from) < levels.indexOf(to)) {
      const next = levels[levels.indexOf(from) + 1]!
      for (const child of childNumbers(store, number)) yield* descend(next, child, to)
    }
  }

  function* all(level: Level): Iterable<number> {
    const listed = level === 'Instance' ? 'Series' : level
    for (const [key] of store.range({ under: tables.arrivals(listed) })) {
      yield* descend(listed, numberOf(key), level)
    }
  }

  function isWithin(number: number, ancestor: number): boolean {
    let at: number | undefined = number
    while (at !== undefined && at !== ancestor) at = store.get<Stored>(tables.record(at))?.parent
    return at === ancestor
  }

  /** A main tag of a resource or, where it has none, of the nearest above it that has. */
  function tagText(number: number, keyword: string): string {
    for (let at: number | undefined = number; at !== undefined; ) {
      const stored: Stored | undefined = store.get<Stored>(tables.record(at))
      if (!stored) break
      const value = ownValue(stored, keyword)
      if (value !== undefined) return value
      at = stored.parent
    }
    return ''
  }

  function* found(search: Search): Iterable<number> {
    for (const keyword of Object.keys(search.where)) requireKnown(keyword)
    const [driver] = stretchesOf(search)
    const asked = Object.entries(search.where).filter(
      ([keyword]) =>
        !(driver?.exact && driver.keyword === keyword && driver.level === search.level),
    )
    const conditions = search.within === undefined ? asked : Object.entries(search.where)
    for (const number of candidates(search, driver)) {
      const all = conditions.every(([keyword, match]) =>
        matches(tagText(number, keyword), match, search.caseSensitive === true),
      )
      if (all) yield number
    }
  }

  function* ordered(search: Search): Iterable<number> {
    const [order, ...minor] = search.orderBy ?? []
    if (!order) {
      yield* found(search)
      return
    }
    const index = order.as === 'text' ? indexOf(search.level, order.keyword) : undefined
    const isAll = Object.keys(search.where).length === 0 && search.within === undefined
    if (!isAll || index === undefined || order.keyword === 'ModalitiesInStudy') {
      yield* sorted(found(search), [order, ...minor])
      return
    }
    // All of a level by an indexed tag: the index is in that order, but for what its keys cut off
    // and for what is equal in it.
    const range = { under: tables.index(index), reverse: order.descending === true }
    let equal: number[] = []
    let value: string | undefined
    for (const [key] of store.range(range)) {
      const text = key.slice(0, -6)
      if (text !== value) {
        yield* sorted(equal, [order, ...minor])
        equal = []
        value = text
      }
      equal.push(numberOf(key))
    }
    yield* sorted(equal, [order, ...minor])
  }

  function sorted(
    numbers: Iterable<number>,
    orders: NonNullable<Search['orderBy']>,
  ): Iterable<number> {
    const rows = Array.from(numbers, number => ({
      number,
      values: orders.map(({ keyword, as }) => sortable(tagText(number, keyword), as)),
    }))
    rows.sort((a, b) => {
      for (const [at, { descending }] of orders.entries()) {
        const [left, right] = [a.values[at]!, b.values[at]!]
        if (left !== right) return (left < right ? -1 : 1) * (descending ? -1 : 1)
      }
      return a.number - b.number
    })
    return rows.map(row => row.number)
  }

  return {
    *search(search) {
      const { since = 0, limit = Number.POSITIVE_INFINITY } = search
      if (limit <= 0) return
      let seen = 0
      for (const number of ordered(search)) {
        if (seen++ < since) continue
        const stored = recordAt(number)
        if (stored) yield stored.id
        if (seen - since >= limit) return
      }
    },

    count(search) {
      if (Object.keys(search.where).length === 0 && search.within === undefined) {
        return (store.get<Totals>(tables.fact('totals')) ?? noTotals)[totalOf[search.level]]
      }
      const [driver] = stretchesOf(search)
      const only = Object.keys(search.where).length === 1 && search.within === undefined
      if (only && driver?.exact && driver.level === search.level && driver.ranges.length === 1) {
        requireKnown(driver.keyword)
        return store.count(driver.ranges[0])
      }
      let count = 0
      for (const _ of found(search)) count++
      return count
    },
  }
}

const totalOf = {
  Patient: 'patients',
  Study: 'studies',
  Series: 'series',
  Instance: 'instances',
} as const satisfies Record<Level, keyof Totals>

function ownValue(stored: Stored, keyword: string): string | undefined {
  if (stored.level === 'Instance') {
    return keyword === 'SOPClassUID' ? stored.uids[0] : stored.tags[keyword]
  }
  if (stored.level === 'Study' && keyword === 'ModalitiesInStudy') {
    return stored.modalities?.join('\\') ?? ''
  }
  return stored.tags[keyword] ?? stored.patientTags?.[keyword]
}

/** The folded value in an index key: behind three letters, before a zero byte and the number. */
const foldedIn = (key: Key): string => textOf(key.slice(3, -7))

/** A value that fills its key was cut, or holds several: only its record tells. */
const withinKey = (expression: RegExp) => (folded: string) =>
  folded.length >= indexedLength || folded.includes('\\') || expression.test(folded)

/** Absent and unreadable values come first, as the least. */
function sortable(text: string, as: 'text' | 'integer' | 'decimal'): string | number {
  if (as === 'text') return fold(text)
  const value = as === 'integer' ? Number.parseInt(text, 10) : Number.parseFloat(text)
  return Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value
}
