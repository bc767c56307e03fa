import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Fault } from '../../faults.ts'
import {
  type Dataset,
  DatasetWalker,
  deflatedLittleEndian,
  explicitBigEndian,
  explicitLittleEndian,
  implicitLittleEndian,
  mainTags,
  mainTagsOf,
  type NewElement,
  readDataset,
  readFileMeta,
  tagOf,
  type Walked,
  writeDataset,
} from './dicom.ts'

const seed = 20261123
const plainEncodings = [implicitLittleEndian, explicitLittleEndian, explicitBigEndian]
const encoding = fc.constantFrom(...plainEncodings)

const ascii = fc.string({ unit: fc.constantFrom(...'AZaz09 ^=.-'), maxLength: 20 })
const binary = fc.uint8Array({ maxLength: 40 })

/** Elements with values as their VR allows; the dictionary knows the VR, or it is private and UN. */
const element: fc.Arbitrary<NewElement> = fc.oneof(
  fc.record({
    tag: fc.constantFrom(...mainTags.Patient, 'SeriesDescription', 'ImageComments'),
    value: ascii,
  }),
  fc.record({ tag: fc.constantFrom('Rows', 'Columns', 'NumberOfSlices'), value: fc.nat(0xffff) }),
  fc.record({ tag: fc.constantFrom('ReferencePixelX0', 'ReferencePixelY0'), value: fc.integer() }),
  fc.record({
    tag: fc.constantFrom('FrameAcquisitionDuration'),
    value: fc.double({ noNaN: true }),
  }),
  fc.record({
    tag: fc.integer({ min: 0x00091000, max: 0x000910ff }),
    vr: fc.constant('UN'),
    value: binary,
  }),
  fc.record({
    tag: fc.constant('PixelData'),
    vr: fc.constant('OW'),
    value: fc.uint8Array({ maxLength: 3000 }),
  }),
)

const { dataset: elements } = fc.letrec<{
  dataset: NewElement[]
  element: NewElement
  sequence: NewElement
}>(tie => ({
  dataset: fc.uniqueArray(tie('element'), {
    maxLength: 8,
    selector: ({ tag }) => (typeof tag === 'number' ? tag : tagOf(tag)),
  }),
  element: fc.oneof({ depthSize: 'small' }, element, tie('sequence')),
  sequence: fc.record({
    tag: fc.constantFrom('ReferencedStudySequence', 'ReferencedSeriesSequence'),
    items: fc.array(tie('dataset'), { maxLength: 3 }),
  }),
}))

const fragmented: fc.Arbitrary<NewElement[]> = fc
  .tuple(elements, fc.array(binary, { maxLength: 6 }))
  .map(([others, fragments]) => [
    ...others.filter(({ tag }) => tag !== 'PixelData'),
    { tag: 'PixelData', vr: 'OB', fragments },
  ])

/** A dataset as read, in the form in which it can be written again. */
function asWritten(dataset: Dataset): NewElement[] {
  return [...dataset.elements()].map(({ tag, vr, value, items, fragments }) => {
    if (items) return { tag, vr, items: items.map(asWritten) }
    if (fragments) return { tag, vr, fragments }
    return { tag, vr, value }
  })
}

test('what was written is read, and written again gives the same bytes', () => {
  fc.assert(
    fc.property(elements, encoding, (written, uid) => {
      const bytes = writeDataset(written, uid)
      const dataset = readDataset(bytes, uid)
      assert.equal([...dataset.elements()].length, written.length)
      for (const { tag, value, items } of written) {
        const found = dataset.get(tag)!
        if (items) assert.equal(found.items!.length, items.length)
        if (typeof value === 'number')
          assert.deepEqual(dataset.numbers(tag), [value === 0 ? 0 : value])
        if (typeof value === 'string') assert.equal(dataset.text(tag)!.trim(), value.trim())
        if (value instanceof Uint8Array) {
          assert.deepEqual([...found.value.subarray(0, value.length)], [...value])
        }
      }
      assert.deepEqual(Buffer.from(writeDataset(asWritten(dataset), uid)), Buffer.from(bytes))
    }),
    { seed, numRuns: 300 },
  )
})

function outcome(walk: () => Walked): unknown {
  try {
    const { header, dataset, ...rest } = walk()
    return {
      ...rest,
      header: Buffer.from(header).toString('hex'),
      read: [...dataset().elements()].length,
    }
  } catch (thrown) {
    assert.ok(thrown instanceof Fault, String(thrown))
    return `${thrown.code} ${thrown.detail}`
  }
}

function walkIn(chunks: readonly Uint8Array[], uid: string, headerLimit: number): unknown {
  return outcome(() => {
    const walker = new DatasetWalker(uid, { headerLimit })
    for (const chunk of chunks) walker.push(chunk)
    return walker.end() as Walked
  })
}

function cut(bytes: Uint8Array, lengths: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = []
  let at = 0
  for (let i = 0; at < bytes.length; i++) {
    const length = lengths[i % lengths.length]!
    chunks.push(bytes.subarray(at, at + length))
    at += length
  }
  return chunks
}

/** Datasets whole, cut short, and with some bytes changed. */
const damaged = fc
  .record({
    written: fc.oneof(elements, fragmented),
    uid: encoding,
    keep: fc.double({ min: 0, max: 1, noNaN: true }),
    isCut: fc.boolean(),
    changes: fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 2 }),
  })
  .map(({ written, uid, keep, isCut, changes }) => {
    const bytes = Uint8Array.from(writeDataset(written, uid))
    const kept = isCut ? bytes.subarray(0, Math.floor(bytes.length * keep)) : bytes
    if (kept.length > 0) for (const [at, value] of changes) kept[at % kept.length] = value
    return { bytes: kept, uid }
  })

test('a walk does not depend on how the bytes are cut into chunks', () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(damaged, lengths, fc.constantFrom(100, 1e6), ({ bytes, uid }, pieces, limit) => {
      const whole = walkIn([bytes], uid, limit)
      assert.deepEqual(walkIn(cut(bytes, pieces), uid, limit), whole)
      assert.deepEqual(walkIn(cut(bytes, [1]), uid, limit), whole)
    }),
    { seed, numRuns: 400 },
  )
})

test('reader and walker agree on what is whole, cut and malformed', () => {
  fc.assert(
    fc.property(damaged, ({ bytes, uid }) => {
      const walked = walkIn([bytes], uid, 1e6)
      let read = 'whole'
      try {
        readDataset(bytes, uid)
      } catch (thrown) {
        read = (thrown as Fault).code
      }
      const code = typeof walked === 'string' ? walked.split(' ')[0] : 'whole'
      assert.equal(read, code)
    }),
    { seed, numRuns: 400 },
  )
})

const anyUid = fc.constantFrom(
  ...plainEncodings,
  deflatedLittleEndian,
  '1.2.840.10008.1.2.4.90',
  '1.2.3',
)

/** Bytes that look like DICOM enough to get somewhere. */
const noise = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 12 }),
      fc
        .constantFrom(
          '0800',
          '1000',
          'feff00e0',
          'feffdde0',
          'feff0de0',
          'ffffffff',
          '00000000',
          'e07f1000',
          '04000000',
        )
        .map(hex => Uint8Array.from(Buffer.from(hex, 'hex'))),
      fc
        .constantFrom('SQ', 'UN', 'OB', 'UI', 'LO', 'PN', 'DICM')
        .map(text => Uint8Array.from(Buffer.from(text))),
    ),
    { maxLength: 40 },
  )
  .map(parts => Buffer.concat(parts))

test('no bytes do more than give a fault', () => {
  const onlyFaults = (run: () => void) => {
    try {
      run()
    } catch (thrown) {
      assert.ok(thrown instanceof Fault && thrown.code !== 'internal', String(thrown))
    }
  }
  fc.assert(
    fc.property(noise, anyUid, (bytes, uid) => {
      onlyFaults(() => {
        for (const level of ['Patient', 'Series'] as const)
          mainTagsOf(readDataset(bytes, uid), level)
      })
      onlyFaults(() => {
        const dataset = readDataset(bytes, uid, { lenient: true })
        for (const each of dataset.elements()) dataset.textOf(each)
      })
      onlyFaults(() =>
        readFileMeta(Buffer.concat([new Uint8Array(128), Buffer.from('DICM'), bytes])),
      )
    }),
    { seed, numRuns: 2000 },
  )
})

test('a deflated dataset is walked as the plain one is', async () => {
  await fc.assert(
    fc.asyncProperty(elements, fc.integer({ min: 1, max: 60 }), async (written, length) => {
      const walker = new DatasetWalker(deflatedLittleEndian)
      for (const chunk of cut(writeDataset(written, deflatedLittleEndian), [length]))
        await walker.push(chunk)
      const walked = await walker.end()
      const plain = walkIn([writeDataset(written, explicitLittleEndian)], explicitLittleEndian, 1e6)
      const { pixelDataOffset: _, ...expected } = plain as Walked
      assert.deepEqual(
        outcome(() => walked),
        expected,
      )
    }),
    { seed, numRuns: 60 },
  )
})
