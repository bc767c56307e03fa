import { characterSets } from 'dicom-character-set'
import { namesOf, withoutExtensions } from './text.ts'
import { inCharset } from './vr.ts'

/**
 * Strings to text values: PS3.5 §6.1 and Annex H to K, ISO 2022 code extensions included. The tables
 * are the decoders' own, read backwards, and made when they are first asked for.
 */

/** A text as bytes, and whether the set had a code for every letter; one it lacks became '?'. */
export interface Encoded {
  bytes: Uint8Array
  whole: boolean
}

/** The bytes of a text in a character set, given as the value of SpecificCharacterSet. */
export const encodeText = (text: string, vr: string, characterSet: string): Uint8Array =>
  encode(text, vr, characterSet).bytes

/** Whether a text can be written in a character set without loss. */
export const canEncode = (text: string, vr: string, characterSet: string): boolean =>
  encode(text, vr, characterSet).whole

/** Whether every value of a SpecificCharacterSet is one of PS3.3 §C.12.1.1.2 (or nothing, first). */
export const isCharacterSet = (characterSet: string): boolean =>
  namesOf(characterSet).every(
    (name, at) => (name === '' && at === 0) || characterSets[name] !== undefined,
  )

/**
 * The value of SpecificCharacterSet that DICOM has for one that `isCharacterSet`: its spelling, with
 * `ISO 2022` where there are several, and nothing beside a set that stands alone.
 */
export function characterSetTerms(characterSet: string): string {
  const names = namesOf(characterSet)
  if (names.length === 1 || standsAlone(names[0]!)) return names[0]!
  return names
    .map((name, at) => (at === 0 && name === '' ? '' : name.replace('ISO_IR', 'ISO 2022 IR')))
    .filter((name, at) => (at === 0 && name === '') || characterSets[name] !== undefined)
    .join('\\')
}

export function encode(text: string, vr: string, characterSet: string): Encoded {
  if (isAscii(text)) return { bytes: Buffer.from(text, 'latin1'), whole: true }
  const names = inCharset(vr) ? namesOf(characterSet) : ['']
  const [first = ''] = names
  if (first === 'ISO_IR 192') return { bytes: Buffer.from(text, 'utf8'), whole: true }
  const alone = names.length === 1 || standsAlone(first)
  if (alone && !first.startsWith('ISO 2022')) return encodePlain(text, first)
  return encodeExtended(text, vr, names)
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x7f) return false
  return true
}

/** Multi-byte sets without code extensions are the only one of their value: PS3.3 §C.12.1.1.2. */
const standsAlone = (name: string): boolean =>
  characterSets[name]?.multiByte === true && characterSets[name].extension !== true

const question = 0x3f

function encodePlain(text: string, name: string): Encoded {
  const codes = standsAlone(name) ? doubleByteCodes(name) : upperHalf(name)
  const bytes: number[] = []
  let whole = true
  for (const letter of text) {
    const point = letter.codePointAt(0)!
    const code = point < 0x80 ? [point] : (codes.get(letter) ?? farCode(name, point))
    if (code) bytes.push(...code)
    else {
      bytes.push(question)
      whole = false
    }
  }
  return { bytes: Uint8Array.from(bytes), whole }
}

type Codes = ReadonlyMap<string, readonly number[]>
const made = new Map<string, Codes>()

function codesOf(key: string, make: (codes: Map<string, readonly number[]>) => void): Codes {
  let codes = made.get(key)
  if (!codes) {
    const fresh = new Map<string, readonly number[]>()
    make(fresh)
    made.set(key, fresh)
    codes = fresh
  }
  return codes
}

const none: Codes = new Map()

/** Letters of bytes 0x80 to 0xff of a single-byte set. */
function upperHalf(name: string): Codes {
  const set = characterSets[name]
  if (set?.encoding === undefined || set.multiByte || name === 'ISO_IR 6') return none
  return codesOf(name, codes => {
    const decoder = new TextDecoder(name === 'ISO_IR 100' ? 'latin1' : set.encoding!)
    for (let byte = 0x80; byte <= 0xff; byte++) {
      // TextDecoder's Latin 1 is windows-1252, which differs below 0xa0.
      const latin = name === 'ISO_IR 100' && byte < 0xa0
      add(codes, latin ? String.fromCharCode(byte) : decoder.decode(Uint8Array.of(byte)), [byte])
    }
  })
}

function add(codes: Map<string, readonly number[]>, letter: string, code: readonly number[]): void {
  const point = letter.codePointAt(0)!
  const isPrivate = point >= 0xe000 && point <= 0xf8ff
  const isOne = letter.length === (point > 0xffff ? 2 : 1)
  if (isOne && !isPrivate && point !== 0xfffd && !codes.has(letter)) codes.set(letter, code)
}

/** GB18030 and GBK: their two bytes, and of GB18030 the four bytes of the basic plane. */
function doubleByteCodes(name: string): Codes {
  return codesOf(name, codes => {
    const decoder = new TextDecoder(characterSets[name]!.encoding)
    for (let lead = 0x81; lead <= 0xfe; lead++) {
      for (let trail = 0x40; trail <= 0xfe; trail++) {
        if (trail === 0x7f) continue
        add(codes, decoder.decode(Uint8Array.of(lead, trail)), [lead, trail])
      }
    }
    if (name !== 'GB18030') return
    for (let linear = 0; linear < 39_420; linear++) {
      const code = fourBytes(0x81, linear)
      add(codes, decoder.decode(Uint8Array.from(code)), code)
    }
  })
}

/** Letters beyond the basic plane stand in GB18030 in their order, from 90 30 81 30 on. */
const farCode = (name: string, point: number): readonly number[] | undefined =>
  name === 'GB18030' && point > 0xffff ? fourBytes(0x90, point - 0x10000) : undefined

function fourBytes(lead: number, linear: number): number[] {
  return [
    lead + Math.floor(linear / 12_600),
    0x30 + (Math.floor(linear / 1_260) % 10),
    0x81 + (Math.floor(linear / 10) % 126),
    0x30 + (linear % 10),
  ]
}

/** A code element of ISO 2022: what an escape sequence calls into G0 or G1. */
interface CodeElement {
  name: string
  slot: 'G0' | 'G1'
  escape: readonly number[]
  codes: Codes
}

/**
 * With code extensions (PS3.5 §6.1.2.5.3): before every delimiter and at the end of the value G0 is
 * as at the beginning; after a delimiter both begin anew.
 */
function encodeExtended(text: string, vr: string, names: readonly string[]): Encoded {
  const known = names.map(each => each.replace('ISO_IR', 'ISO 2022 IR'))
  const elements = known.flatMap(elementsOf)
  // Two-byte sets begin in ASCII, also where one is declared as the only one.
  const first = characterSets[known[0] ?? '']?.multiByte ? [] : elementsOf(known[0] ?? '')
  const initial = { G0: first.find(each => !isUpper(each)) ?? ascii(), G1: first.find(isUpper) }
  if (!elements.includes(initial.G0)) elements.unshift(initial.G0)
  const active = { ...initial }
  const bytes: number[] = []
  let whole = true
  const call = (element: CodeElement) => {
    if (active[element.slot] === element) return
    bytes.push(...element.escape)
    active[element.slot] = element
  }
  for (const letter of text) {
    if (isDelimiter(letter, vr)) {
      call(initial.G0)
      active.G1 = initial.G1
      bytes.push(letter.charCodeAt(0))
      continue
    }
    const ready = active.G0.codes.get(letter) ?? active.G1?.codes.get(letter)
    if (ready) {
      bytes.push(...ready)
      continue
    }
    const element = elements.find(each => each.codes.has(letter))
    call(element ?? initial.G0)
    bytes.push(...(element?.codes.get(letter) ?? [question]))
    whole &&= element !== undefined
  }
  call(initial.G0)
  return { bytes: Uint8Array.from(bytes), whole }
}

const isUpper = (element: CodeElement) => element.slot === 'G1'

function isDelimiter(letter: string, vr: string): boolean {
  if ('\t\n\f\r'.includes(letter)) return true
  if (letter === '\\') return vr !== 'ST' && vr !== 'LT' && vr !== 'UT'
  return vr === 'PN' && (letter === '^' || letter === '=')
}

const ascii = (): CodeElement => elementsOf('ISO 2022 IR 6')[0]!
const elementsMade = new Map<string, readonly CodeElement[]>()

function elementsOf(name: string): readonly CodeElement[] {
  const set = name === '' ? 'ISO 2022 IR 6' : name
  let elements = elementsMade.get(set)
  if (!elements) {
    elements = (characterSets[set]?.elements ?? []).map(each =>
      each.isASCII && set !== 'ISO 2022 IR 6'
        ? ascii()
        : {
            name: set,
            slot: each.codeElement,
            escape: each.escapeSequence,
            codes: elementCodes(set, each),
          },
    )
    if (characterSets[set]) elementsMade.set(set, elements)
  }
  return elements
}

type Described = NonNullable<(typeof characterSets)[string]['elements']>[number]

function elementCodes(set: string, element: Described): Codes {
  const { codeElement, bytesPerCodePoint, encoding } = element
  return codesOf(`${set} ${codeElement}`, codes => {
    if (codeElement === 'G0' && bytesPerCodePoint === 1) romanCodes(codes, element.isASCII === true)
    else if (bytesPerCodePoint === 1) {
      for (const [letter, code] of upperHalf(withoutExtensions(set))) codes.set(letter, code)
    } else twoByteCodes(codes, set, encoding)
  })
}

/** ASCII, or JIS X 0201's half of it, which has a yen sign and an overline in two places. */
function romanCodes(codes: Map<string, readonly number[]>, isAscii: boolean): void {
  for (let byte = 0; byte < 0x80; byte++) codes.set(String.fromCharCode(byte), [byte])
  if (isAscii) return
  codes.delete('\\')
  codes.delete('~')
  codes.set('¥', [0x5c])
  codes.set('‾', [0x7e])
}

/** Rows and cells of 94 by 94; in G0 they are called by seven bits, in G1 by eight. */
function twoByteCodes(codes: Map<string, readonly number[]>, set: string, encoding: string) {
  const decoder = new TextDecoder(encoding)
  const isJapanese = set === 'ISO 2022 IR 87' || set === 'ISO 2022 IR 159'
  for (let row = 0xa1; row <= 0xfe; row++) {
    if (!standardRow(set, row & 0x7f)) continue
    for (let cell = 0xa1; cell <= 0xfe; cell++) {
      const euc = set === 'ISO 2022 IR 159' ? [0x8f, row, cell] : [row, cell]
      const code = isJapanese ? [row & 0x7f, cell & 0x7f] : [row, cell]
      add(codes, decoder.decode(Uint8Array.from(euc)), code)
    }
  }
}

/** Rows that the standard has; makers filled the others, which not every reader knows. */
function standardRow(set: string, row: number): boolean {
  if (set === 'ISO 2022 IR 87') return row <= 0x28 || (row >= 0x30 && row <= 0x74)
  if (set === 'ISO 2022 IR 58') return row <= 0x29 || (row >= 0x30 && row <= 0x77)
  return true
}
