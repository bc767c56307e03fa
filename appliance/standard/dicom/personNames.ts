import { fold, foldByLetter, hasWildcard, like } from './wildcards.ts'

/** How person names are compared: as written, without case and accents, or also by their words. */
export type NameRule = 'literal' | 'folded' | 'fuzzy'

/**
 * Whether a person name is one that is asked for (PS3.4 §C.2.2.2.1.1, PS3.5 §6.2.1).
 *
 * Spaces around components and empty components at the end do not count. A key of several component
 * groups matches group by group, where an empty group asks nothing. A key of one group is asked of
 * the alphabetic group, and where it has letters beyond the Latin ones of every group: who types
 * 山田 need not know where it stands.
 */
export function nameMatcher(asked: string, rule: NameRule): (name: string) => boolean {
  if (rule === 'fuzzy') return fuzzyMatcher(asked)
  if (rule === 'literal') return matcherBy(asked, text => text)
  const folded = matcherBy(asked, fold)
  if (!asked.includes('?')) return folded
  // `?` is one letter: of Groß the last one, though its capitals are GROSS.
  const byLetter = matcherBy(asked, foldByLetter)
  return name => folded(name) || byLetter(name)
}

function matcherBy(asked: string, normal: Normal): (name: string) => boolean {
  const groups = groupsOf(asked, normal)
  const matchers = groups.map(groupMatcher)
  const [only] = matchers
  if (groups.length > 1) {
    return name => {
      const held = groupsOf(name, normal)
      return matchers.every((matches, at) => groups[at] === '' || matches(held[at] ?? ''))
    }
  }
  if (!only) return () => true
  const everywhere = isBeyondLatin(asked)
  return name => {
    const held = groupsOf(name, normal)
    return everywhere ? held.some(only) : only(held[0] ?? '')
  }
}

/** Whether a text has letters other than Latin ones. */
export const isBeyondLatin = (text: string): boolean =>
  /[^\p{Script=Latin}\p{Script=Common}\p{Script=Inherited}]/u.test(text)

type Normal = (text: string) => string

function groupsOf(name: string, normal: Normal): string[] {
  return name.split('=').map(group => {
    const components = group.split('^').map(component => component.trim())
    return normal(components.join('^').replace(/\^+$/, ''))
  })
}

function groupMatcher(asked: string): (group: string) => boolean {
  if (!hasWildcard(asked)) return group => group === asked
  const carets = asked.split('^').length
  return group => {
    if (like(asked, group)) return true
    // `Smith^*` is also somebody of whom no given name is known.
    const missing = carets - group.split('^').length
    return missing > 0 && like(asked, group + '^'.repeat(missing))
  }
}

/**
 * Fuzzy semantic matching (PS3.4 §C.2.2.2.1.1 leaves to us what it is): every word asked for is a
 * word of the name, wherever it stands, without case, accents and punctuation.
 */
function fuzzyMatcher(asked: string): (name: string) => boolean {
  const words = wordsOf(asked)
  return name => {
    const held = wordsOf(name)
    return words.every(word => held.some(each => like(word, each)))
  }
}

/** The words of a name, wildcards kept. */
export const wordsOf = (name: string): string[] =>
  fold(name)
    .split(/[\s^=,.'’-]+/)
    .filter(word => word !== '')
