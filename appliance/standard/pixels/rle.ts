/**
 * An RLE frame (PS3.5 Annex G): of every sample one segment for each of its bytes, the most
 * significant first. Answers the pixels, sample by sample and little endian, or what is wrong.
 */
export function decodeRle(
  bytes: Buffer,
  { pixels, samples, bytesPerSample }: { pixels: number; samples: number; bytesPerSample: number },
): Uint8Array | string {
  if (bytes.length < headerLength) return 'the RLE header is cut off'
  const segments = bytes.readUInt32LE(0)
  if (segments !== samples * bytesPerSample) return `${segments} RLE segments`
  const out = new Uint8Array(pixels * segments)
  for (let segment = 0; segment < segments; segment++) {
    const from = bytes.readUInt32LE(4 + 4 * segment)
    const last = segment === segments - 1
    const to = last ? bytes.length : bytes.readUInt32LE(8 + 4 * segment)
    if (from < headerLength || to < from || to > bytes.length) return 'an RLE segment lies outside'
    const sample = Math.floor(segment / bytesPerSample)
    const place = bytesPerSample - 1 - (segment % bytesPerSample)
    const begin = sample * bytesPerSample + place
    const whole = unpack(bytes.subarray(from, to), out, begin, segments, pixels)
    if (!whole) return `RLE segment ${segment + 1} is too short`
  }
  return out
}

const headerLength = 64

/** Bytes to `at`, `at + step`, …; false when there are fewer than `count`. What is more is padding. */
function unpack(
  packed: Uint8Array,
  out: Uint8Array,
  begin: number,
  step: number,
  count: number,
): boolean {
  let at = begin
  const end = begin + count * step
  for (let i = 0; i < packed.length && at < end; ) {
    const control = packed[i++]!
    if (control < 128) {
      for (let left = control + 1; left > 0 && i < packed.length && at < end; left--) {
        out[at] = packed[i++]!
        at += step
      }
    } else if (control > 128 && i < packed.length) {
      const value = packed[i++]!
      for (let left = 257 - control; left > 0 && at < end; left--) {
        out[at] = value
        at += step
      }
    }
  }
  return at >= end
}
