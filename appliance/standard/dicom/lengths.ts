import { vrOf } from './dictionary.ts'
import { codeOf, unknownVr } from './vr.ts'

/** How the end of a value is told: by its length or by a delimiter, which its VR and tag allow (PS3.5 §7). */

export const undefinedLength = 0xffffffff
export const itemTag = 0xfffee000
export const itemDelimitation = 0xfffee00d
export const sequenceDelimitation = 0xfffee0dd
export const firstDelimiter = 0xfffe0000
const pixelData = 0x7fe00010

const fragmentVrs = new Set(['OB', 'OW', 'OD', 'OF', 'OL', 'OV'].map(codeOf))

const implicitVrs = new Map<number, number>()

/** The dictionary's VR; what it does not know is UN. */
export function implicitVr(tag: number): number {
  let vr = implicitVrs.get(tag)
  if (vr === undefined) {
    vr = codeOf(vrOf(tag) ?? 'UN')
    // Bounded: anyone may send any number of private tags
    if (implicitVrs.size < 10_000) implicitVrs.set(tag, vr)
  }
  return vr
}

/** In implicit VR, undefined length means a sequence unless it is pixel data: PS3.5 §7.5, §A.4. */
export function isUndefinedSequence(vr: number, tag: number): boolean {
  return tag !== pixelData && vr === unknownVr
}

export function mayHaveFragments(vr: number, tag: number): boolean {
  return tag === pixelData || fragmentVrs.has(vr)
}

export function readLength(bytes: Uint8Array, at: number, bigEndian: boolean): number {
  return bigEndian
    ? ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
    : ((bytes[at + 3]! << 24) | (bytes[at + 2]! << 16) | (bytes[at + 1]! << 8) | bytes[at]!) >>> 0
}

export function readTag(bytes: Uint8Array, at: number, bigEndian: boolean): number {
  return bigEndian
    ? ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
    : ((bytes[at + 1]! << 24) | (bytes[at]! << 16) | (bytes[at + 3]! << 8) | bytes[at + 2]!) >>> 0
}
