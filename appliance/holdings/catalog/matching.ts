import { Fault } from '../../faults.ts'
import { tagOf, vrOf } from '../../standard/dicom/dicom.ts'
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
    return wildcard(normal(match.pattern)).test(text)
  })
}

/** An upper bound of a date or time takes in all that begins with it: `1030` reaches to 10:30:59. */
export function inRange(text: string, { from, to }: { from?: string; to?: string }): boolean {
  if (text === '') return false
  return (!from || text >= from) && (!to || text.slice(0, to.length) <= to)
}

const compiled = new Map<string, RegExp>()

/** `*` any text, `?` one character (PS3.4 §C.2.2.2.4). */
export function wildcard(pattern: string): RegExp {
  const known = compiled.get(pattern)
  if (known) return known
  if (compiled.size > 200) compiled.clear()
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replaceAll('?', '.')
  const expression = new RegExp(`^${source}$`, 'su')
  compiled.set(pattern, expression)
  return expression
}

/** The text all matches begin with. */
export const fixedPrefix = (pattern: string): string => /^[^*?]*/.exec(pattern)![0]

/** A tag a search may name. Fault: `unknown-tag`. */
export function requireKnown(keyword: string): void {
  const tag = tagOf(keyword)
  if (tag === undefined || vrOf(tag) === undefined) throw new Fault('unknown-tag', keyword)
}
