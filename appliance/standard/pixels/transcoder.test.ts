import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '../../faults.ts'
import {
  explicitLittleEndian,
  implicitLittleEndian,
  readDataset,
  writeDataset,
} from '../dicom/dicom.ts'
import { createTranscoder, type Transcoder } from './pixels.ts'

const elements = [{ tag: 'PatientComments', value: 'x'.repeat(3_000) }]
const source = writeDataset(elements, explicitLittleEndian)

async function* given(bytes: Uint8Array) {
  for (let at = 0; at < bytes.length; at += 100) yield bytes.subarray(at, at + 100)
}

const converted = async (transcoder: Transcoder, bytes = source) =>
  Buffer.concat(
    await Array.fromAsync(
      transcoder.transcode(given(bytes), explicitLittleEndian, implicitLittleEndian),
    ),
  )

const expected = Buffer.from(writeDataset(elements, implicitLittleEndian))

test('more datasets than there are threads are converted one after the other', async () => {
  const transcoder = createTranscoder({ threads: 1 })
  const all = await Promise.all([1, 2, 3].map(() => converted(transcoder)))
  for (const each of all) assert.deepEqual(each, expected)
  await transcoder.close()
})

test('a fault in a thread comes out, and the next dataset is converted', async () => {
  const transcoder = createTranscoder({ threads: 1 })
  await assert.rejects(
    converted(transcoder, source.subarray(0, 50)),
    (error: unknown) => error instanceof Fault && error.code === 'dataset-truncated',
  )
  assert.deepEqual(await converted(transcoder), expected)
  await transcoder.close()
})

test('a fault of the source comes out as it is', async () => {
  const transcoder = createTranscoder({ threads: 1 })
  const failing = (async function* () {
    yield source.subarray(0, 50)
    throw new Fault('storage-failed', 'a sector')
  })()
  await assert.rejects(
    Array.fromAsync(transcoder.transcode(failing, explicitLittleEndian, implicitLittleEndian)),
    (error: unknown) => error instanceof Fault && error.code === 'storage-failed',
  )
  assert.deepEqual(await converted(transcoder), expected)
  await transcoder.close()
})

test('who leaves early leaves the thread to the next', async () => {
  const transcoder = createTranscoder({ threads: 1 })
  for await (const chunk of transcoder.transcode(
    given(source),
    explicitLittleEndian,
    implicitLittleEndian,
  )) {
    assert.ok(chunk.length > 0)
    break
  }
  assert.deepEqual(await converted(transcoder), expected)
  await transcoder.close()
})

test('a thread that does not answer in time is given up, and the fault says so', async () => {
  const transcoder = createTranscoder({ threads: 1, patience: 0 })
  await assert.rejects(
    converted(transcoder),
    (error: unknown) => error instanceof Fault && error.code === 'too-large',
  )
  await transcoder.close()
})

test('a transcoder that is closed converts no more', async () => {
  const transcoder = createTranscoder()
  await transcoder.close()
  await assert.rejects(
    converted(transcoder),
    (error: unknown) => error instanceof Fault && error.code === 'stopping',
  )
})

const image = (bits: number) =>
  writeDataset(
    [
      { tag: 'SOPInstanceUID', value: '1.2.3' },
      { tag: 'SamplesPerPixel', value: 1 },
      { tag: 'PhotometricInterpretation', value: 'MONOCHROME2' },
      { tag: 'Rows', value: 16 },
      { tag: 'Columns', value: 16 },
      { tag: 'BitsAllocated', value: 16 },
      { tag: 'BitsStored', value: bits },
      { tag: 'PixelRepresentation', value: 0 },
      { tag: 'PixelData', vr: 'OW', value: new Uint8Array(512) },
    ],
    explicitLittleEndian,
  )

test('an image with loss is made of two readings, and one that cannot be is a fault that holds up nobody', async () => {
  const transcoder = createTranscoder({ threads: 1 })
  const derived = async (bits: number) => {
    let times = 0
    const open = () => {
      times++
      return given(image(bits))
    }
    const derivation = { quality: 90, sopInstanceUid: '1.2.4' }
    const chunks = transcoder.derive(open, explicitLittleEndian, baseline, derivation)
    return { bytes: Buffer.concat(await Array.fromAsync(chunks)), times }
  }
  const first = await derived(8)
  assert.equal(first.times, 2)
  assert.equal(readDataset(first.bytes, baseline).text('SOPInstanceUID'), '1.2.4')
  for (let at = 0; at < 3; at++)
    await assert.rejects(
      derived(12),
      (error: unknown) => error instanceof Fault && error.code === 'not-supported',
    )
  assert.deepEqual(await derived(8), first)
  assert.deepEqual(await converted(transcoder), expected)
  await transcoder.close()
})

const baseline = '1.2.840.10008.1.2.4.50'
