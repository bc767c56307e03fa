import type { Key } from './store.ts'

/**
 * A key of parts, ordered part by part: text by its UTF-8 bytes, whole numbers (0 to 2^48−1) by
 * size. A key made of the first parts is a prefix of the longer key (see `Range.under`).
 */
export function keyOf(...parts: readonly (string | number)[]): Key {
  let key = ''
  for (const part of parts) key += typeof part === 'number' ? numberKey(part) : textKey(part)
  return key
}

/** Six bytes, most significant first. */
export function numberKey(value: number): Key {
  const high = Math.floor(value / 0x1000000)
  const low = value % 0x1000000
  return String.fromCharCode(
    high >>> 16,
    (high >>> 8) & 0xff,
    high & 0xff,
    low >>> 16,
    (low >>> 8) & 0xff,
    low & 0xff,
  )
}

/** The number that `numberKey` put at `offset`. */
export function numberAt(key: Key, offset: number): number {
  let value = 0
  for (let at = offset; at < offset + 6; at++) value = value * 256 + key.charCodeAt(at)
  return value
}

/** UTF-8, one character per byte, ended by a zero byte (which text itself may not hold). */
export function textKey(text: string): Key {
  return `${bytesOf(text.includes('\0') ? text.replaceAll('\0', '') : text)}\0`
}

/** UTF-8 of a text as a byte string. */
export function bytesOf(text: string): Key {
  for (let at = 0; at < text.length; at++) {
    if (text.charCodeAt(at) > 0x7f) return Buffer.from(text, 'utf8').toString('latin1')
  }
  return text
}

/** The text of a byte string of UTF-8. */
export function textOf(bytes: Key): string {
  for (let at = 0; at < bytes.length; at++) {
    if (bytes.charCodeAt(at) > 0x7f) return Buffer.from(bytes, 'latin1').toString('utf8')
  }
  return bytes
}
