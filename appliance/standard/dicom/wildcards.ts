export const hasWildcard = (text: string): boolean => text.includes('*') || text.includes('?')

/**
 * Whether a text is like a pattern: `*` stands for any text, also none, `?` for one letter
 * (PS3.4 §C.2.2.2.4). In time linear in both, whatever the pattern.
 */
export function like(pattern: string, text: string): boolean {
  return surrogates.test(pattern) || surrogates.test(text)
    ? lettersLike(Array.from(pattern), Array.from(text))
    : lettersLike(pattern, text)
}

const surrogates = /[\ud800-\udfff]/

function lettersLike(pattern: ArrayLike<string>, text: ArrayLike<string>): boolean {
  let star = -1
  let resume = 0
  let at = 0
  for (let i = 0; i < text.length; ) {
    if (pattern[at] === '*') {
      star = at++
      resume = i
    } else if (at < pattern.length && (pattern[at] === '?' || pattern[at] === text[i])) {
      at++
      i++
    } else if (star >= 0) {
      at = star + 1
      i = ++resume
    } else return false
  }
  while (pattern[at] === '*') at++
  return at === pattern.length
}

/** Accents and vowel points; not the voicing marks of kana or the vowels of Thai: those are letters. */
const accents = /[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u064b-\u065f]+/g

/** A text without case and accents. */
export function fold(text: string): string {
  return isAscii(text)
    ? text.toUpperCase()
    : text.normalize('NFD').replace(accents, '').toUpperCase().normalize('NFC')
}

/** The same, but of letters whose capitals are two, as `ß` has `SS`: those stay one. */
export const foldByLetter = (text: string): string =>
  isAscii(text)
    ? fold(text)
    : Array.from(text.normalize('NFC'), letter => {
        const folded = fold(letter)
        return folded.length > letter.length ? letter : folded
      }).join('')

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x7f) return false
  return true
}
