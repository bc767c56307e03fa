import { vrOf } from './dictionary.ts'
import { codeOf, hasLongLength, isVr, nameOf, unknownVr } from './vr.ts'

/**
 * Habits of writers in explicit VR that the standard does not allow and that are yet read:
 * - VRs in lower case: the VR meant;
 * - unknown upper-case ones: a VR of a later edition, so with a 32-bit length (PS3.5 §6.2);
 * - '??', '--', two spaces or zeros of old toolkits: with a 16-bit length;
 * - a dataset or an item that is implicit where it should be explicit, or the reverse, told by its
 *   first element (private sequences of Philips and GE, files written with the wrong UID).
 */

const shortUnknown = new Set(['??', '--', '  ', '\0\0'].map(codeOf))

/** What is meant by two characters that are no VR; undefined when nothing is. */
export function vrMeant(vr: number): { vr: number; long: boolean } | undefined {
  const upper = vr & 0xdfdf
  if (isLetters(vr) && isVr(upper)) return { vr: upper, long: hasLongLength(upper) }
  if (isLetters(vr) && upper === vr) return { vr: unknownVr, long: true }
  if (shortUnknown.has(vr)) return { vr: unknownVr, long: false }
  return undefined
}

/**
 * Whether a dataset or item whose first element is this one is explicit. It is as declared unless
 * that would make no sense and the other way does.
 */
export function looksExplicit(
  declared: { explicit: boolean; bigEndian: boolean; limit: number },
  tag: number,
  vr: number,
  asLength: number,
): boolean {
  const known = vrOf(tag)
  if (declared.explicit) {
    if (isVr(vr) || isLetters(vr) || (vr !== 0 && shortUnknown.has(vr))) return true
    const fits = asLength === 0xffffffff || asLength <= declared.limit
    return known === undefined || !fits || declared.bigEndian
  }
  return known !== undefined && isVr(vr) && nameOf(vr) === known
}

function isLetters(vr: number): boolean {
  const upper = vr & 0xdfdf
  const first = upper >> 8
  const second = upper & 0xff
  return (
    first >= 0x41 && first <= 0x5a && second >= 0x41 && second <= 0x5a && (vr & 0x4040) === 0x4040
  )
}
