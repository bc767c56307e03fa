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
