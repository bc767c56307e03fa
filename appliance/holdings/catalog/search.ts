import type { Catalog, Level, Match, PublicId, Search, Totals } from './catalog.ts'
import { levels } from './catalog.ts'
import { childNumbers } from './entries.ts'
import { fold, indexText } from './fold.ts'
import { indexOf } from './indexes.ts'
import { bytesOf } from './key.ts'
import { noTotals } from './load.ts'
import { matches, requireKnown } from './matching.ts'
import { behindPrefix } from './overlay.ts'
import { resourceAt } from './resource.ts'
import type { Store } from './store.ts'
import { numbersIn, stretchesOf } from './stretches.ts'
import { numberOf, type StoredInstance, type StoredParent, tables } from './tables.ts'

type Stored = StoredInstance | StoredParent

/** Up to so many candidates are read and sorted; of more, the index in the order asked for is walked. */
const fewEnough = 1_000

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
): Pick<Catalog, 'search' | 'resources' | 'count'> {
  const recordAt = <T extends Stored>(number: number) => store.get<T>(tables.record(number))!

  /** Resources of the level asked for that may match, in order of arrival, and what is left to ask. */
  function candidates(search: Search): {
    numbers: Iterable<number>
    asked: readonly (readonly [string, Match])[]
  } {
    const { level } = search
    const asked = Object.entries(search.where)
    const [driver] = stretchesOf(store, search)
    const within = search.within === undefined ? undefined : tree.find(search.within)
    if (search.within !== undefined && !within) return { numbers: [], asked }
    if (within && (!driver || driver.size > 50)) {
      return { numbers: descend(within.level, within.number, level), asked }
    }
    if (!driver) return { numbers: all(level), asked }
    const { numbers, exact } = numbersIn(store, driver)
    const left = exact ? asked.filter(([keyword]) => !driver.keywords.includes(keyword)) : asked
    if (!within && driver.level === level) return { numbers, asked: left }
    return { numbers: below(driver.level, numbers, level, within?.number), asked: left }
  }

  function* below(
    from: Level,
    numbers: Iterable<number>,
    to: Level,
    within: number | undefined,
  ): Iterable<number> {
    for (const number of numbers) {
      for (const each of descend(from, number, to)) {
        if (within === undefined || isWithin(each, within)) yield each
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

  const holds = (
    number: number,
    asked: readonly (readonly [string, Match])[],
    caseSensitive: boolean | undefined,
  ) =>
    asked.every(([keyword, match]) =>
      matches(tagText(number, keyword), match, caseSensitive === true),
    )

  function* found(search: Search): Iterable<number> {
    const { numbers, asked } = candidates(search)
    for (const number of numbers) if (holds(number, asked, search.caseSensitive)) yield number
  }

  function* ordered(search: Search): Iterable<number> {
    const [order, ...minor] = search.orderBy ?? []
    if (!order) {
      yield* found(search)
      return
    }
    const index = order.as === 'text' ? indexOf(search.level, order.keyword) : undefined
    if (index === undefined || order.keyword === 'ModalitiesInStudy') {
      yield* sorted(found(search), [order, ...minor])
      return
    }
    const isAll = Object.keys(search.where).length === 0 && search.within === undefined
    if (isAll) {
      yield* alongIndex(index, [order, ...minor], undefined)
      return
    }
    const { numbers, asked } = candidates(search)
    const isMany = Array.isArray(numbers) && numbers.length > fewEnough
    if (!isMany || search.limit === undefined) {
      yield* sorted(found(search), [order, ...minor])
      return
    }
    const wanted = new Set(numbers)
    const along = { wanted, asked, caseSensitive: search.caseSensitive }
    yield* alongIndex(index, [order, ...minor], along, search.where[order.keyword])
  }

  /**
   * By an indexed tag: the index is in that order, but for what its keys cut off and for what is
   * equal in it. Of many candidates the first page is found without asking all their records.
   */
  function* alongIndex(
    index: string,
    orders: NonNullable<Search['orderBy']>,
    among:
      | {
          wanted: ReadonlySet<number>
          asked: readonly (readonly [string, Match])[]
          caseSensitive: boolean | undefined
        }
      | undefined,
    bounds?: Match,
  ): Iterable<number> {
    const begin = bounds?.kind === 'range' && bounds.from && bytesOf(indexText(bounds.from))
    const end = bounds?.kind === 'range' && bounds.to && behindPrefix(bytesOf(indexText(bounds.to)))
    const range = {
      ...{ under: tables.index(index), reverse: orders[0]?.descending === true },
      ...(begin && { from: begin }),
      ...(end && { to: end }),
    }
    let equal: number[] = []
    let value: string | undefined
    for (const [key] of store.range(range)) {
      const text = key.slice(0, -6)
      if (text !== value) {
        yield* sorted(equal, orders)
        equal = []
        value = text
      }
      const number = numberOf(key)
      if (among && !among.wanted.has(number)) continue
      if (among && !holds(number, among.asked, among.caseSensitive)) continue
      equal.push(number)
    }
    yield* sorted(equal, orders)
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

  function* paged(search: Search): Iterable<number> {
    const { since = 0, limit = Number.POSITIVE_INFINITY } = search
    requireKnownTags(search)
    if (limit <= 0) return
    let seen = 0
    for (const number of ordered(search)) {
      if (seen++ < since) continue
      yield number
      if (seen - since >= limit) return
    }
  }

  return {
    *search(search) {
      for (const number of paged(search)) {
        const stored = recordAt(number)
        if (stored) yield stored.id
      }
    },

    *resources(search) {
      for (const number of paged(search)) {
        const resource = resourceAt(store, number)
        if (resource) yield resource
      }
    },

    count(search) {
      requireKnownTags(search)
      if (Object.keys(search.where).length === 0 && search.within === undefined) {
        return (store.get<Totals>(tables.fact('totals')) ?? noTotals)[totalOf[search.level]]
      }
      const [driver] = stretchesOf(store, search)
      const only = Object.keys(search.where).length === 1 && search.within === undefined
      if (only && driver?.exact && driver.level === search.level && driver.ranges.length === 1) {
        return store.count(driver.ranges[0])
      }
      const { numbers, asked } = candidates(search)
      if (asked.length === 0 && Array.isArray(numbers)) return numbers.length
      let count = 0
      for (const number of numbers) if (holds(number, asked, search.caseSensitive)) count++
      return count
    },
  }
}

function requireKnownTags(search: Search): void {
  for (const keyword of Object.keys(search.where)) requireKnown(keyword)
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

/** Absent and unreadable values come first, as the least. */
function sortable(text: string, as: 'text' | 'integer' | 'decimal'): string | number {
  if (as === 'text') return fold(text)
  const value = as === 'integer' ? Number.parseInt(text, 10) : Number.parseFloat(text)
  return Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value
}
