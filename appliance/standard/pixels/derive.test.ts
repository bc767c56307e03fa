import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Fault } from '../../faults.ts'
import {
  deflatedLittleEndian,
  explicitBigEndian,
  explicitLittleEndian,
  implicitLittleEndian,
  type NewElement,
  readDataset,
  writeDataset,
} from '../dicom/dicom.ts'
import {
  baseline,
  compared,
  countOf,
  deep,
  derived,
  elementsOf,
  extended,
  grey,
  jpeg,
  jpeg2000,
  nearLossless,
  opening,
  type Picture,
  painted,
  red,
  targets,
} from './derive.contract.ts'
import { derivable, derive, transcode } from './pixels.ts'

describe('with loss', () => {
  const picture = fc.record({
    rows: fc.integer({ min: 1, max: 40 }),
    columns: fc.integer({ min: 1, max: 40 }),
    frames: fc.integer({ min: 1, max: 3 }),
    bits: fc.constantFrom([8, 8], [8, 5], [16, 8], [16, 7], [16, 10], [16, 12], [16, 15], [16, 16]),
    signed: fc.boolean(),
    colours: fc.constantFrom('MONOCHROME1', 'MONOCHROME2', 'PALETTE COLOR', 'RGB', 'YBR_FULL'),
    noise: fc.constantFrom(0, 0.01, 1),
    quality: fc.constantFrom(1, 50, 90, 100),
    seed: fc.integer({ min: 1 }),
  })

  /** What cannot be written so, by README.md. */
  const refused = (made: Picture, to: string): boolean => {
    const { rows, columns, bitsStored, samples, signed, colours } = made
    if (colours === 'PALETTE COLOR') return true
    if (to === nearLossless) return false
    if (to !== jpeg2000) return signed || bitsStored > 8
    if (samples === 3 && made.bitsAllocated > 8) return true
    return rows === 1 || columns === 1 || (signed && bitsStored <= 8)
  }

  for (const to of targets)
    test(`any image in ${to} is one of its size that decodes within its bits, or a fault known before`, async () => {
      await fc.assert(
        fc.asyncProperty(picture, async ({ bits, colours, seed, noise, quality, ...rest }) => {
          const samples = colours === 'RGB' || colours === 'YBR_FULL' ? 3 : 1
          const [bitsAllocated, bitsStored] = bits as [number, number]
          const made: Picture = { ...rest, colours, samples, bitsAllocated, bitsStored }
          const pixels = painted(made, { seed, noise })
          const going = derived(elementsOf(made, pixels), to, { quality })
          if (refused(made, to)) return assert.rejects(going, { code: 'not-supported' })
          const { back, worst, dataset } = await compared(made, pixels, await going, to)
          assert.equal(back.length, countOf(made))
          const stored = Number(dataset.text('BitsStored'))
          const [least, most] = made.signed
            ? [-(2 ** (stored - 1)), 2 ** (stored - 1) - 1]
            : [0, 2 ** stored - 1]
          assert.ok(back.every(value => value >= least && value <= most))
          if (to !== nearLossless) return
          const near = Math.max(1, Math.ceil((100 - quality) / 5))
          assert.ok(worst <= near, `${worst} of ${near}`)
        }),
        { numRuns: 60 },
      )
    })

  for (const [title, made, to, low, high] of [
    ['grey bytes', grey, targets, 25, 38],
    ['grey bytes in words', { ...grey, bitsAllocated: 16 }, targets, 25, 38],
    ['inverted grey', { ...grey, colours: 'MONOCHROME1' }, targets, 25, 38],
    ['colours', red, targets, 25, 34],
    ['12 bits', deep, [nearLossless, jpeg2000], 25, 38],
    ['12 bits with a sign', { ...deep, signed: true }, [nearLossless, jpeg2000], 25, 38],
    ['16 bits', { ...deep, bitsStored: 16 }, [nearLossless, jpeg2000], 25, 38],
    [
      '16 bits with a sign',
      { ...deep, bitsStored: 16, signed: true },
      [nearLossless, jpeg2000],
      ...([25, 38] as const),
    ],
  ] as [string, Picture, string[], number, number][])
    test(`${title} stay what they are to the eye, the more so the higher the quality`, async () => {
      for (const each of to) {
        const large = { ...made, rows: 96, columns: 80 }
        const pixels = painted(large)
        const figures: { decibels: number; length: number }[] = []
        for (const [quality, least] of [
          [50, low],
          [90, high],
        ] as const) {
          const there = await derived(elementsOf(large, pixels), each, { quality })
          const { decibels } = await compared(large, pixels, there, each)
          assert.ok(decibels >= least, `${each} ${quality}: ${decibels.toFixed(1)} dB`)
          figures.push({ decibels, length: there.length })
        }
        const [half, most] = figures as [(typeof figures)[0], (typeof figures)[0]]
        assert.ok(most.decibels >= half.decibels, each)
        assert.ok(most.length > half.length, each)
      }
    })

  test('what it is in afterwards is what the dataset says', async () => {
    for (const [made, to, expected] of [
      ...targets.map(to => [grey, to, 'MONOCHROME2'] as const),
      [red, baseline, 'YBR_FULL_422'],
      [red, extended, 'YBR_FULL_422'],
      [red, nearLossless, 'RGB'],
      [red, jpeg2000, 'YBR_ICT'],
      [{ ...red, colours: 'YBR_FULL' }, baseline, 'YBR_FULL_422'],
      [{ ...red, colours: 'YBR_FULL' }, nearLossless, 'YBR_FULL'],
      [{ ...red, colours: 'YBR_FULL' }, jpeg2000, 'YBR_FULL'],
    ] as const) {
      const there = readDataset(await derived(elementsOf(made, painted(made)), to), to)
      assert.equal(there.text('PhotometricInterpretation'), expected, to)
      assert.equal(there.text('PlanarConfiguration'), made.samples > 1 ? '0' : undefined)
    }
  })

  test('YBR_FULL becomes the colours it means in JPEG, and stays in JPEG 2000', async () => {
    const rgb: Picture = { ...red, rows: 64, columns: 64, frames: 1 }
    const [y, cb, cr] = [150, 90, 180]
    const even = Buffer.alloc(64 * 64 * 3, Uint8Array.of(y, cb, cr))
    const made = { ...rgb, colours: 'YBR_FULL' }
    const { back } = await compared(
      rgb,
      even,
      await derived(elementsOf(made, even), baseline),
      baseline,
    )
    // PS3.3 §C.7.6.3.1.2
    for (const [at, value] of [
      150 + 1.402 * 52,
      150 + 0.344 * 38 - 0.714 * 52,
      150 - 1.772 * 38,
    ].entries())
      assert.ok(Math.abs(back[at]! - value) <= 3, `${back.slice(0, 3)}`)
    const other = await compared(
      made,
      even,
      await derived(elementsOf(made, even), jpeg2000),
      jpeg2000,
    )
    assert.ok(other.worst <= 2)
  })

  test('planes, big endian, implicit, deflated and pixels that share their colours are read as what they are', async () => {
    for (const to of targets) {
      const expected = await derived(elementsOf(red, painted(red)), to)
      const planes = Buffer.alloc(painted(red).length)
      const together = painted(red)
      const size = red.rows * red.columns
      for (let frame = 0; frame < red.frames; frame++)
        for (let pixel = 0; pixel < size; pixel++)
          for (let sample = 0; sample < 3; sample++)
            planes[(frame * 3 + sample) * size + pixel] =
              together[(frame * size + pixel) * 3 + sample]!
      const planar = await derived(elementsOf({ ...red, planar: true }, planes), to)
      assert.ok(planar.equals(expected), to)
      for (const from of [implicitLittleEndian, deflatedLittleEndian])
        assert.ok((await derived(elementsOf(red, together), to, { from })).equals(expected), from)
    }
    for (const to of [nearLossless, jpeg2000]) {
      const expected = await derived(elementsOf(deep, painted(deep)), to)
      const turned = elementsOf(deep, painted(deep).swap16())
      assert.ok((await derived(turned, to, { from: explicitBigEndian })).equals(expected), to)
    }
    const shared: Picture = { ...red, rows: 16, columns: 16, frames: 1, colours: 'YBR_FULL_422' }
    const halves = Buffer.alloc(16 * 16 * 2, Uint8Array.of(120, 120, 128, 128))
    const there = await derived(elementsOf(shared, halves), baseline)
    const { back } = await compared({ ...shared, colours: 'RGB' }, halves, there, baseline)
    assert.ok(back.every(value => Math.abs(value - 120) <= 1))
  })

  test('the greatest number with a sign never becomes the least', async () => {
    for (const [bitsAllocated, bitsStored] of [
      [8, 8],
      [16, 12],
      [16, 16],
    ] as const) {
      const made: Picture = { ...grey, bitsAllocated, bitsStored, signed: true }
      const pixels = painted(made, { noise: 1 })
      const width = bitsAllocated / 8
      for (let at = 0; at < countOf(made); at += 5) {
        pixels.writeIntLE(2 ** (bitsStored - 1) - 1 - (at % 3), at * width, width)
        pixels.writeIntLE(-(2 ** (bitsStored - 1)) + (at % 2), (at + 1) * width, width)
      }
      const there = await derived(elementsOf(made, pixels), nearLossless, { quality: 1 })
      assert.ok((await compared(made, pixels, there, nearLossless)).worst <= 20)
    }
  })

  test('8 bits in words are written in bytes, and JPEG of fewer bits has eight', async () => {
    for (const to of targets) {
      const made = { ...grey, bitsAllocated: 16, bitsStored: 6 }
      const there = readDataset(await derived(elementsOf(made, painted(made)), to), to)
      const stored = to === baseline || to === extended ? 8 : 6
      assert.deepEqual(
        ['BitsAllocated', 'BitsStored', 'HighBit'].map(tag => there.text(tag)),
        ['8', String(stored), String(stored - 1)],
      )
    }
  })

  test('one fragment a frame, of even length, after an empty Basic Offset Table, however little is kept', async () => {
    for (const to of targets) {
      const elements = elementsOf(red, painted(red))
      const there = await derived(elements, to)
      let at = there.indexOf(Buffer.from('e07f1000', 'hex'))
      assert.equal(there.toString('latin1', at + 4, at + 6), 'OB')
      assert.equal(there.readUInt32LE(at + 8), 0xffffffff)
      const lengths: number[] = []
      for (at += 12; there.readUInt32LE(at) === 0xe000fffe; ) {
        lengths.push(there.readUInt32LE(at + 4))
        at += 8 + lengths.at(-1)!
      }
      assert.equal(there.readUInt32LE(at), 0xe0ddfffe)
      assert.equal(there.length, at + 8)
      assert.equal(lengths.length, 1 + red.frames)
      assert.ok(lengths.every((length, index) => length % 2 === 0 && length > 0 === index > 0))
      const size = countOf(red)
      const ratio = Number(readDataset(there, to).text('LossyImageCompressionRatio'))
      const sum = lengths.reduce((a, b) => a + b)
      assert.ok(Math.abs(ratio / (size / sum) - 1) < 1e-4)
      for (const keep of [0, lengths[1]!])
        assert.ok((await derived(elements, to, { keep })).equals(there))
      assert.ok((await derived(elements, to, { size: 7 })).equals(there))
    }
  })

  test('compressed images are decoded first, and an image without a type is DERIVED', async () => {
    for (const from of [jpeg('70'), jpeg('80'), jpeg('90'), '1.2.840.10008.1.2.5', baseline]) {
      const source = writeDataset(elementsOf(red, painted(red)), explicitLittleEndian)
      const making =
        from === baseline
          ? derived(elementsOf(red, painted(red)), baseline)
          : Array.fromAsync(transcode(opening(source)(), explicitLittleEndian, from)).then(
              Buffer.concat,
            )
      const compressed = await making
      for (const to of targets.filter(each => derivable(from, each))) {
        const derivation = { quality: 90, sopInstanceUid: '1.2.4' }
        const chunks = derive(opening(compressed), from, to, derivation)
        const there = Buffer.concat(await Array.fromAsync(chunks))
        const { decibels, dataset } = await compared(red, painted(red), there, to)
        assert.ok(decibels > 30, `${from} ${to} ${decibels}`)
        assert.equal(dataset.text('ImageType'), 'DERIVED')
      }
    }
  })

  const whole = painted(grey)
  const overlaid = painted(deep)
  overlaid.writeUInt16LE(0x8001, 20)
  const without = (tag: string) => elementsOf(grey, whole).filter(each => each.tag !== tag)
  const broken: [string, NewElement[], Fault['code'], string[]][] = [
    ['without pixel data', without('PixelData'), 'not-supported', targets],
    ['without Rows', without('Rows'), 'dataset-malformed', targets],
    ['without BitsStored', without('BitsStored'), 'dataset-malformed', targets],
    ['of one bit', elementsOf({ ...grey, bitsAllocated: 1 }, whole), 'not-supported', targets],
    ['of 4 samples', elementsOf({ ...red, samples: 4 }, whole), 'not-supported', targets],
    [
      'in palette colours',
      elementsOf({ ...grey, colours: 'PALETTE COLOR' }, whole),
      ...(['not-supported', targets] as const),
    ],
    [
      'that is a segmentation',
      elementsOf(grey, whole, [{ tag: 'SOPClassUID', value: '1.2.840.10008.5.1.4.1.1.66.7' }]),
      ...(['not-supported', targets] as const),
    ],
    [
      'with an overlay in bits that are not stored',
      elementsOf(deep, overlaid),
      ...(['not-supported', targets] as const),
    ],
    [
      'whose bits stand higher',
      elementsOf(deep, painted(deep), [{ tag: 'HighBit', value: 15 }]),
      ...(['not-supported', targets] as const),
    ],
    [
      'of 12 bits, or with a sign, in JPEG',
      elementsOf({ ...deep, signed: true }, painted({ ...deep, signed: true })),
      ...(['not-supported', [baseline, extended]] as ['not-supported', string[]]),
    ],
    ['with pixels too few', elementsOf(grey, whole.subarray(2)), 'dataset-malformed', targets],
  ]
  for (const [title, elements, code, to] of broken)
    test(`an image ${title} is a fault before the first byte`, async () => {
      const open = opening(writeDataset(elements, explicitLittleEndian))
      for (const each of to) {
        const derivation = { quality: 90, sopInstanceUid: '1.2.4' }
        const chunks = derive(open, explicitLittleEndian, each, derivation)
        await assert.rejects(chunks.next(), { code }, each)
      }
    })

  test('a dataset that breaks off is a fault before the first byte', async () => {
    const open = opening(
      writeDataset(elementsOf(grey, whole), explicitLittleEndian).subarray(0, -3),
    )
    for (const to of targets) {
      const derivation = { quality: 90, sopInstanceUid: '1.2.4' }
      const chunks = derive(open, explicitLittleEndian, to, derivation)
      await assert.rejects(chunks.next(), { code: 'dataset-truncated' })
    }
  })

  test('what is written with loss is known before: nothing that is so already, and no HTJ2K', () => {
    for (const from of [explicitLittleEndian, '1.2.840.10008.1.2.5', jpeg('80'), jpeg('90')])
      for (const to of targets) assert.ok(derivable(from, to), `${from} ${to}`)
    for (const to of targets) assert.ok(!derivable(to, to))
    assert.ok(!derivable(baseline, extended))
    assert.ok(derivable(extended, baseline))
    for (const to of ['53', '57', '203', '110'].map(jpeg))
      assert.ok(!derivable(explicitLittleEndian, to))
    assert.ok(!derivable(jpeg('102'), baseline))
  })
})
