import { characterSets, convertBytes } from 'dicom-character-set'
import { inCharset, isSingleText, keepsLeadingSpaces } from './vr.ts'

/**
 * Text values to strings (`encode.ts`: and back): PS3.5 §6.1 and Annex H to K, ISO 2022 code extensions included.
 * Decoding never fails: what cannot be decoded becomes U+FFFD, or is read in the default set.
 */

/** What text without a SpecificCharacterSet is read as when it is not ASCII: Latin 1. */
export const defaultCharacterSet = 'ISO_IR 100'

type Decoder = (bytes: Uint8Array, vr: string) => string

const decoders = new Map<string, Decoder>()

/**
 * A value as text, its padding kept. `characterSet` is the value of SpecificCharacterSet as it
 * stands in the dataset, '' when it has none; `fallback` is for what that leaves undefined.
 */
export function decodeText(
  bytes: Uint8Array,
  vr: string,
  characterSet: string,
  fallback = defaultCharacterSet,
): string {
  if (!inCharset(vr) || isAscii(bytes)) return latin1(bytes)
  const key = `${characterSet}|${fallback}`
  let decoder = decoders.get(key)
  if (!decoder) {
    decoder = decoderOf(characterSet, fallback)
    // Bounded: the names come from outside
    if (decoders.size < 200) decoders.set(key, decoder)
  }
  return decoder(bytes, vr)
}

const leading = /^[ \t\r\n\f\v\0]+/
const trailing = /[ \t\r\n\f\v\0]+$/

/** Without padding; leading spaces go too where the VR says that they do not count. */
export function trimText(text: string, vr: string): string {
  const trimmed = text.replace(trailing, '')
  return keepsLeadingSpaces(vr) ? trimmed : trimmed.replace(leading, '')
}

/** The values of a text, each trimmed; none when it is empty. */
export function splitText(text: string, vr: string): string[] {
  if (isSingleText(vr)) return text === '' ? [] : [trimText(text, vr)]
  return text === '' ? [] : text.split('\\').map(value => trimText(value, vr))
}

function decoderOf(characterSet: string, fallback: string): Decoder {
  const declared = namesOf(characterSet)
  const first = saysNothing(declared[0]!) ? namesOf(fallback)[0]! : declared[0]!
  const plain = single(withoutExtensions(first))
  const others = declared.slice(1).filter(name => characterSets[name] !== undefined)
  if (others.length === 0 && !first.startsWith('ISO 2022')) return plain
  // Two-byte sets begin in ASCII, also where 'ISO 2022 IR 87' is declared as the only one
  const initial = characterSets[first]?.multiByte && characterSets[first].extension ? [ascii] : []
  // Escape sequences of undeclared sets are common, to ASCII above all; none means two things
  const joined = [...initial, first, ...others, ...extensions].join('\\')
  return (bytes, vr) => {
    try {
      return convertBytes(joined, bytes, { vr })
    } catch {
      // An escape sequence of no declared set, or half a character
      return plain(withoutEscapes(bytes), vr)
    }
  }
}

const ascii = 'ISO 2022 IR 6'
const extensions = Object.keys(characterSets).filter(name => characterSets[name]!.extension)

/** Whether a set is only ASCII, or unknown: bytes above 0x7f are then for the fallback. */
function saysNothing(name: string): boolean {
  return withoutExtensions(name) === 'ISO_IR 6' || characterSets[name] === undefined
}

export function withoutExtensions(name: string): string {
  return name.replace('ISO 2022 IR', 'ISO_IR')
}

/** Sets that DICOM does not know and that text without a set may yet be in. */
const beyond: Record<string, string> = { 'WINDOWS-1251': 'windows-1251' }

/** The decoder of one set without code extensions. */
function single(name: string): Decoder {
  const encoding =
    name === 'ISO_IR 100' ? undefined : (beyond[name] ?? characterSets[name]?.encoding)
  if (encoding === undefined) return latin1
  const decoder = new TextDecoder(encoding)
  return bytes => decoder.decode(bytes)
}

/** Names in one spelling: devices write 'ISO-IR 100', 'iso_ir_192', 'ISO2022 IR 87', 'UTF-8'. */
export function namesOf(characterSet: string): string[] {
  return characterSet.split('\\').map(value => {
    const name = value
      .replace(/[\0 ]+$/, '')
      .trim()
      .toUpperCase()
    const parts = /^ISO[ _-]?(2022)?[ _-]?IR[ _-]?(\d+)$/.exec(name)
    if (parts) return parts[1] ? `ISO 2022 IR ${parts[2]}` : `ISO_IR ${parts[2]}`
    if (name === 'UTF-8' || name === 'UTF8') return 'ISO_IR 192'
    return name
  })
}

function isAscii(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!
    if (byte > 0x7f || byte === 0x1b) return false
  }
  return true
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
}

/** Without escape sequences as ISO 2022 forms them: ESC, intermediate bytes, one final byte. */
function withoutEscapes(bytes: Uint8Array): Uint8Array {
  const kept = new Uint8Array(bytes.length)
  let length = 0
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] !== 0x1b) {
      kept[length++] = bytes[i]!
      continue
    }
    while (i + 1 < bytes.length && bytes[i + 1]! >= 0x20 && bytes[i + 1]! <= 0x2f) i++
    i++
  }
  return kept.subarray(0, length)
}
