import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type FileMeta, readFileMeta, writeFileMeta } from './fileMeta.ts'
import { explicitLittleEndian, implicitLittleEndian } from './transferSyntaxes.ts'
import { implementation } from './uids.ts'
import { type NewElement, writeDataset } from './write.ts'

const fields = {
  sopClassUid: '1.2.840.10008.5.1.4.1.1.2',
  sopInstanceUid: '1.2.3.4',
  transferSyntaxUid: implicitLittleEndian,
  implementationClassUid: implementation.classUid,
  implementationVersionName: implementation.versionName,
  sourceAeTitle: 'CT1',
  receivingAeTitle: 'WAYSTATION',
}
const dataset = writeDataset([{ tag: 'PatientID', value: '42' }], implicitLittleEndian)

function read(bytes: Uint8Array): FileMeta {
  const start = readFileMeta(bytes)
  assert.notEqual(start, 'more')
  return start as FileMeta
}

test('what stands before a dataset is read as it was written', () => {
  const meta = writeFileMeta(fields)
  const start = read(Buffer.concat([meta, dataset]))
  assert.equal(start.datasetOffset, meta.length)
  assert.equal(start.transferSyntaxUid, implicitLittleEndian)
  assert.equal(start.meta.text('MediaStorageSOPClassUID'), fields.sopClassUid)
  assert.equal(start.meta.text('MediaStorageSOPInstanceUID'), fields.sopInstanceUid)
  assert.equal(start.meta.text('ImplementationVersionName'), implementation.versionName)
  assert.equal(start.meta.text('SourceApplicationEntityTitle'), 'CT1')
  assert.equal(start.meta.text('ReceivingApplicationEntityTitle'), 'WAYSTATION')
  assert.equal(start.meta.get('SendingApplicationEntityTitle'), undefined)
  assert.equal(start.meta.numbers(0x00020000)[0], meta.length - 128 - 4 - 12)
})

test('more bytes are asked for until the dataset begins, or the file ends there', () => {
  const meta = writeFileMeta(fields)
  for (let length = 0; length < meta.length; length++) {
    assert.equal(readFileMeta(meta.subarray(0, length)), 'more', `${length}`)
  }
  assert.equal(read(meta).datasetOffset, meta.length)
})

test('a missing or wrong group length does not matter', () => {
  const meta = writeFileMeta(fields)
  const without = Buffer.concat([meta.subarray(0, 132), meta.subarray(144), dataset])
  assert.equal(read(without).datasetOffset, meta.length - 12)
  const wrong = Buffer.concat([meta, dataset])
  wrong.writeUInt32LE(4, 140)
  assert.equal(read(wrong).datasetOffset, meta.length)
})

test('without a TransferSyntaxUID the dataset itself tells explicit from implicit VR', () => {
  const bare = (uid: string) => {
    const elements: NewElement[] = [{ tag: 0x00020012, value: '1.2.3' }]
    const group = writeDataset(elements, explicitLittleEndian)
    const rest = writeDataset([{ tag: 'PatientID', value: '42' }], uid)
    return Buffer.concat([new Uint8Array(128), Buffer.from('DICM'), group, rest])
  }
  assert.equal(read(bare(implicitLittleEndian)).transferSyntaxUid, implicitLittleEndian)
  assert.equal(read(bare(explicitLittleEndian)).transferSyntaxUid, explicitLittleEndian)
})

test('what is not DICOM is refused as soon as that is known', () => {
  const code = 'not-dicom'
  assert.throws(() => readFileMeta(Buffer.from(`%PDF-1.7${' '.repeat(200)}`)), { code })
  const meta = Buffer.from(writeFileMeta(fields))
  // An element that claims megabytes
  meta.writeUInt32LE(0x7fffffff, 152)
  assert.throws(() => readFileMeta(meta), { code })
  // An element of no VR and of nonsense within the group
  const broken = Buffer.concat([
    meta.subarray(0, 132),
    Buffer.from('0200feff01020304', 'hex'),
    dataset,
  ])
  assert.throws(() => readFileMeta(broken), { code })
  // A group 2 that never ends
  const element = writeDataset(
    [{ tag: 0x00020102, vr: 'OB', value: new Uint8Array(60_000) }],
    explicitLittleEndian,
  )
  const endless = Buffer.concat([
    meta.subarray(0, 132),
    ...Array.from({ length: 30 }, () => element),
  ])
  assert.throws(() => readFileMeta(endless), { code })
})
