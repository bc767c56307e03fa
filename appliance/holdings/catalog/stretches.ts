import { like } from '../../standard/dicom/dicom.ts'
import type { Level, Match, Search } from './catalog.ts'
import { levels } from './catalog.ts'
import { fold, identifierText, indexedLength, indexText } from './fold.ts'
import { identifierTag, indexOf, nameWithinMonth } from './indexes.ts'
import { bytesOf, textOf } from './key.ts'
import { fixedPrefix, inRange } from './matching.ts'
import { behindPrefix } from './overlay.ts'
import type { Key, Range, Store } from './store.ts'
import { numberOf, tables } from './tables.ts'

/** Conditions that an index answers: the resources of a level in stretches of its keys. */
export interface Stretch {
  keywords: readonly string[]
  level: Level
  ranges: readonly Range[]
  /** How many keys it has, counted no further than is needed to choose. */
  size: number
  /** Whether every key that is taken is a match, so that the record need not be asked. */
  exact: boolean
  /** Of a stretch wider than its conditions: what to make of one of its entries. */
  judge?: (key: Key, value: unknown) => Judgement
}

type Judgement = 'match' | 'no match' | 'ask the record'

const countedFor = 20_000

/** Index conditions of a search, the shortest first. */
export function stretchesOf(store: Store, search: Search): Stretch[] {
  const found: Omit<Stretch, 'size'>[] = []
  const caseSensitive = search.caseSensitive === true
  // The nearest level that has an index of a tag is the one whose value counts.
  const upwards = levels.slice(0, levels.indexOf(search.level) + 1).reverse()
  for (const [keyword, match] of Object.entries(search.where)) {
    for (const level of upwards) {
      const stretch = stretchOf(level, keyword, match, caseSensitive)
      if (stretch) found.push(stretch)
      if (stretch || indexOf(level, keyword) !== undefined) break
    }
  }
  const together = search.level === 'Patient' ? undefined : nameWithinMonths(store, search)
  if (together) found.push(together)
  // An ancestor's condition stands for several resources of the level asked for.
  const weight = (stretch: Stretch) =>
    stretch.size * 4 ** (levels.indexOf(search.level) - levels.indexOf(stretch.level))
  return found
    .map(stretch => ({ ...stretch, size: sizeOf(store, stretch.ranges) }))
    .sort((a, b) => weight(a) - weight(b))
}

const sizeOf = (store: Store, ranges: readonly Range[]) =>
  ranges.reduce((sum, range) => sum + store.count({ ...range, limit: countedFor }), 0)

function stretchOf(
  level: Level,
  keyword: string,
  match: Match,
  caseSensitive: boolean,
): Omit<Stretch, 'size'> | undefined {
  const index = indexOf(level, keyword)
  const keywords = [keyword]
  if (identifierTag[level] === keyword && match.kind === 'equals') {
    const under = (value: string) => tables.identifiers(level, identifierText(value))
    const ranges = match.values.map(value => ({ under: under(value) }))
    return { keywords, level, ranges, exact: false }
  }
  if (index === undefined) return undefined
  if (match.kind === 'range') {
    const from = bytesOf(indexText(match.from ?? '')) || '\x01'
    const to = match.to ? behindPrefix(bytesOf(indexText(match.to))) : undefined
    const range = { under: tables.index(index), from, ...(to !== undefined && { to }) }
    return { keywords, level, ranges: [range], exact: !caseSensitive }
  }
  const { begins, exact, accepts } = textsOf(match)
  const ranges = begins.map(text => ({ under: tables.index(index) + text }))
  return {
    ...{ keywords, level, ranges, exact: exact && !caseSensitive },
    ...(!exact && { judge: (key: Key) => judged(foldedIn(key, 3), accepts, caseSensitive) }),
  }
}

/** How the folded values that may match begin in a key, and which of them do. */
function textsOf(match: Exclude<Match, { kind: 'range' }>): {
  begins: Key[]
  exact: boolean
  accepts: (folded: string) => boolean
} {
  if (match.kind === 'equals') {
    const texts = match.values.map(indexText)
    return {
      begins: texts.map(text => `${bytesOf(text)}\0`),
      exact: texts.every(text => text.length < indexedLength),
      accepts: text => texts.includes(text),
    }
  }
  const pattern = fold(match.pattern)
  const prefix = fixedPrefix(pattern).slice(0, indexedLength)
  return {
    begins: [bytesOf(prefix)],
    exact: pattern === `${prefix}*` && prefix.length < indexedLength,
    accepts: text => like(pattern, text),
  }
}

/** A value that fills its key was cut, or holds several: only its record tells. */
function judged(
  folded: string,
  accepts: (folded: string) => boolean,
  caseSensitive: boolean,
): Judgement {
  if (folded.length >= indexedLength || folded.includes('\\')) return 'ask the record'
  if (!accepts(folded)) return 'no match'
  return caseSensitive ? 'ask the record' : 'match'
}

/** The folded value in an index key, before a zero byte and the number. */
const foldedIn = (key: Key, from: number): string => textOf(key.slice(from, -7))

/**
 * A name and a range of dates together: month by month, the names that begin so. What is read is
 * little more than what is found, however many others have the name or the date.
 */
function nameWithinMonths(store: Store, search: Search): Omit<Stretch, 'size'> | undefined {
  const { PatientName: name, StudyDate: date } = search.where
  if (!name || name.kind === 'range' || date?.kind !== 'range' || !date.from || !date.to) {
    return undefined
  }
  const { begins, exact, accepts } = textsOf(name)
  if (begins.includes('')) return undefined
  const caseSensitive = search.caseSensitive === true
  const index = tables.index(nameWithinMonth.index)
  const ranges: Range[] = []
  for (const month of monthsWithin(store, index, date.from, date.to)) {
    for (const begin of begins) ranges.push({ under: `${index}${month}\0${begin}` })
  }
  const judge: Stretch['judge'] = (key, value) => {
    if (!inRange(value as string, date)) return 'no match'
    const folded = foldedIn(key, key.indexOf('\0', index.length) + 1)
    return judged(folded, exact ? () => true : accepts, caseSensitive)
  }
  return { keywords: ['PatientName', 'StudyDate'], level: 'Study', ranges, exact: false, judge }
}

/** The months there are from one date to another, each found by going to where it would begin. */
function* monthsWithin(store: Store, index: Key, from: string, to: string): Iterable<Key> {
  const last = nameWithinMonth.monthOf(to)
  for (let at = bytesOf(nameWithinMonth.monthOf(from)); ; ) {
    const [entry] = store.range({ under: index, from: at, limit: 1 })
    if (!entry) return
    const month = entry[0].slice(index.length, entry[0].indexOf('\0', index.length))
    if (textOf(month).slice(0, last.length) > last) return
    yield month
    at = `${month}\x01`
  }
}

/** Numbers in a stretch, in order of arrival, and whether all of them are matches. */
export function numbersIn(
  store: Store,
  { ranges, judge, exact }: Stretch,
): { numbers: number[]; exact: boolean } {
  const numbers: number[] = []
  let certain = exact || judge !== undefined
  for (const range of ranges) {
    for (const [key, value] of store.range(range)) {
      const judgement = judge?.(key, value) ?? 'match'
      if (judgement === 'no match') continue
      if (judgement === 'ask the record') certain = false
      numbers.push(numberOf(key))
    }
  }
  numbers.sort((a, b) => a - b)
  // Two values of one condition may meet in the same resource.
  return { numbers: ranges.length > 1 ? [...new Set(numbers)] : numbers, exact: certain }
}
