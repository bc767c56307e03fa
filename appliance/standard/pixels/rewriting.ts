import { Fault } from '../../faults.ts'
import {
  codeOf,
  followsPixelRepresentation,
  formatTag,
  hasLongLength,
  type LevelKind,
  Structure,
  type StructureListener,
  undefinedLength,
} from '../dicom/dicom.ts'
import { type Amendment, derivedType } from './derivation.ts'
import type { Image } from './image.ts'
import { type Piece, Pieces } from './pieces.ts'

export interface Encoding {
  explicit: boolean
  bigEndian: boolean
}

const itemTag = 0xfffee000
const itemDelimitation = 0xfffee00d
const sequenceDelimitation = 0xfffee0dd
const pixelData = 0x7fe00010
const pixelRepresentation = 0x00280103
/** Counts the bytes of everything behind it: retired, and wrong once anything is written anew. */
const lengthToEnd = 0x00080001
/** Says of a frame what ImageType says of an image, PS3.3 §C.8.16.1. */
const frameType = 0x00089007
/** Values that are looked at are not longer. */
const heldLimit = 8192

/** What PS3.5 §6.2.2 has inside of what nobody knew: implicit little endian, whatever surrounds it. */
const withinUnknown: Encoding = { explicit: false, bigEndian: false }

const unknown = codeOf('UN')
const unsigned = codeOf('US')
const signed = codeOf('SS')
const words = codeOf('OW')
const sequence = codeOf('SQ')

/** Of how many bytes the numbers in a value are, PS3.5 §7.3: what big endian turns round. */
const widths = new Map<number, number>(
  Object.entries({
    2: 'US SS OW AT',
    4: 'UL SL FL OF OL',
    8: 'FD OD SV UV OV',
  }).flatMap(([width, vrs]) => vrs.split(' ').map(vr => [codeOf(vr), Number(width)] as const)),
)

/** What is open, the innermost last. */
interface Open {
  target: Encoding
  /** Written with the length 0, so without a delimiter. */
  empty: boolean
  /** Of a dataset: whether PixelRepresentation, here or around, says signed. */
  negative: boolean
}

/** A value of which bytes are still to come. */
interface Value {
  at: number
  end: number
  /** So many bytes at a time are turned round. */
  width: number
  /** Kept back until it is complete. */
  held?: { tag: number; vr: number; bytes: Uint8Array }
  of?: 'fragment' | 'native pixels' | 'amended'
}

/**
 * Writes a dataset that passes by in another encoding, in memory for one chunk. Sequences and items
 * get undefined lengths, since their new ones are not known while they pass; group lengths, which
 * would be wrong, are left out (PS3.5 §7.2). With an `image`, pixel data become frames, and the
 * elements that describe them what they will be. `amendments`, in the order of their tags, take the
 * place of what the dataset itself has in these tags, or come in addition.
 */
export class Rewriting implements StructureListener {
  readonly #structure: Structure
  readonly #image: Image | undefined
  readonly #written = new Pieces()
  /** Where it goes: `#written`, or out of sight while a sequence is left out. */
  #pieces = this.#written
  readonly #open: Open[]
  readonly #amendments: readonly Amendment[]
  #amended = 0
  /** How many levels were open around the sequence that is left out. */
  #leftOutAt = 0
  #chunk: Uint8Array = new Uint8Array()
  #chunkAt = 0
  #chunkEnd = 0
  #value: Value | undefined
  /** The first bytes of a number whose others come with the next chunk. */
  #odd: Uint8Array = new Uint8Array()

  constructor(
    source: Encoding,
    target: Encoding,
    image?: Image,
    amendments: readonly Amendment[] = [],
  ) {
    this.#structure = new Structure(source, this)
    this.#image = image
    this.#amendments = amendments
    this.#open = [{ target, empty: false, negative: false }]
  }

  /** Faults: `dataset-malformed`, `not-supported`, `too-large`. */
  push(chunk: Uint8Array): Piece[] {
    this.#chunk = chunk
    this.#chunkAt = this.#chunkEnd
    this.#chunkEnd += chunk.length
    this.#structure.push(chunk)
    this.#pass()
    if (this.#pieces !== this.#written) this.#pieces.take()
    return this.#written.take()
  }

  /** After the last chunk. Fault: `dataset-truncated`. */
  end(): void {
    if (!this.#structure.whole) throw this.#structure.truncated()
  }

  topLevel(tag: number): boolean {
    this.#pass()
    for (let next = this.#next; next && next.tag <= tag; next = this.#next) {
      this.#pieces.add(next.bytes)
      this.#amended++
    }
    if (this.#amendments.length === 0 && this.#image?.lacksBefore(tag))
      this.#write(this.#image.planarConfiguration)
    return true
  }

  element(tag: number, vr: number, _at: number, valueAt: number, length: number): void {
    this.#pass()
    const { target } = this.#inner
    const top = this.#open.length === 1
    const image = top ? this.#image : undefined
    if ((tag & 0xffff) === 0 || tag === lengthToEnd || image?.drops(tag)) return
    const meant = this.#meant(tag, vr)
    if (image && tag === pixelData) {
      if (!image.isNative)
        throw new Fault('dataset-malformed', 'native pixel data in a compressed transfer syntax')
      this.#beginPixels(image)
      image.beginNative(length, this.#structure.bigEndian && meant === words)
      this.#value = { at: valueAt, end: valueAt + length, width: 1, of: 'native pixels' }
      return
    }
    const width = this.#structure.bigEndian === target.bigEndian ? 1 : (widths.get(meant) ?? 1)
    this.#value = { at: valueAt, end: valueAt + length, width }
    const amended = top && this.#isAmended(tag)
    if (length <= heldLimit && this.#looksAt(tag, image))
      this.#value.held = { tag, vr: meant, bytes: new Uint8Array(length) }
    else if (amended) this.#value.of = 'amended'
    else this.#header(tag, meant, length)
    if (length === 0) this.#pass()
  }

  sequence(tag: number, vr: number, _at: number, _valueAt: number, length: number): void {
    this.#pass()
    const outer = this.#inner
    if (this.#open.length === 1 && this.#isAmended(tag)) {
      this.#leftOutAt = 1
      this.#pieces = new Pieces()
    }
    const isUnknown = vr === unknown
    this.#header(tag, isUnknown ? unknown : sequence, length === 0 ? 0 : undefinedLength)
    this.#enter(isUnknown ? withinUnknown : outer.target, length === 0)
  }

  item(_at: number, _valueAt: number, length: number): void {
    this.#pass()
    const { target } = this.#inner
    this.#pieces.delimiter(itemTag, length === 0 ? 0 : undefinedLength, target.bigEndian)
    this.#enter(target, length === 0)
  }

  encapsulated(tag: number): void {
    this.#pass()
    if (!this.#image || tag !== pixelData || this.#open.length > 1)
      throw new Fault('not-supported', `compressed data in ${formatTag(tag)} are not decoded`)
    this.#beginPixels(this.#image)
    this.#enter(this.#inner.target, true)
  }

  fragment(valueAt: number, length: number): void {
    this.#pass()
    this.#image!.fragment(length, this.#pieces)
    this.#value = { at: valueAt, end: valueAt + length, width: 1, of: 'fragment' }
  }

  close(kind: LevelKind): void {
    this.#pass()
    const { empty, target } = this.#open.pop()!
    if (kind === 'fragments') {
      this.#image!.end(this.#pieces)
      this.#endPixels(this.#image!)
    } else if (!empty) {
      const tag = kind === 'dataset' ? itemDelimitation : sequenceDelimitation
      this.#pieces.delimiter(tag, 0, target.bigEndian)
    }
    if (this.#open.length === this.#leftOutAt) {
      this.#leftOutAt = 0
      this.#pieces = this.#written
    }
  }

  get #next(): Amendment | undefined {
    return this.#amendments[this.#amended]
  }

  /** After `topLevel`: the amendment of a tag that the dataset has was the last one written. */
  #isAmended(tag: number): boolean {
    return this.#amended > 0 && this.#amendments[this.#amended - 1]!.tag === tag
  }

  #looksAt(tag: number, image: Image | undefined): boolean {
    if (tag === frameType && !image) return this.#amendments.length > 0
    return tag === pixelRepresentation || image?.describes(tag) === true
  }

  /** Encapsulated ones begin with a Basic Offset Table of nothing: PS3.5 §A.4. */
  #beginPixels(image: Image): void {
    const { vr, length } = image.begin()
    this.#header(pixelData, codeOf(vr), length)
    if (!image.becomesNative) this.#pieces.delimiter(itemTag, 0, false)
  }

  #endPixels(image: Image): void {
    if (!image.becomesNative) this.#pieces.delimiter(sequenceDelimitation, 0, false)
  }

  get #inner(): Open {
    return this.#open.at(-1)!
  }

  #enter(target: Encoding, empty: boolean): void {
    this.#open.push({ target, empty, negative: this.#inner.negative })
  }

  /** Implicit encodings leave "US or SS" to PixelRepresentation, PS3.3 §C.7.6.3. */
  #meant(tag: number, vr: number): number {
    const leftOpen = vr === unsigned && !this.#structure.explicit && followsPixelRepresentation(tag)
    return leftOpen && this.#inner.negative ? signed : vr
  }

  /** A value too long for a VR's 16-bit length is of VR UN, PS3.5 §6.2.2. */
  #header(tag: number, vr: number, length: number): void {
    const long = hasLongLength(vr)
    const fits = long || length <= 0xffff
    this.#pieces.header(tag, fits ? vr : unknown, long || !fits, length, this.#inner.target)
  }

  #write({ tag, vr, bytes }: { tag: number; vr: number; bytes: Uint8Array }): void {
    this.#header(tag, vr, bytes.length)
    this.#pieces.add(bytes)
  }

  /** Hands on what has come of the value under way. */
  #pass(): void {
    const value = this.#value
    if (!value) return
    const end = Math.min(value.end, this.#chunkEnd)
    const bytes = this.#chunk.subarray(value.at - this.#chunkAt, end - this.#chunkAt)
    const { held } = value
    if (held) held.bytes.set(bytes, held.bytes.length - (value.end - value.at))
    else if (value.of === 'amended') {
      // Said anew already
    } else if (value.of === 'fragment') this.#image!.add(bytes)
    else if (value.of) this.#image!.addNative(bytes, this.#pieces)
    else if (value.width === 1) this.#pieces.add(bytes)
    else this.#turn(bytes, value.width, end === value.end)
    value.at = end
    if (end < value.end) return
    this.#value = undefined
    if (held) this.#release(held, value.width)
    if (value.of === 'native pixels') this.#endPixels(this.#image!)
  }

  #release(held: NonNullable<Value['held']>, width: number): void {
    const { tag, vr, bytes } = held
    if (tag === pixelRepresentation) this.#inner.negative = bytes.includes(1)
    const top = this.#open.length === 1
    const image = top ? this.#image : undefined
    if (tag === frameType && !top) {
      this.#write({ tag, vr, bytes: derivedType(bytes) })
      return
    }
    if (!image?.describes(tag)) {
      this.#write({ tag, vr, bytes: turned(bytes, width) })
      return
    }
    // An image reads and says what is little endian
    const { bigEndian } = this.#structure
    const written = image.described(tag, bigEndian ? turned(bytes, width) : bytes)
    if (this.#isAmended(tag)) return
    this.#write({ tag, vr, bytes: bigEndian ? written : turned(written, width) })
  }

  #turn(bytes: Uint8Array, width: number, last: boolean): void {
    const joined = this.#odd.length > 0 ? Buffer.concat([this.#odd, bytes]) : bytes
    const whole = joined.length - (joined.length % width)
    this.#pieces.add(turned(joined.subarray(0, whole), width))
    this.#odd = joined.slice(whole)
    if (!last) return
    // No number: as it came
    this.#pieces.add(this.#odd)
    this.#odd = new Uint8Array()
  }
}

/** A copy with the bytes of each number in reverse. */
export function turned(bytes: Uint8Array, width: number): Uint8Array {
  if (width === 1) return bytes
  const copy = Buffer.from(bytes)
  if (copy.length % width !== 0) return copy
  if (width === 2) return copy.swap16()
  return width === 4 ? copy.swap32() : copy.swap64()
}
