import { bytesOf } from './key.ts'

/** Longer values are cut in index keys; a match on a cut one is looked up in the record. */
export const indexedLength = 64

/** Text without case and accents: what is equal after this is the same to a searching person. */
export function fold(text: string): string {
  const trimmed = text.trim()
  return isAscii(trimmed)
    ? trimmed.toUpperCase()
    : trimmed
        .normalize('NFD')
        .replace(/\p{M}+/gu, '')
        .toUpperCase()
        .normalize('NFC')
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x7f) return false
  return true
}

/** A folded value as it stands in an index key, cut to length. */
export const indexText = (text: string): string => fold(text).slice(0, indexedLength)

/** A DICOM identifier as it stands in a key: upper case, no padding, one character per byte. */
export const identifierText = (text: string): string =>
  bytesOf(text.trim().toUpperCase().replaceAll('\0', '').slice(0, 256))
