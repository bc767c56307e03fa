import { Fault } from '../../faults.ts'
import type { Shape } from './image.ts'
import type { Pieces } from './pieces.ts'
import { interleaved, withAllColours } from './samples.ts'

interface Kept {
  /** Bytes of the value that is to come. */
  length: number
  planar: boolean
  /** Words of 16 bits stand in big endian. */
  turned: boolean
}

/** Cuts native pixel data into frames as an encoder takes them, while they pass by. */
export class NativeFrames {
  readonly #shape: Shape
  readonly #kept: Kept
  readonly #halved: boolean
  readonly #length: number
  #frame: Buffer | undefined
  #filled = 0
  #cut = 0

  /** Faults: `dataset-malformed` when there are fewer or more bytes than frames have, `not-supported`. */
  constructor(shape: Shape, kept: Kept) {
    this.#shape = shape
    this.#kept = kept
    const { rows, columns, samples, bitsAllocated, frames, photometricInterpretation } = shape
    this.#halved = photometricInterpretation === 'YBR_FULL_422'
    const perPixel = this.#halved ? 2 : samples
    this.#length = (rows * columns * perPixel * bitsAllocated) / 8
    const { length, planar, turned } = kept
    const expected = this.#length * frames
    if (length !== expected && length !== expected + (expected % 2))
      throw new Fault('dataset-malformed', `${length} bytes of pixels where ${expected} are due`)
    if (this.#halved && (samples !== 3 || bitsAllocated !== 8 || planar || columns % 2 === 1))
      throw new Fault('not-supported', 'YBR_FULL_422 other than bytes in pairs of pixels')
    if (turned && this.#length % 2 === 1 && frames > 1)
      throw new Fault('not-supported', 'frames that share a word in big endian')
  }

  add(bytes: Uint8Array, pieces: Pieces): void {
    let at = 0
    while (at < bytes.length && this.#cut < this.#shape.frames) {
      this.#frame ??= Buffer.alloc(this.#roomFor())
      const part = bytes.subarray(at, at + this.#frame.length - this.#filled)
      this.#frame.set(part, this.#filled)
      this.#filled += part.length
      at += part.length
      if (this.#filled === this.#frame.length) this.#cutFrame(pieces)
    }
  }

  /** With the byte that pads the only frame of odd length, where a word has to be turned. */
  #roomFor(): number {
    return this.#length + (this.#kept.turned ? this.#length % 2 : 0)
  }

  #cutFrame(pieces: Pieces): void {
    const frame = this.#frame!
    this.#frame = undefined
    this.#filled = 0
    if (this.#kept.turned) frame.swap16()
    pieces.addFrame(this.#arranged(frame.subarray(0, this.#length)), this.#cut++)
  }

  #arranged(frame: Uint8Array): Uint8Array {
    const { samples, bitsAllocated } = this.#shape
    if (this.#halved) return withAllColours(frame)
    return this.#kept.planar && samples > 1 ? interleaved(frame, samples, bitsAllocated / 8) : frame
  }
}
