import type { Match } from '../../holdings/catalog/catalog.ts'
import { formatTag, keywordOf, like, vrOf } from '../../standard/dicom/dicom.ts'
import type { Asked, Dictionary } from './dictionary.ts'
import { Refusal } from './errors.ts'
import type { JsonObject } from './json.ts'

/** One condition of a `Query` object. */
export interface Condition {
  asked: Asked
  keyword: string
  match: Match
}

const ranged = new Set(['DA', 'TM', 'DT'])
const wildcarded = new Set(['AE', 'CS', 'LO', 'LT', 'PN', 'SH', 'ST', 'UC', 'UR', 'UT'])

/** A `Query` object as conditions; what matches anything is left out. */
export function conditionsOf(query: JsonObject, dictionary: Dictionary): Condition[] {
  return Object.entries(query).flatMap(([name, value]) => {
    if (typeof value !== 'string') {
      throw new Refusal('BadRequest', `Tag "${name}" should be associated with a string`)
    }
    const asked = dictionary.asked(name)
    const { tag, creator } = asked
    const match = matchOf(tag, value, vrOf(tag) ?? dictionary.vrOf(tag, creator))
    return match ? [{ asked, keyword: keywordOf(tag) ?? formatTag(tag), match }] : []
  })
}

/**
 * How a value matches: several between backslashes, a range of dates or times, wildcards, or
 * equality. Undefined when it matches anything.
 */
export function matchOf(tag: number, value: string, vr = vrOf(tag) ?? 'LO'): Match | undefined {
  if (value === '') return undefined
  if (value.includes('\\')) return { kind: 'equals', values: value.split('\\') }
  if (ranged.has(vr) && value.includes('-')) {
    const [from, to] = value.split('-') as [string, string]
    return { kind: 'range', ...(from && { from }), ...(to && { to }) }
  }
  if (/[*?]/.test(value)) {
    if (!wildcarded.has(vr)) {
      throw new Refusal('ParameterOutOfRange', `Wildcards are not allowed on tag ${formatTag(tag)}`)
    }
    return { kind: 'wildcard', pattern: value }
  }
  return { kind: 'equals', values: [value] }
}

/** Whether a text matches, for tags that are not in the catalogue; it alone knows the others. */
export function matches(text: string | undefined, match: Match, caseSensitive: boolean): boolean {
  if (text === undefined) return false
  const fold = (each: string) => (caseSensitive ? each : each.toUpperCase()).trim()
  const folded = fold(text)
  switch (match.kind) {
    case 'equals':
      return match.values.some(value => fold(value) === folded)
    case 'range':
      return (
        (match.from === undefined || folded >= match.from) &&
        (match.to === undefined || folded.slice(0, match.to.length) <= match.to)
      )
    case 'wildcard':
      return like(fold(match.pattern), folded)
  }
}
