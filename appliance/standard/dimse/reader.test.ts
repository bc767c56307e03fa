import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { Fragmenter } from './outflow.ts'
import { PduReader } from './reader.ts'
import { Violation } from './violation.ts'

/** What a reader finds, with the pieces of each value put together. */
function reading(limits = { pduLength: 1000, associatePduBytes: 1000 }) {
  const found: string[] = []
  let value = ''
  const reader = new PduReader(
    {
      data: () => found.push('P-DATA-TF'),
      control: (type, body) => found.push(`${type} ${Buffer.from(body).toString('hex')}`),
      fragment(contextId, command, last, piece, ends) {
        value += Buffer.from(piece).toString('hex')
        if (!ends) return
        found.push(`${contextId} ${command ? 'command' : 'dataset'}${last ? ' last' : ''} ${value}`)
        value = ''
      },
    },
    limits,
  )
  return { reader, found }
}

/*
 * 04 00 00000013                two values in one P-DATA-TF
 *   00000005 01 03 aabbcc       context 1, command, last
 *   00000006 03 00 01020304     context 3, dataset, not last
 * 05 00 00000004 00000000       A-RELEASE-RQ
 */
const bytes = Buffer.from(
  '0400000000130000000501 03aabbcc 000000060300 01020304 05000000000400000000'.replaceAll(' ', ''),
  'hex',
)
const expected = ['P-DATA-TF', '1 command last aabbcc', '3 dataset 01020304', '5 00000000']

describe('PDUs', () => {
  test('are found whole', () => {
    const { reader, found } = reading()
    reader.push(bytes)
    assert.deepEqual(found, expected)
  })

  test('are found when cut at every byte', () => {
    for (let cut = 0; cut <= bytes.length; cut++) {
      const { reader, found } = reading()
      reader.push(bytes.subarray(0, cut))
      reader.push(bytes.subarray(cut))
      assert.deepEqual(found, expected, `cut at ${cut}`)
    }
  })

  test('are found when every byte comes alone', () => {
    const { reader, found } = reading()
    for (const byte of bytes) reader.push(Uint8Array.of(byte))
    assert.deepEqual(found, expected)
  })

  test('behind a halt are not looked at', () => {
    const { reader, found } = reading()
    reader.push(bytes.subarray(0, 15))
    reader.halt()
    reader.push(bytes.subarray(15))
    assert.deepEqual(found, expected.slice(0, 2))
  })
})

test('values are views of the chunk, not copies', () => {
  const pieces: Uint8Array[] = []
  const reader = new PduReader(
    { data() {}, control() {}, fragment: (_id, _command, _last, piece) => pieces.push(piece) },
    { pduLength: 1000, associatePduBytes: 1000 },
  )
  reader.push(bytes)
  assert.ok(pieces.every(piece => piece.buffer === bytes.buffer))
})

test('what was cut for any maximum length is read as it was, and no PDU is longer', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 6 }),
      fc.integer({ min: 8, max: 300 }),
      fc.array(fc.nat(), { maxLength: 10 }),
      (chunks, maxPduLength, cuts) => {
        const fragmenter = new Fragmenter(5, 'dataset', maxPduLength)
        const out: Uint8Array[] = []
        for (const chunk of chunks) fragmenter.add(chunk, out)
        fragmenter.end(out)
        const sent = Buffer.concat(out)
        let read = ''
        let lasts = 0
        // Its own limit is the proof that no PDU is longer.
        const reader = new PduReader(
          {
            data() {},
            control: () => assert.fail(),
            fragment(contextId, command, last, piece, ends) {
              assert.ok(contextId === 5 && !command)
              read += Buffer.from(piece).toString('hex')
              if (last && ends) lasts++
            },
          },
          { pduLength: maxPduLength, associatePduBytes: 0 },
        )
        let from = 0
        for (const cut of [...cuts.map(at => at % (sent.length + 1)), sent.length].sort(
          (a, b) => a - b,
        )) {
          reader.push(sent.subarray(from, cut))
          from = cut
        }
        assert.equal(read, Buffer.concat(chunks).toString('hex'))
        assert.equal(lasts, 1)
      },
    ),
    { seed: 8, numRuns: 1500 },
  )
})

test('any bytes at all are read or are a violation, and what is kept follows what came', () => {
  const start = fc.constantFrom('04000000', '01000000', '05000000', '0700', '')
  fc.assert(
    fc.property(start, fc.uint8Array({ maxLength: 200 }), (begin, rest) => {
      const { reader } = reading()
      try {
        reader.push(Buffer.concat([Buffer.from(begin, 'hex'), rest]))
      } catch (thrown) {
        assert.ok(thrown instanceof Violation)
      }
    }),
    { seed: 8, numRuns: 3000 },
  )
})
