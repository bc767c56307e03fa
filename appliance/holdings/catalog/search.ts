import type { Catalog, Level, MainTags, Match, PublicId, Search } from './catalog.ts'
import { levels } from './catalog.ts'
import { childNumbers } from './entries.ts'
import { fold, identifierText, indexedLength, indexText } from './fold.ts'
import { identifierTag, indexOf } from './indexes.ts'
import { bytesOf } from './key.ts'
import { fixedPrefix, matches, requireKnown } from './matching.ts'
import { behindPrefix } from './overlay.ts'
import type { Range, Store } from './store.ts'
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
      if (prefix === '') return undefined
      exact &&= pattern === `${prefix}*` && prefix.length < indexedLength
      ranges = [{ under: tables.index(index) + bytesOf(prefix) }]
    }
    // Of several values in one attribute each may match; the index knows only the whole.
    const size = ranges.reduce(
      (sum, range) => sum + store.count({ ...range, limit: countedFor }),
      0,
    )
    return { keyword, level, ranges, size, exact }
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
      for (const [key] of store.range(range)) numbers.add(numberOf(key))
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

  /** All main tags of a resource and of those above it; the nearest level's value counts. */
  function tagsOf(number: number): MainTags {
    let tags: Record<string, string> = {}
    for (let at: number | undefined = number; at !== undefined; ) {
      const stored: Stored | undefined = store.get<Stored>(tables.record(at))
      if (!stored) break
      tags = { ...stored.tags, ...tags }
      if (stored.level === 'Study') {
        tags = { ...stored.patientTags, ...tags }
        tags.ModalitiesInStudy ??= stored.modalities?.join('\\') ?? ''
      }
      if (stored.level === 'Instance') tags.SOPClassUID ??= stored.uids[0]
      at = stored.parent
    }
    return tags
  }

  function* found(search: Search): Iterable<{ number: number; tags?: MainTags }> {
    for (const keyword of Object.keys(search.where)) requireKnown(keyword)
    const [driver] = stretchesOf(search)
    const asked = Object.entries(search.where).filter(
      ([keyword]) =>
        !(driver?.exact && driver.keyword === keyword && driver.level === search.level),
    )
    const within = search.within !== undefined
    for (const number of candidates(search, driver)) {
      const conditions = within ? Object.entries(search.where) : asked
      if (conditions.length === 0) {
        yield { number }
        continue
      }
      const tags = tagsOf(number)
      const all = conditions.every(([keyword, match]) =>
        matches(tags[keyword] ?? '', match, search.caseSensitive === true),
      )
      if (all) yield { number, tags }
    }
  }

  function* ordered(search: Search): Iterable<number> {
    const orders = search.orderBy ?? []
    if (orders.length === 0) {
      for (const { number } of found(search)) yield number
      return
    }
    const rows: { number: number; values: (string | number)[] }[] = []
    for (const { number, tags } of found(search)) {
      const all = tags ?? tagsOf(number)
      const values = orders.map(({ keyword, as }) => sortable(all[keyword] ?? '', as))
      rows.push({ number, values })
    }
    rows.sort((a, b) => {
      for (const [at, { descending }] of orders.entries()) {
        const [left, right] = [a.values[at]!, b.values[at]!]
        if (left !== right) return (left < right ? -1 : 1) * (descending ? -1 : 1)
      }
      return a.number - b.number
    })
    for (const { number } of rows) yield number
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

/** Absent and unreadable values come first, as the least. */
function sortable(text: string, as: 'text' | 'integer' | 'decimal'): string | number {
  if (as === 'text') return fold(text)
  const value = as === 'integer' ? Number.parseInt(text, 10) : Number.parseFloat(text)
  return Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value
}
