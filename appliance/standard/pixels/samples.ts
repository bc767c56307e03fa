/** How the samples of native pixels lie beside each other (PS3.3 §C.7.6.3.1). */

/** Colours of a pixel together, of planes one after the other; `width` bytes a sample. */
export function interleaved(planes: Uint8Array, samples: number, width: number): Uint8Array {
  const pixels = planes.length / samples / width
  const out = new Uint8Array(planes.length)
  for (let sample = 0; sample < samples; sample++)
    for (let pixel = 0; pixel < pixels; pixel++)
      for (let byte = 0; byte < width; byte++)
        out[(pixel * samples + sample) * width + byte] =
          planes[(sample * pixels + pixel) * width + byte]!
  return out
}

/** Samples of a byte in the two bytes that BitsAllocated says. */
export function widened(narrow: Uint8Array, signed: boolean): Uint8Array {
  const wide = new Uint8Array(narrow.length * 2)
  for (let at = 0; at < narrow.length; at++) {
    wide[2 * at] = narrow[at]!
    if (signed && narrow[at]! > 127) wide[2 * at + 1] = 0xff
  }
  return wide
}

/** YBR_FULL of native YBR_FULL_422: of two pixels Y, Y, and the Cb and Cr that they share. */
export function withAllColours(halved: Uint8Array): Uint8Array {
  const out = new Uint8Array((halved.length / 2) * 3)
  for (let from = 0, to = 0; from + 3 < halved.length; from += 4, to += 6) {
    out[to] = halved[from]!
    out[to + 3] = halved[from + 1]!
    out[to + 1] = out[to + 4] = halved[from + 2]!
    out[to + 2] = out[to + 5] = halved[from + 3]!
  }
  return out
}

/** RGB of YBR_FULL (PS3.3 §C.7.6.3.1.2), bytes. */
export function rgbOf(ybr: Uint8Array): Uint8Array {
  const out = new Uint8ClampedArray(ybr.length)
  for (let at = 0; at + 2 < ybr.length; at += 3) {
    const [y, cb, cr] = [ybr[at]!, ybr[at + 1]! - 128, ybr[at + 2]! - 128]
    out[at] = y + 1.402 * cr
    out[at + 1] = y - 0.344136 * cb - 0.714136 * cr
    out[at + 2] = y + 1.772 * cb
  }
  return new Uint8Array(out.buffer)
}

/** Samples of two bytes, of which the second says nothing, in one. */
export function narrowed(wide: Uint8Array): Uint8Array {
  const narrow = new Uint8Array(wide.length >> 1)
  for (let at = 0; at < narrow.length; at++) narrow[at] = wide[2 * at]!
  return narrow
}

/** The least and the greatest sample. */
export function extremes(
  pixels: Uint8Array,
  { bitsAllocated, signed }: { bitsAllocated: number; signed: boolean },
): { least: number; most: number } {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  const view = new DataView(pixels.buffer, pixels.byteOffset, pixels.length)
  const width = bitsAllocated / 8
  for (let at = 0; at + width <= pixels.length; at += width) {
    const bits = width === 1 ? pixels[at]! : view.getUint16(at, true)
    const value = signed ? (bits << (32 - bitsAllocated)) >> (32 - bitsAllocated) : bits
    if (value < least) least = value
    if (value > most) most = value
  }
  return { least, most }
}

/** Samples between two numbers, those beyond as the nearest of them. */
export function within(
  pixels: Uint8Array,
  { bitsAllocated, signed }: { bitsAllocated: number; signed: boolean },
  { least, most }: { least: number; most: number },
): Uint8Array {
  const out = Buffer.from(pixels)
  const width = bitsAllocated / 8
  for (let at = 0; at + width <= out.length; at += width) {
    const value = signed ? out.readIntLE(at, width) : out.readUIntLE(at, width)
    if (value < least || value > most) {
      const nearest = Math.min(Math.max(value, least), most)
      if (signed) out.writeIntLE(nearest, at, width)
      else out.writeUIntLE(nearest, at, width)
    }
  }
  return out
}

/** Whether every sample of two bytes is a number of so many bits: there may be more in them. */
export function fits(pixels: Uint8Array, bits: number, signed: boolean): boolean {
  const odd = pixels.byteOffset % 2 === 1
  const own = odd ? pixels.slice() : pixels
  const [least, most] = signed ? [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] : [0, 2 ** bits - 1]
  const Words = signed ? Int16Array : Uint16Array
  const words = new Words(own.buffer as ArrayBuffer, own.byteOffset, own.length >> 1)
  for (let at = 0; at < words.length; at++)
    if (words[at]! < least || words[at]! > most) return false
  return true
}
