import { Fault } from '../../faults.ts'
import { undefinedLength } from '../dicom/dicom.ts'
import type { Codec } from './decode.ts'
import { checkEncodable, encodedPhotometricInterpretation, type Native } from './encode.ts'
import { checkLossy, type LossyCodec } from './lossy.ts'
import { NativeFrames } from './nativeFrames.ts'
import type { Pieces } from './pieces.ts'

/** What PS3.3 §C.7.6.3 says of the pixels of a frame. */
export interface Shape {
  samples: number
  photometricInterpretation: string
  rows: number
  columns: number
  bitsAllocated: number
  bitsStored: number
  signed: boolean
  frames: number
}

const pixelDescription = {
  2621442: 'samples',
  2621444: 'photometricInterpretation',
  2621446: 'planarConfiguration',
  2621448: 'frames',
  2621456: 'rows',
  2621457: 'columns',
  2621696: 'bitsAllocated',
  2621697: 'bitsStored',
  2621699: 'signed',
} as const

const photometricInterpretationTag = 0x00280004
const planarConfigurationTag = 0x00280006

/** Extended Offset Table, its lengths, and Encapsulated Pixel Data Value Total Length: PS3.5 §A.4. */
const ofFragmentsOnly = new Set([0x7fe00001, 0x7fe00002, 0x7fe00003])

/** Longer ones are not for a small box: bytes of one frame, compressed or decoded. */
const frameLimit = 512 * 1024 * 1024

/** How pixels are kept, and how they will be; without a codec they are native. */
export interface Conversion {
  from?: Codec | undefined
  to?: Codec | undefined
  lossyJpeg: boolean
  /** With loss, instead of `to`; then what these tags say is remembered, too. */
  loss?: { to: LossyCodec; notes: ReadonlySet<number> }
}

/** The image that passes by, in or into a compressed transfer syntax, little endian. */
export class Image {
  readonly #conversion: Conversion
  readonly #told = new Map<number, Buffer>()
  #frame: Uint8Array[] = []
  #frameLength = 0
  #fragment: Uint8Array[] = []
  /** Fragments so far; the first is the Basic Offset Table. */
  #fragments = 0
  #cut = 0
  #native: NativeFrames | undefined

  constructor(conversion: Conversion) {
    this.#conversion = conversion
  }

  get isNative(): boolean {
    return this.#conversion.from === undefined
  }

  get becomesNative(): boolean {
    return this.#conversion.to === undefined && this.#conversion.loss === undefined
  }

  describes(tag: number): boolean {
    return tag in pixelDescription || this.#conversion.loss?.notes.has(tag) === true
  }

  /** What was said of the description so far, little endian. */
  told(tag: number): Buffer | undefined {
    return this.#told.get(tag)
  }

  drops(tag: number): boolean {
    return ofFragmentsOnly.has(tag)
  }

  /** Whether PlanarConfiguration, which several samples need, should have come before this tag. */
  lacksBefore(tag: number): boolean {
    const due = tag > planarConfigurationTag && !this.#told.has(planarConfigurationTag)
    return due && this.#told.has(0x00280002) && this.#number(0x00280002, 1) > 1
  }

  get planarConfiguration(): { tag: number; vr: number; bytes: Uint8Array } {
    const bytes = Buffer.alloc(2)
    this.#told.set(planarConfigurationTag, bytes)
    return { tag: planarConfigurationTag, vr: ('U'.charCodeAt(0) << 8) | 'S'.charCodeAt(0), bytes }
  }

  /** Takes note of a value of the description; answers what it will be, PS3.5 §8.2. */
  described(tag: number, bytes: Uint8Array): Uint8Array {
    this.#told.set(tag, Buffer.from(bytes))
    if (tag === planarConfigurationTag) return new Uint8Array(bytes.length)
    if (tag !== photometricInterpretationTag) return bytes
    const text = this.#text(tag)
    const { to } = this.#conversion
    const decoded = this.decodedPhotometricInterpretation
    const written = to ? encodedPhotometricInterpretation(to, decoded) : decoded
    if (text === written) return bytes
    return Buffer.from(written.length % 2 === 0 ? written : `${written} `, 'latin1')
  }

  /**
   * JPEG 2000 undoes its own colour transformation and lossy JPEG is decoded to RGB; what other
   * codecs hold stays as it is, though no longer with fewer colours than pixels.
   */
  get decodedPhotometricInterpretation(): string {
    const text = this.#text(photometricInterpretationTag)
    if (!this.isNative && (text === 'YBR_RCT' || text === 'YBR_ICT')) return 'RGB'
    if (this.#conversion.lossyJpeg && text.startsWith('YBR')) return 'RGB'
    return text === 'YBR_FULL_422' ? 'YBR_FULL' : text
  }

  get shape(): Shape {
    return {
      samples: this.#number(0x00280002, 1),
      photometricInterpretation: this.#text(photometricInterpretationTag),
      rows: this.#number(0x00280010, 0),
      columns: this.#number(0x00280011, 0),
      bitsAllocated: this.#number(0x00280100, 0),
      bitsStored: this.#number(0x00280101, 0),
      signed: this.#number(0x00280103, 0) === 1,
      frames: Number.parseInt(this.#text(0x00280008), 10) || 1,
    }
  }

  /** What an encoder is told. */
  get native(): Native {
    return { ...this.shape, photometricInterpretation: this.decodedPhotometricInterpretation }
  }

  /** The header of the pixel data as they will be. Faults: `not-supported`, `too-large`. */
  begin(): { vr: string; length: number } {
    const { from, to, loss } = this.#conversion
    const { rows, columns, samples, bitsAllocated, frames } = this.shape
    if (rows === 0 || columns === 0 || frames < 1)
      throw new Fault('dataset-malformed', 'pixel data without Rows and Columns')
    const wide = bitsAllocated === 32 && (from ?? to) === 'rle'
    if (bitsAllocated !== 8 && bitsAllocated !== 16 && !wide)
      throw new Fault('not-supported', `compressed pixels of ${bitsAllocated} bits`)
    if (samples !== 1 && samples !== 3)
      throw new Fault('not-supported', `compressed pixels of ${samples} samples`)
    if (loss) this.#checkLossy(loss.to)
    else if (to) checkEncodable(to, this.native)
    const compressing = !this.becomesNative
    const frame = frameLength(this.shape)
    const length = frame * frames
    if (frame > frameLimit || (!compressing && length > 0xfffffffe))
      throw new Fault('too-large', `${frames} frames of ${frame} bytes when decoded`)
    if (compressing) return { vr: 'OB', length: undefinedLength }
    return { vr: bitsAllocated > 8 ? 'OW' : 'OB', length: length + (length % 2) }
  }

  #checkLossy(to: LossyCodec): void {
    const highBit = this.#told.has(0x00280102) ? this.#number(0x00280102, 0) : undefined
    checkLossy(to, { ...this.native, highBit, sopClassUid: this.#text(0x00080016) })
  }

  /** Native pixels of so many bytes begin; in words where big endian turned them by the word. */
  beginNative(length: number, turned: boolean): void {
    const planar = this.#number(planarConfigurationTag, 0) === 1
    this.#native = new NativeFrames(this.shape, { length, planar, turned })
  }

  addNative(bytes: Uint8Array, pieces: Pieces): void {
    this.#native!.add(bytes, pieces)
  }

  /** The next fragment begins; the one before is whole. */
  fragment(length: number, pieces: Pieces): void {
    this.#settle(pieces)
    this.#fragments++
    if (this.#frameLength + length > frameLimit)
      throw new Fault('too-large', 'a compressed frame is too long')
  }

  add(bytes: Uint8Array): void {
    // A chunk may be used for something else before the frame is whole
    if (this.#fragments > 1) this.#fragment.push(bytes.slice())
  }

  /** The last fragment is whole. */
  end(pieces: Pieces): void {
    this.#settle(pieces)
    this.#cutFrame(pieces)
    const { frames } = this.shape
    if (this.#cut !== frames)
      throw new Fault('dataset-malformed', `${this.#cut} frames where ${frames} are announced`)
    if (this.becomesNative && (frameLength(this.shape) * frames) % 2 === 1)
      pieces.add(Uint8Array.of(0))
  }

  /**
   * Where one frame ends and the next begins: with RLE at every fragment (PS3.5 §A.4.2), with the
   * others where a code stream begins. Offset tables are often missing or wrong; this never is.
   */
  #settle(pieces: Pieces): void {
    if (this.#fragments < 2) return
    const fragment = Buffer.concat(this.#fragment)
    this.#fragment = []
    const several = this.shape.frames > 1
    if (
      several &&
      this.#frameLength > 0 &&
      (this.#conversion.from === 'rle' || beginsCodeStream(fragment))
    )
      this.#cutFrame(pieces)
    this.#frame.push(fragment)
    this.#frameLength += fragment.length
  }

  #cutFrame(pieces: Pieces): void {
    if (this.#frameLength === 0) return
    if (this.#cut === this.shape.frames)
      throw new Fault('dataset-malformed', `more than the ${this.#cut} frames that are announced`)
    pieces.addFrame(Buffer.concat(this.#frame), this.#cut++)
    this.#frame = []
    this.#frameLength = 0
  }

  #text(tag: number): string {
    return (this.#told.get(tag)?.toString('latin1') ?? '').replaceAll('\0', ' ').trim()
  }

  #number(tag: number, otherwise: number): number {
    const bytes = this.#told.get(tag)
    return bytes && bytes.length >= 2 ? bytes.readUInt16LE(0) : otherwise
  }
}

export function frameLength({ rows, columns, samples, bitsAllocated }: Shape): number {
  return (rows * columns * samples * bitsAllocated) / 8
}

/** JPEG and JPEG-LS begin with SOI, JPEG 2000 with SOC or the signature box of a JP2 file. */
function beginsCodeStream(bytes: Buffer): boolean {
  if (bytes.length < 4) return false
  const first = bytes.readUInt32BE(0)
  return first >>> 8 === 0xffd8ff || first === 0xff4fff51 || first === 0x0000000c
}
