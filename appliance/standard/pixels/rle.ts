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

/**
 * Pixels, sample by sample and little endian, as an RLE frame of even length (PS3.5 Annex G). No run
 * goes beyond its row.
 */
export function encodeRle(
  pixels: Uint8Array,
  layout: { rows: number; columns: number; samples: number; bytesPerSample: number },
): Uint8Array {
  const { rows, columns, samples, bytesPerSample } = layout
  const step = samples * bytesPerSample
  const parts: Buffer[] = []
  const header = Buffer.alloc(headerLength)
  header.writeUInt32LE(step, 0)
  let at = headerLength
  for (let segment = 0; segment < step; segment++) {
    const sample = Math.floor(segment / bytesPerSample)
    const place = bytesPerSample - 1 - (segment % bytesPerSample)
    const begin = sample * bytesPerSample + place
    const packed = pack(pixels, { begin, step, rows, columns })
    header.writeUInt32LE(at, 4 + 4 * segment)
    parts.push(packed)
    at += packed.length
  }
  return Buffer.concat([header, ...parts], at)
}

/** The bytes at `begin`, `begin + step`, …, row by row, padded to an even length. */
function pack(
  pixels: Uint8Array,
  from: { begin: number; step: number; rows: number; columns: number },
): Buffer {
  const { begin, step, rows, columns } = from
  // A literal run of 128 costs a byte more than it holds
  const out = Buffer.alloc(rows * (columns + Math.ceil(columns / 128)) + 1)
  const row = new Uint8Array(columns)
  let to = 0
  for (let line = 0; line < rows; line++) {
    for (let column = 0, at = begin + line * columns * step; column < columns; column++, at += step)
      row[column] = pixels[at]!
    to = packRow(row, out, to)
  }
  return out.subarray(0, to + (to % 2))
}

/** Runs of three or more are told once; two alike in the midst of others are not worth it. */
function packRow(row: Uint8Array, out: Buffer, begin: number): number {
  let to = begin
  for (let at = 0; at < row.length; ) {
    const run = runAt(row, at)
    if (run > 1) {
      out[to++] = 257 - run
      out[to++] = row[at]!
      at += run
      continue
    }
    const first = at
    while (at < row.length && at - first < 128 && runAt(row, at, 3) < 3) at++
    out[to++] = at - first - 1
    out.set(row.subarray(first, at), to)
    to += at - first
  }
  return to
}

function runAt(row: Uint8Array, from: number, most = 128): number {
  let at = from + 1
  while (at < row.length && at - from < most && row[at] === row[from]) at++
  return at - from
}
