/**
 * Value representations, PS3.5 §6.2, as codes: the two characters as one number, first character
 * in the upper byte. The readers compare codes; names are for everyone else.
 */

export function codeOf(vr: string): number {
  return (vr.charCodeAt(0) << 8) | vr.charCodeAt(1)
}

/** Those with a 16-bit length in explicit encodings (PS3.5 §7.1.2); all others have 32 bits. */
const short = 'AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US'
const long = 'OB OD OF OL OV OW SQ SV UC UN UR UT UV'

/** By code: 0 not a VR, 1 with a 16-bit length, 2 with a 32-bit length. */
const lengthForms = new Uint8Array(0x10000)
const names = new Map<number, string>()
for (const vr of short.split(' ')) register(vr, 1)
for (const vr of long.split(' ')) register(vr, 2)

function register(vr: string, form: 1 | 2): void {
  lengthForms[codeOf(vr)] = form
  names.set(codeOf(vr), vr)
}

export const unknownVr = codeOf('UN')
export const sequenceVr = codeOf('SQ')

export function isVr(code: number): boolean {
  return lengthForms[code] !== 0
}

export function hasLongLength(code: number): boolean {
  return lengthForms[code] === 2
}

export function nameOf(code: number): string {
  return names.get(code) ?? 'UN'
}

/** Text, with padding, multiplicity and, where `inCharset` says so, a character set. */
const text = new Set('AE AS CS DA DS DT IS LO LT PN SH ST TM UC UI UR UT'.split(' '))
const charsetText = new Set('LO LT PN SH ST UC UT'.split(' '))
const singleText = new Set('LT ST UT UR'.split(' '))

export function isText(vr: string): boolean {
  return text.has(vr)
}

/** Whether SpecificCharacterSet applies: PS3.5 §6.1.2.3. The others are ASCII. */
export function inCharset(vr: string): boolean {
  return charsetText.has(vr)
}

/** Whether a backslash is a letter like any other: PS3.5 §6.2. */
export function isSingleText(vr: string): boolean {
  return singleText.has(vr)
}

/** Leading spaces count in these: PS3.5 §6.2. */
export function keepsLeadingSpaces(vr: string): boolean {
  return singleText.has(vr) || vr === 'UC'
}
