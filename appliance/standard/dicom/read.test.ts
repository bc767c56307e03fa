import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateRawSync } from 'node:zlib'
import { Fault, type FaultCode } from '../../faults.ts'
import { readDataset } from './read.ts'
import {
  deflatedLittleEndian,
  explicitBigEndian,
  explicitLittleEndian,
  implicitLittleEndian,
} from './transferSyntaxes.ts'

/** Bytes from hexadecimal digits and 'texts', which a reader of this file can follow. */
function bytes(notation: string): Uint8Array {
  const parts = notation.match(/'[^']*'|[0-9a-f]{2}/gi) ?? []
  return Buffer.concat(
    parts.map(part =>
      part.startsWith("'") ? Buffer.from(part.slice(1, -1), 'latin1') : Buffer.from(part, 'hex'),
    ),
  )
}

function refuses(notation: string, uid: string, code: FaultCode): void {
  assert.throws(
    () => readDataset(bytes(notation), uid),
    (thrown: unknown) => thrown instanceof Fault && thrown.code === code,
    notation,
  )
}

const item = 'fe ff 00 e0'
const itemEnd = 'fe ff 0d e0 00000000'
const sequenceEnd = 'fe ff dd e0 00000000'

test('elements are found with VR, place and length, in each encoding', () => {
  const samples = {
    [explicitLittleEndian]: "1000 2000 'LO' 0400 'ID1 ' 2800 1000 'US' 0200 0102",
    [explicitBigEndian]: "0010 0020 'LO' 0004 'ID1 ' 0028 0010 'US' 0002 0201",
    [implicitLittleEndian]: "1000 2000 04000000 'ID1 ' 2800 1000 02000000 0102",
  }
  for (const [uid, notation] of Object.entries(samples)) {
    const dataset = readDataset(bytes(notation), uid)
    const found = [...dataset.elements()].map(({ tag, vr, offset, length }) => [
      tag,
      vr,
      offset,
      length,
    ])
    assert.deepEqual(found, [
      [0x00100020, 'LO', 8, 4],
      [0x00280010, 'US', 20, 2],
    ])
    assert.equal(dataset.text('PatientID'), 'ID1')
    assert.equal(dataset.text('Rows'), '513')
    assert.deepEqual(dataset.numbers('Rows'), [513])
  }
})

test('every VR with a 32-bit length has one, those defined later too', () => {
  for (const vr of ['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV', 'ZZ']) {
    const dataset = readDataset(
      bytes(`0900 0110 '${vr}' 0000 08000000 0000000000000000`),
      explicitLittleEndian,
    )
    const [element] = dataset.elements()
    assert.deepEqual([element!.vr, element!.length], [vr === 'ZZ' ? 'UN' : vr, 8])
  }
})

test('sequences are read alike with lengths and with delimiters', () => {
  const inner = "0800 5011 'UI' 0600 '1.2.3' 00"
  const samples = [
    `0800 4011 'SQ' 0000 16000000 ${item} 0e000000 ${inner}`,
    `0800 4011 'SQ' 0000 1e000000 ${item} ffffffff ${inner} ${itemEnd}`,
    `0800 4011 'SQ' 0000 ffffffff ${item} 0e000000 ${inner} ${sequenceEnd}`,
    `0800 4011 'SQ' 0000 ffffffff ${item} ffffffff ${inner} ${itemEnd} ${sequenceEnd}`,
    // An item delimiter left out, and one too many
    `0800 4011 'SQ' 0000 ffffffff ${item} ffffffff ${inner} ${sequenceEnd}`,
    `0800 4011 'SQ' 0000 ffffffff ${item} 0e000000 ${inner} ${itemEnd} ${sequenceEnd}`,
  ]
  for (const notation of samples) {
    const dataset = readDataset(bytes(`${notation} 1000 2000 'LO' 0200 '42'`), explicitLittleEndian)
    const items = dataset.items('ReferencedImageSequence')
    assert.deepEqual(
      items.map(each => each.text('ReferencedSOPClassUID')),
      ['1.2.3'],
      notation,
    )
    assert.equal(dataset.text('PatientID'), '42', notation)
  }
  const empty = readDataset(bytes(`0800 4011 'SQ' 0000 00000000`), explicitLittleEndian)
  assert.deepEqual(empty.get('ReferencedImageSequence')!.items, [])
})

test('UN of undefined length holds an implicit VR little endian sequence', () => {
  const inner = `${item} ffffffff 0800 5011 06000000 '1.2.3' 00 ${itemEnd} ${sequenceEnd}`
  const little = readDataset(bytes(`0900 0110 'UN' 0000 ffffffff ${inner}`), explicitLittleEndian)
  const big = readDataset(bytes(`0009 1001 'UN' 0000 ffffffff ${inner}`), explicitBigEndian)
  for (const dataset of [little, big]) {
    assert.equal(dataset.get(0x00091001)!.vr, 'SQ')
    assert.equal(dataset.items(0x00091001)[0]!.text('ReferencedSOPClassUID'), '1.2.3')
  }
})

test('an element that became UN on its way is read as the dictionary says', () => {
  const notation = "1000 1000 'UN' 0000 04000000 'A^B ' 2800 1000 'UN' 0000 02000000 0102"
  const dataset = readDataset(bytes(notation), explicitLittleEndian)
  assert.equal(dataset.get('PatientName')!.vr, 'UN')
  assert.equal(dataset.text('PatientName'), 'A^B')
  assert.equal(dataset.text('Rows'), '513')
})

test('encapsulated pixel data come as fragments, whatever bytes are in them', () => {
  const fragments = `${item} 00000000 ${item} 08000000 ${sequenceEnd} ${item} 02000000 0102 ${sequenceEnd}`
  const dataset = readDataset(
    bytes(`e07f 1000 'OB' 0000 ffffffff ${fragments} fcff fcff 'OB' 0000 02000000 0000`),
    '1.2.840.10008.1.2.4.50',
  )
  const pixelData = dataset.get('PixelData')!
  assert.deepEqual(
    pixelData.fragments!.map(each => each.length),
    [0, 8, 2],
  )
  assert.deepEqual([pixelData.undefinedLength, pixelData.length], [true, 34])
  assert.equal([...dataset.elements()].length, 2)
})

test('a dataset or item in the other VR encoding than declared is read as it is', () => {
  const explicit = "0800 0500 'CS' 0a00 'ISO_IR 100' 1000 2000 'LO' 0200 '42'"
  const implicit = "0800 0500 0a000000 'ISO_IR 100' 1000 2000 02000000 '42'"
  assert.equal(readDataset(bytes(explicit), implicitLittleEndian).text('PatientID'), '42')
  assert.equal(readDataset(bytes(implicit), explicitLittleEndian).text('PatientID'), '42')
  const inside = `0800 4011 'SQ' 0000 16000000 ${item} 0e000000 0800 5011 06000000 '1.2.3' 00`
  const dataset = readDataset(bytes(`${inside} 1000 2000 'LO' 0200 '42'`), explicitLittleEndian)
  assert.equal(dataset.items(0x00081140)[0]!.text('ReferencedSOPClassUID'), '1.2.3')
  assert.equal(dataset.text('PatientID'), '42')
})

test('bad habits are read: lower-case and missing VRs, odd lengths, disorder, repeats, zeros', () => {
  const notation =
    "1000 2000 'lo' 0200 '42' 1000 1000 '??' 0300 'A^B' 0800 6000 'CS' 0200 'MR' 0800 6000 'CS' 0200 'CT'"
  for (const zeros of ['', '00', '00'.repeat(7), '00'.repeat(8), '00'.repeat(513)]) {
    const dataset = readDataset(bytes(`${notation} ${zeros}`), explicitLittleEndian)
    assert.equal(dataset.text('PatientID'), '42')
    assert.equal(dataset.text('PatientName'), 'A^B')
    assert.equal(dataset.text('Modality'), 'MR', 'of a repeated element the first counts')
    assert.equal([...dataset.elements()].length, 4)
  }
  refuses(`${notation} ${'00'.repeat(20)} 01`, explicitLittleEndian, 'dataset-malformed')
})

test('a dataset cut anywhere is truncated, except between two of its elements', () => {
  const first = `0800 4011 'SQ' 0000 ffffffff ${item} ffffffff 0800 5011 'UI' 0600 '1.2.3' 00 ${itemEnd} ${sequenceEnd}`
  const whole = bytes(`${first} 1000 2000 'LO' 0200 '42'`)
  for (let length = 0; length <= whole.length; length++) {
    const cut = whole.subarray(0, length)
    if ([0, bytes(first).length, whole.length].includes(length)) {
      assert.ok(readDataset(cut, explicitLittleEndian))
    } else {
      assert.throws(
        () => readDataset(cut, explicitLittleEndian),
        { code: 'dataset-truncated' },
        `${length}`,
      )
      assert.ok(readDataset(cut, explicitLittleEndian, { lenient: true }))
    }
  }
  const half = readDataset(whole.subarray(0, -1), explicitLittleEndian, { lenient: true })
  assert.equal(half.text('PatientID'), '4')
})

test('what contradicts itself is malformed', () => {
  const wrong = [
    // Longer than its item; its item longer than the sequence; an item outside; a delimiter with a value
    `0800 4011 'SQ' 0000 16000000 ${item} 0e000000 0800 5011 'UI' 0800 '1.2.3.4' 00`,
    `0800 4011 'SQ' 0000 16000000 ${item} 10000000 0800 5011 'UI' 0600 '1.2.3' 00`,
    `${item} 00000000`,
    'fe ff 0d e0 02000000 0000',
    // No item where one must be; a fragment without an end; undefined length of a text
    "0800 4011 'SQ' 0000 0e000000 0800 5011 'UI' 0600 '1.2.3' 00",
    `e07f 1000 'OB' 0000 ffffffff ${item} ffffffff 0000`,
    "0800 5011 'UT' 0000 ffffffff '1.2.3' 00",
    // No VR
    "0800 0500 'CS' 0200 'XX' 0800 5011 01 02 0600 '1.2.3' 00",
  ]
  for (const notation of wrong) refuses(notation, explicitLittleEndian, 'dataset-malformed')
})

test('sequences nested thousands deep are refused without exhausting the stack', () => {
  const level = `0800 4011 'SQ' 0000 ffffffff ${item} ffffffff`
  refuses(level.repeat(5000), explicitLittleEndian, 'dataset-malformed')
  const deep = level.repeat(200) + `${itemEnd} ${sequenceEnd}`.repeat(200)
  let dataset = readDataset(bytes(deep), explicitLittleEndian)
  let depth = 0
  while (dataset.items(0x00081140)[0]) {
    dataset = dataset.items(0x00081140)[0]!
    depth++
  }
  assert.equal(depth, 200)
})

test('"US or SS" in implicit VR follows the PixelRepresentation that applies', () => {
  const value = '2800 0601 02000000 feff'
  const representation = (sign: string) => `2800 0301 02000000 ${sign}00`
  const inItem = `0800 4011 12000000 ${item} 0a000000 ${value}`
  const samples = [
    [`${representation('01')} ${value}`, '-2'],
    [`${representation('00')} ${value}`, '65534'],
    [value, '65534'],
  ] as const
  for (const [notation, text] of samples) {
    assert.equal(readDataset(bytes(notation), implicitLittleEndian).text(0x00280106), text)
  }
  const outer = readDataset(bytes(`${representation('01')} ${inItem}`), implicitLittleEndian)
  assert.equal(outer.items(0x00081140)[0]!.text(0x00280106), '-2')
})

test('reading stops before the tag it is told to stop at', () => {
  const notation =
    "0800 6000 'CS' 0200 'MR' 1000 2000 'LO' 0200 '42' e07f 1000 'OW' 0000 ff000000 00"
  const dataset = readDataset(bytes(notation), explicitLittleEndian, { until: 0x7fe00010 })
  assert.deepEqual(
    [...dataset.elements()].map(({ tag }) => tag),
    [0x00080060, 0x00100020],
  )
})

test('a deflated dataset is inflated, up to a limit', () => {
  const plain = bytes(
    `1000 2000 'LO' 0200 '42' e07f 1000 'OB' 0000 00002000 ${'00'.repeat(0x200000)}`,
  )
  const deflated = deflateRawSync(plain)
  const dataset = readDataset(deflated, deflatedLittleEndian)
  assert.equal(dataset.text('PatientID'), '42')
  assert.equal(dataset.get('PixelData')!.length, 0x200000)
  const codeOf = (run: () => unknown) => {
    try {
      run()
      return 'read'
    } catch (thrown) {
      return (thrown as Fault).code
    }
  }
  assert.equal(
    codeOf(() => readDataset(deflated, deflatedLittleEndian, { inflatedLimit: 0x100000 })),
    'too-large',
  )
  assert.equal(
    codeOf(() => readDataset(deflated.subarray(0, -9), deflatedLittleEndian)),
    'dataset-truncated',
  )
  assert.equal(
    codeOf(() => readDataset(plain, deflatedLittleEndian)),
    'dataset-malformed',
  )
  const lenient = readDataset(deflated.subarray(0, -9), deflatedLittleEndian, { lenient: true })
  assert.equal(lenient.text('PatientID'), '42')
})
