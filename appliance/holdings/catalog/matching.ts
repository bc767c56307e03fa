import { Fault } from '../../faults.ts'
import { like, tagOf, vrOf } from '../../standard/dicom/dicom.ts'
import type { Match } from './catalog.ts'
import { fold } from './fold.ts'

/**
 * Attribute matching of PS3.4 §C.2.2.2 on text values. Of several values (separated by a backslash)
 * one that matches is enough. An absent attribute is like an empty one.
 */
export function matches(value: string, match: Match, caseSensitive: boolean): boolean {
  const normal = caseSensitive ? (text: string) => text.trim() : fold
  return value.split('\\').some(each => {
    const text = normal(each)
    if (match.kind === 'equals') return match.values.some(wanted => normal(wanted) === text)
    if (match.kind === 'range') return inRange(text, match)
    return like(normal(match.pattern), text)
  })
}

/** An upper bound of a date or time takes in all that begins with it: `1030` reaches to 10:30:59. */
export function inRange(text: string, { from, to }: { from?: string; to?: string }): boolean {
  if (text === '') return false
  return (!from || text >= from) && (!to || text.slice(0, to.length) <= to)
}

/** The text all matches begin with. */
export const fixedPrefix = (pattern: string): string => /^[^*?]*/.exec(pattern)![0]

/** A tag a search may name. Fault: `unknown-tag`. */
export function requireKnown(keyword: string): void {
  const tag = tagOf(keyword)
  if (tag === undefined || vrOf(tag) === undefined) throw new Fault('unknown-tag', keyword)
}
