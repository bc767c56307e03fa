import { formatTag } from './dictionary.ts'

/** Rows of binary numbers: PS3.5 §6.2. Tags (AT) are numbers 0xggggeeee. */

type Reader = (view: DataView, at: number, littleEndian: boolean) => number | bigint

const readers: Record<string, { size: number; read: Reader }> = {
  AT: {
    size: 4,
    read: (view, at, little) =>
      view.getUint16(at, little) * 0x10000 + view.getUint16(at + 2, little),
  },
  FD: { size: 8, read: (view, at, little) => view.getFloat64(at, little) },
  FL: { size: 4, read: (view, at, little) => view.getFloat32(at, little) },
  SL: { size: 4, read: (view, at, little) => view.getInt32(at, little) },
  SS: { size: 2, read: (view, at, little) => view.getInt16(at, little) },
  SV: { size: 8, read: (view, at, little) => view.getBigInt64(at, little) },
  UL: { size: 4, read: (view, at, little) => view.getUint32(at, little) },
  US: { size: 2, read: (view, at, little) => view.getUint16(at, little) },
  UV: { size: 8, read: (view, at, little) => view.getBigUint64(at, little) },
}

/** Undefined when the VR is none of numbers. Bytes that are too few for one more are left out. */
export function readNumbers(
  value: Uint8Array,
  vr: string,
  bigEndian: boolean,
): (number | bigint)[] | undefined {
  const reader = readers[vr]
  if (!reader) return undefined
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength)
  const numbers: (number | bigint)[] = []
  for (let at = 0; at + reader.size <= value.length; at += reader.size) {
    numbers.push(reader.read(view, at, !bigEndian))
  }
  return numbers
}

/** Undefined when the VR is none of numbers. */
export function writeNumbers(
  numbers: readonly (number | bigint)[],
  vr: string,
  bigEndian: boolean,
): Uint8Array | undefined {
  const size = readers[vr]?.size
  if (!size) return undefined
  const bytes = new Uint8Array(numbers.length * size)
  const view = new DataView(bytes.buffer)
  for (const [i, number] of numbers.entries()) write(view, i * size, number, vr, !bigEndian)
  return bytes
}

function write(view: DataView, at: number, number: number | bigint, vr: string, little: boolean) {
  switch (vr) {
    case 'AT':
      view.setUint16(at, Number(number) >>> 16, little)
      return view.setUint16(at + 2, Number(number) & 0xffff, little)
    case 'FD':
      return view.setFloat64(at, Number(number), little)
    case 'FL':
      return view.setFloat32(at, Number(number), little)
    case 'SV':
    case 'UV':
      return view.setBigUint64(at, BigInt.asUintN(64, BigInt(number)), little)
    case 'SL':
    case 'UL':
      return view.setUint32(at, Number(number), little)
    default:
      return view.setUint16(at, Number(number), little)
  }
}

/** Joined by '\'. A single-precision number gets the fewest digits that tell it from its neighbours. */
export function formatNumbers(numbers: readonly (number | bigint)[], vr: string): string {
  return numbers
    .map(number => {
      if (vr === 'AT') return formatTag(Number(number))
      return vr === 'FL' ? shortest(Number(number)) : String(number)
    })
    .join('\\')
}

function shortest(number: number): string {
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(number.toPrecision(digits))
    if (Math.fround(short) === number) return String(short)
  }
  return String(Number(number.toPrecision(9)))
}
