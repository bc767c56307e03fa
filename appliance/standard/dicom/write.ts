import { deflateRawSync } from 'node:zlib'
import { Fault } from '../../faults.ts'
import { formatTag, tagOf, vrOf } from './dictionary.ts'
import { encodeText } from './encode.ts'
import { itemTag, undefinedLength } from './lengths.ts'
import { writeNumbers } from './numbers.ts'
import { encodingOf } from './transferSyntaxes.ts'
import { codeOf, hasLongLength, isText, isVr } from './vr.ts'

/**
 * An element to be written. Without a VR it gets the dictionary's, or UN. Without a value, items
 * and fragments it is empty.
 */
export interface NewElement {
  /** A number, a keyword or 'gggg,eeee'. */
  tag: number | string
  vr?: string
  /**
   * Text is encoded in the dataset's SpecificCharacterSet (ASCII when it has none) and padded;
   * several texts are joined by '\'. Numbers are for binary VRs, or written in decimal for IS and
   * DS. Bytes are taken as they are, in the byte order of the transfer syntax.
   */
  value?:
    | string
    | number
    | bigint
    | readonly string[]
    | readonly (number | bigint)[]
    | Uint8Array
    | undefined
  items?: readonly (readonly NewElement[])[] | undefined
  /** Encapsulated pixel data, the basic offset table (may be empty) first. */
  fragments?: readonly Uint8Array[] | undefined
}

interface Writing {
  explicit: boolean
  bigEndian: boolean
  characterSet: string
  depth: number
}

/** Nobody writes deeper; a cycle would. */
const maximumDepth = 256

/**
 * A small dataset as bytes: elements in the order of their tags, sequences and items with their
 * lengths. Faults: `unknown-tag`; `dataset-malformed` for a value that its VR cannot have.
 */
export function writeDataset(
  elements: readonly NewElement[],
  transferSyntaxUid: string,
): Uint8Array {
  const { explicit, bigEndian, deflated } = encodingOf(transferSyntaxUid)
  const parts: Uint8Array[] = []
  writeElements(parts, elements, { explicit, bigEndian, characterSet: '', depth: 0 })
  const bytes = Buffer.concat(parts)
  if (!deflated) return bytes
  // PS3.5 §A.5: padded to an even length
  const compressed = deflateRawSync(bytes)
  return compressed.length % 2 === 0 ? compressed : Buffer.concat([compressed, Uint8Array.of(0)])
}

function writeElements(
  parts: Uint8Array[],
  elements: readonly NewElement[],
  outer: Writing,
): number {
  if (outer.depth > maximumDepth) throw new Fault('dataset-malformed', 'sequences nested too deep')
  const tagged = elements
    .map(element => ({ element, tag: requireTag(element.tag) }))
    .sort((a, b) => a.tag - b.tag)
  const own = tagged.find(({ tag }) => tag === specificCharacterSet)?.element.value
  const writing = { ...outer, characterSet: own === undefined ? outer.characterSet : joined(own) }
  let size = 0
  for (const { element, tag } of tagged) size += writeElement(parts, element, tag, writing)
  return size
}

function writeElement(
  parts: Uint8Array[],
  element: NewElement,
  tag: number,
  writing: Writing,
): number {
  const vr = element.items ? 'SQ' : (element.vr ?? vrOf(tag) ?? 'UN')
  if (!isVr(codeOf(vr))) throw new Fault('dataset-malformed', `${formatTag(tag)} with VR ${vr}`)
  if (element.fragments) return writeFragments(parts, element.fragments, tag, vr, writing)
  const slot = parts.push(new Uint8Array()) - 1
  let length = 0
  if (element.items) {
    for (const item of element.items) {
      const itemSlot = parts.push(new Uint8Array()) - 1
      const itemLength = writeElements(parts, item, { ...writing, depth: writing.depth + 1 })
      parts[itemSlot] = itemHeader(itemTag, itemLength, writing)
      length += 8 + itemLength
    }
  } else {
    const value = padded(valueBytes(element, tag, vr, writing), vr)
    parts.push(value)
    length = value.length
  }
  const header = elementHeader(tag, vr, length, writing)
  parts[slot] = header
  return header.length + length
}

function writeFragments(
  parts: Uint8Array[],
  fragments: readonly Uint8Array[],
  tag: number,
  vr: string,
  writing: Writing,
): number {
  const header = elementHeader(tag, vr, undefinedLength, writing)
  parts.push(header)
  let size = header.length
  for (const fragment of fragments) {
    const value = padded(fragment, 'OB')
    parts.push(itemHeader(itemTag, value.length, writing), value)
    size += 8 + value.length
  }
  parts.push(itemHeader(sequenceDelimitation, 0, writing))
  return size + 8
}

function valueBytes(element: NewElement, tag: number, vr: string, writing: Writing): Uint8Array {
  const { value } = element
  if (value === undefined) return new Uint8Array()
  if (value instanceof Uint8Array) return value
  if (isText(vr)) return encodeText(joined(value), vr, writing.characterSet)
  const numbers = (Array.isArray(value) ? value : [value]) as (number | bigint)[]
  const bytes = numbers.every(number => typeof number !== 'string')
    ? writeNumbers(numbers, vr, writing.bigEndian)
    : undefined
  if (!bytes)
    throw new Fault('dataset-malformed', `${formatTag(tag)} of VR ${vr} cannot have this value`)
  return bytes
}

function joined(value: NonNullable<NewElement['value']>): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1').trim()
  return Array.isArray(value) ? value.join('\\') : String(value)
}

/** To an even length: text with a space, UIDs and bytes with a zero (PS3.5 §6.2, §9.1). */
function padded(value: Uint8Array, vr: string): Uint8Array {
  if (value.length % 2 === 0) return value
  const even = new Uint8Array(value.length + 1)
  even.set(value)
  if (isText(vr) && vr !== 'UI') even[value.length] = 0x20
  return even
}

function elementHeader(tag: number, vr: string, length: number, writing: Writing): Uint8Array {
  const long = hasLongLength(codeOf(vr))
  if (!writing.explicit) return itemHeader(tag, length, writing)
  const bytes = new Uint8Array(long ? 12 : 8)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, tag >>> 16, !writing.bigEndian)
  view.setUint16(2, tag & 0xffff, !writing.bigEndian)
  view.setUint16(4, codeOf(vr))
  if (long) view.setUint32(8, length, !writing.bigEndian)
  else {
    if (length > 0xffff) {
      throw new Fault(
        'dataset-malformed',
        `${formatTag(tag)} of VR ${vr} is longer than 65535 bytes`,
      )
    }
    view.setUint16(6, length, !writing.bigEndian)
  }
  return bytes
}

/** Tag and 32-bit length: items, delimiters, and every element in implicit VR. */
function itemHeader(tag: number, length: number, writing: Writing): Uint8Array {
  const bytes = new Uint8Array(8)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, tag >>> 16, !writing.bigEndian)
  view.setUint16(2, tag & 0xffff, !writing.bigEndian)
  view.setUint32(4, length, !writing.bigEndian)
  return bytes
}

function requireTag(tag: number | string): number {
  const known = typeof tag === 'number' ? tag : tagOf(tag)
  if (known === undefined) throw new Fault('unknown-tag', String(tag))
  return known
}

const specificCharacterSet = 0x00080005
const sequenceDelimitation = 0xfffee0dd
