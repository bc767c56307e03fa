/**
 * What the header of a code stream says of its image, so that a decoder is only given what fits the
 * dataset around it: the decoders trust their callers.
 */
export interface CodeStream {
  rows: number
  columns: number
  samples: number
  /** Bits of a sample. */
  precision: number
  signed: boolean
  /** Samples of all components at every pixel. */
  full: boolean
  /** JPEG-LS: each component on its own, one after the other. */
  planar: boolean
  /** JPEG 2000: components are transformed together. */
  transformed: boolean
}

const jpegLs = 0xf7
const startOfFrame = (marker: number) =>
  (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) || marker === jpegLs

/** JPEG (ISO 10918-1 Annex B) and JPEG-LS (ISO 14495-1 Annex C); undefined when it is none. */
export function readJpeg(bytes: Buffer): CodeStream | undefined {
  if (bytes.length < 4 || bytes.readUInt16BE(0) !== 0xffd8 || !ends(bytes)) return undefined
  let found: CodeStream | undefined
  for (let at = 2; at + 4 <= bytes.length; ) {
    if (bytes[at] !== 0xff) return undefined
    const marker = bytes[at + 1]!
    if (marker === 0xff) {
      at++
      continue
    }
    const length = bytes.readUInt16BE(at + 2)
    const segment = bytes.subarray(at + 4, at + 2 + length)
    if (startOfFrame(marker)) {
      const samples = segment[5] ?? 0
      if (segment.length < 6 + 3 * samples) return undefined
      const factors = Array.from({ length: samples }, (_, c) => segment[7 + 3 * c])
      found = {
        precision: segment[0]!,
        rows: segment.readUInt16BE(1),
        columns: segment.readUInt16BE(3),
        samples,
        signed: false,
        full: factors.every(factor => factor === factors[0]),
        // Until the scan says more
        planar: marker === jpegLs && samples > 1,
        transformed: false,
      }
    } else if (marker === 0xda) {
      // Of JPEG-LS: components, a selector and table each, NEAR, interleave mode
      const interleave = segment[2 + 2 * (segment[0] ?? 0)]
      return found && { ...found, planar: found.planar && interleave === 0 }
    }
    at += 2 + length
  }
  return undefined
}

/** JPEG 2000 and HTJ2K (ISO 15444-1 Annex A), bare or in a JP2 file; undefined when it is none. */
export function readJpeg2000(bytes: Buffer): CodeStream | undefined {
  const start = bytes.indexOf(Buffer.from([0xff, 0x4f, 0xff, 0x51]))
  if (start < 0 || bytes.length < start + 46 || !ends(bytes)) return undefined
  const size = bytes.subarray(start + 8)
  const samples = size.readUInt16BE(32)
  if (size.length < 34 + 3 * samples || samples === 0) return undefined
  const components = Array.from({ length: samples }, (_, c) => ({
    depth: size[34 + 3 * c]!,
    full: size[35 + 3 * c] === 1 && size[36 + 3 * c] === 1,
  }))
  const first = components[0]!.depth
  if (components.some(({ depth }) => depth !== first)) return undefined
  return {
    columns: size.readUInt32BE(0) - size.readUInt32BE(8),
    rows: size.readUInt32BE(4) - size.readUInt32BE(12),
    samples,
    precision: (first & 0x7f) + 1,
    signed: (first & 0x80) !== 0,
    full: components.every(({ full }) => full),
    planar: false,
    transformed: transforms(bytes, start + 4 + bytes.readUInt16BE(start + 4)),
  }
}

/** Whether COD names a multiple component transformation. */
function transforms(bytes: Buffer, from: number): boolean {
  for (let at = from; at + 9 <= bytes.length && bytes[at] === 0xff; ) {
    const marker = bytes[at + 1]!
    if (marker === 0x52) return bytes[at + 8] === 1
    if (marker === 0x90) return false
    at += 2 + bytes.readUInt16BE(at + 2)
  }
  return false
}

/**
 * Whether EOI or EOC, which have one number, end it: what was cut lacks it. Zeros pad it (PS3.5
 * §A.4), and from some writers 255.
 */
function ends(bytes: Buffer): boolean {
  let end = bytes.length
  while (end > 2 && (bytes[end - 1] === 0 || bytes[end - 1] === 0xff)) end--
  return bytes[end - 2] === 0xff && bytes[end - 1] === 0xd9
}
