import fc from 'fast-check'
import { bytes } from './bytes.ts'

/** What befalls good bytes on their way to becoming bad ones; places are parts of a million. */
type Mutation =
  | { kind: 'set'; at: number; value: number }
  | { kind: 'flip'; at: number; bit: number }
  | { kind: 'insert'; at: number; what: Uint8Array }
  | { kind: 'remove'; at: number; length: number }
  | { kind: 'repeat'; at: number; length: number }
  | { kind: 'cut'; at: number }

const at = fc.nat(999_999)

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  // Bytes that mean something in lengths, types, ids and delimiters come more often than others.
  fc.record({
    kind: fc.constant('set' as const),
    at,
    value: fc.oneof(fc.constantFrom(0, 1, 2, 3, 4, 0x7f, 0x80, 0xfe, 0xff), fc.nat(255)),
  }),
  fc.record({ kind: fc.constant('flip' as const), at, bit: fc.nat(7) }),
  fc.record({ kind: fc.constant('insert' as const), at, what: fc.uint8Array({ maxLength: 12 }) }),
  fc.record({ kind: fc.constant('remove' as const), at, length: fc.integer({ min: 1, max: 12 }) }),
  fc.record({ kind: fc.constant('repeat' as const), at, length: fc.integer({ min: 1, max: 64 }) }),
  fc.record({ kind: fc.constant('cut' as const), at }),
)

function mutate(good: Uint8Array, change: Mutation): Uint8Array {
  const place = Math.floor((change.at / 1_000_000) * (good.length + 1))
  const [before, after] = [good.subarray(0, place), good.subarray(place)]
  switch (change.kind) {
    case 'set':
      return bytes(before, [change.value], after.subarray(1))
    case 'flip':
      return bytes(before, [(after[0] ?? 0) ^ (1 << change.bit)], after.subarray(1))
    case 'insert':
      return bytes(before, change.what, after)
    case 'remove':
      return bytes(before, after.subarray(change.length))
    case 'repeat':
      return bytes(before, after.subarray(0, change.length), after)
    case 'cut':
      return before
  }
}

/** Good bytes of one of several kinds with up to four things wrong, or bytes that never were good. */
export function spoilt(...good: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  return fc.oneof(
    {
      weight: 9,
      arbitrary: fc
        .tuple(fc.constantFrom(...good), fc.array(mutation, { maxLength: 4 }))
        .map(([one, changes]) => changes.reduce(mutate, one)),
    },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
  )
}

/** The same bytes in pieces. */
export function cut(whole: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = places.map(place => place % (whole.length + 1)).sort((a, b) => a - b)
  return [...ends, whole.length].map((end, index) => whole.subarray(ends[index - 1] ?? 0, end))
}

export const places = fc.array(fc.nat(100_000), { maxLength: 6 })
