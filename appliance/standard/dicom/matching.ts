import { combined, isDateTime, isTimeVr, type Period, periodOf, rangeOf } from './periods.ts'
import { type NameRule, nameMatcher } from './personNames.ts'
import { isSingleText, isText, keepsLeadingSpaces } from './vr.ts'
import { fold, hasWildcard, like } from './wildcards.ts'

/** What a key attribute asks for: the types of matching of PS3.4 §C.2.2.2, but for sequences. */
export type Asked =
  | { kind: 'universal' }
  /** `""`: only what is absent or empty. */
  | { kind: 'empty' }
  | { kind: 'single'; value: string }
  | { kind: 'wildcard'; pattern: string }
  /** Of dates and times; both ends are within it. */
  | { kind: 'range'; from?: string; to?: string }
  /** Several values, of UIDs and of everything else: one of them is enough. */
  | { kind: 'list'; of: readonly Asked[] }

/** What may be decided otherwise by setting or by negotiation. */
export interface MatchingRules {
  names: NameRule
  /** Text other than names: as written (PS3.4 §C.2.2.2.1), or without case and accents. */
  text: 'literal' | 'folded'
  /** Minutes east of UTC of a DT that does not say it. */
  utcOffset?: number
}

/** As PS3.4 has it, and names as people write them. */
export const usualRules: MatchingRules = { names: 'folded', text: 'literal' }

/** A key ready to be compared with values, each without padding; none when it is absent or empty. */
export interface Criterion {
  asked: Asked
  matches(values: readonly string[]): boolean
}

/** PS3.4 §C.2.2.2.4: of all other VRs `*` and `?` are letters. */
const wildcarded = new Set('AE CS LO LT PN SH ST UC UR UT'.split(' '))
const numeric = new Set('DS IS FD FL SL SS SV UL US UV'.split(' '))

/** What a key of a VR asks for; `*` alone asks nothing, of any VR. */
export function askedOf(vr: string, value: string): Asked {
  const text = isText(vr) && keepsLeadingSpaces(vr) ? value.trimEnd() : value.trim()
  if (text === '""') return { kind: 'empty' }
  if (isSingleText(vr) || !text.includes('\\')) return oneAskedOf(vr, text)
  const values = text.split('\\').map(each => each.trim())
  const of = values.filter(each => each !== '').map(each => oneAskedOf(vr, each))
  if (of.length === 0 || of.some(each => each.kind === 'universal')) return { kind: 'universal' }
  return of.length === 1 ? of[0]! : { kind: 'list', of }
}

function oneAskedOf(vr: string, text: string): Asked {
  if (/^\**$/.test(text)) return { kind: 'universal' }
  // A name of no component is none (PS3.5 §6.2.1.1), and a range without ends has everything within.
  if (vr === 'PN' && /^[\^=\s]*$/.test(text)) return { kind: 'universal' }
  if (isTimeVr(vr) && text === '-') return { kind: 'universal' }
  if (text === '""') return { kind: 'empty' }
  if (isTimeVr(vr) && text.includes('-') && !(vr === 'DT' && isDateTime(text))) {
    const range = rangeOf(vr, text)
    if (range) return { kind: 'range', ...range }
  }
  if (wildcarded.has(vr) && hasWildcard(text)) return { kind: 'wildcard', pattern: text }
  return { kind: 'single', value: text }
}

/** A key attribute with its value as text, as a criterion. */
export function criterionOf(vr: string, value: string, rules: MatchingRules): Criterion {
  const asked = askedOf(vr, value)
  return { asked, matches: matcherOf(vr, asked, rules) }
}

/**
 * Combined matching of a date and a time that are both ranges (PS3.4 §C.2.2.2.5.4): from the first
 * time of the first date to the last time of the last date. What has no time is asked by its date.
 */
export function combinedMatcher(
  date: Asked,
  time: Asked,
): ((date: string, time: string) => boolean) | undefined {
  if (date.kind !== 'range' || time.kind !== 'range') return undefined
  const end = (day: string | undefined, hour: string | undefined): Period | undefined => {
    const period = day === undefined ? undefined : periodOf('DA', day)
    return period && combined(period, hour === undefined ? undefined : periodOf('TM', hour))
  }
  const [from, to] = [end(date.from, time.from), end(date.to, time.to)]
  if ((date.from !== undefined && !from) || (date.to !== undefined && !to)) return () => false
  return (day, hour) => {
    const held = periodOf('DA', day)
    if (!held) return false
    const at = combined(held, periodOf('TM', hour))
    return (!from || at.to >= from.from) && (!to || at.from <= to.to)
  }
}

type Matcher = Criterion['matches']

function matcherOf(vr: string, asked: Asked, rules: MatchingRules): Matcher {
  if (asked.kind === 'universal') return () => true
  if (asked.kind === 'empty') return values => values.every(value => value === '')
  if (asked.kind === 'list') {
    const matchers = asked.of.map(each => matcherOf(vr, each, rules))
    return values => matchers.some(matches => matches(values))
  }
  const matches = valueMatcher(vr, asked, rules)
  // Of an attribute with several values one that matches is enough (PS3.4 §C.2.2.2).
  return values => values.some(value => value !== '' && matches(value))
}

function valueMatcher(
  vr: string,
  asked: Exclude<Asked, { kind: 'universal' | 'empty' | 'list' }>,
  rules: MatchingRules,
): (value: string) => boolean {
  if (asked.kind === 'range') return rangeMatcher(vr, asked, rules.utcOffset)
  if (isTimeVr(vr) && asked.kind === 'single') return timeMatcher(vr, asked.value, rules.utcOffset)
  const text = asked.kind === 'wildcard' ? asked.pattern : asked.value
  if (vr === 'PN') return nameMatcher(text, rules.names)
  if (numeric.has(vr)) {
    // `+7`, `007` and `7` are one number.
    const number = Number(text)
    if (!Number.isNaN(number)) return value => Number(value) === number
  }
  const normal = rules.text === 'folded' ? fold : (each: string) => each
  const wanted = normal(text)
  return asked.kind === 'wildcard'
    ? value => like(wanted, normal(value))
    : value => normal(value) === wanted
}

function timeMatcher(vr: string, text: string, offset?: number): (value: string) => boolean {
  const wanted = periodOf(vr, text, offset)
  if (!wanted) return value => value === text
  return value => {
    const held = periodOf(vr, value, offset)
    return held !== undefined && held.from >= wanted.from && held.from <= wanted.to
  }
}

function rangeMatcher(
  vr: string,
  range: { from?: string; to?: string },
  offset?: number,
): (value: string) => boolean {
  const from = range.from === undefined ? undefined : periodOf(vr, range.from, offset)
  const to = range.to === undefined ? undefined : periodOf(vr, range.to, offset)
  // An end that is no date is an end nothing lies within.
  if ((range.from !== undefined && !from) || (range.to !== undefined && !to)) return () => false
  return value => {
    const held = periodOf(vr, value, offset)
    return held !== undefined && (!from || held.from >= from.from) && (!to || held.from <= to.to)
  }
}
