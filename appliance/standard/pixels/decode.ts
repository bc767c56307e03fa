import dcmjsCodecs from 'dcmjs-codecs'
import { Fault } from '../../faults.ts'
import type { TransferSyntaxKind } from '../dicom/dicom.ts'
import { type CodeStream, readJpeg, readJpeg2000 } from './codeStreams.ts'
import { frameLength, type Shape } from './image.ts'
import { decodeRle } from './rle.ts'
import { interleaved, widened } from './samples.ts'

const { Context, NativeCodecs, log } = dcmjsCodecs
// The library speaks on standard output of what it then throws.
log.disableAll()

/** Kinds of transfer syntaxes that are decoded. */
export type Codec = Extract<TransferSyntaxKind, 'rle' | 'jpeg' | 'jpeg-ls' | 'jpeg2000' | 'htj2k'>

/** Makes the codecs ready; once, before the first frame. */
export async function openCodecs(): Promise<void> {
  if (!NativeCodecs.isInitialized()) await NativeCodecs.initializeAsync()
}

let within = false

/** Runs a codec; what it throws leaves it broken off. */
export function inCodec<T>(run: () => T): T {
  within = true
  const result = run()
  within = false
  return result
}

/** Whether a codec broke off, so that it may hold memory that nobody frees. */
export const brokeOff = (): boolean => within

/**
 * One frame as native pixels (PS3.5 §8.1.1): little endian, colours of a pixel together. Faults:
 * `dataset-malformed` when it is broken or is not what the dataset says, `not-supported`. After a
 * fault the codecs may hold memory that nobody frees.
 */
export function decodeFrame(
  codec: Codec,
  frame: Uint8Array,
  shape: Shape,
  options: { toRgb: boolean },
): Uint8Array {
  const bytes = Buffer.from(frame.buffer, frame.byteOffset, frame.length)
  const { rows, columns, samples, bitsAllocated } = shape
  if (codec === 'rle') {
    const bytesPerSample = bitsAllocated / 8
    const pixels = decodeRle(bytes, { pixels: rows * columns, samples, bytesPerSample })
    if (typeof pixels === 'string') throw broken(pixels)
    return pixels
  }
  const isJpeg = codec === 'jpeg' || codec === 'jpeg-ls'
  const stream = isJpeg ? readJpeg(bytes) : readJpeg2000(bytes)
  if (!stream) throw broken('it is cut off or of another kind')
  check(stream, shape, codec)
  const decoded = run(codec, bytes, stream, shape, options.toRgb && samples === 3)
  const narrow = stream.precision <= 8 && codec !== 'htj2k'
  const expected = rows * columns * samples * (narrow ? 1 : 2)
  if (codec === 'htj2k' ? decoded.length !== frameLength(shape) : decoded.length !== expected)
    throw broken(`it has ${decoded.length} bytes of pixels`)
  const together = stream.planar ? interleaved(decoded, samples, narrow ? 1 : 2) : decoded
  if (!narrow || bitsAllocated === 8) return together
  return widened(together, stream.signed)
}

/** What the decoders take on trust. */
function check(stream: CodeStream, shape: Shape, codec: Codec): void {
  if (stream.rows !== shape.rows || stream.columns !== shape.columns)
    throw broken(`it is ${stream.columns} x ${stream.rows}`)
  if (stream.samples !== shape.samples) throw broken(`it has ${stream.samples} samples`)
  if (stream.precision > shape.bitsAllocated) throw broken(`it has ${stream.precision} bits`)
  if (codec === 'jpeg') return
  if (!stream.full) throw unsupported('with fewer colours than pixels')
  if (stream.samples === 1) return
  // The library writes these as bytes, and reads planes line by line
  if (codec === 'jpeg2000' && stream.precision > 8) throw unsupported('in colours of over 8 bits')
  if (codec === 'htj2k' && !stream.transformed) throw unsupported('in planes')
}

function run(
  codec: Exclude<Codec, 'rle'>,
  encodedBuffer: Buffer,
  stream: CodeStream,
  shape: Shape,
  convertColorspaceToRgb: boolean,
): Uint8Array {
  const context = new Context({
    width: shape.columns,
    height: shape.rows,
    // It lays out lines by this
    bitsAllocated: codec === 'htj2k' ? shape.bitsAllocated : stream.precision <= 8 ? 8 : 16,
    bitsStored: stream.precision,
    samplesPerPixel: shape.samples,
    pixelRepresentation: shape.signed ? 1 : 0,
    planarConfiguration: 0,
    photometricInterpretation: shape.samples === 3 ? 'RGB' : 'MONOCHROME2',
    encodedBuffer,
  })
  try {
    return inCodec(() => decoders[codec](context, { convertColorspaceToRgb }).getDecodedBuffer()!)
  } catch (thrown) {
    throw new Fault('dataset-malformed', `a frame is not decoded: ${why(thrown)}`, {
      cause: thrown,
    })
  }
}

const decoders = {
  jpeg: NativeCodecs.decodeJpeg.bind(NativeCodecs),
  'jpeg-ls': NativeCodecs.decodeJpegLs.bind(NativeCodecs),
  jpeg2000: NativeCodecs.decodeJpeg2000.bind(NativeCodecs),
  htj2k: NativeCodecs.decodeHtJpeg2000.bind(NativeCodecs),
}

function why(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message.slice(0, 200) : String(thrown)
}

function broken(what: string): Fault {
  return new Fault('dataset-malformed', `a frame is not decoded: ${what}`)
}

function unsupported(what: string): Fault {
  return new Fault('not-supported', `frames ${what} are not decoded`)
}
