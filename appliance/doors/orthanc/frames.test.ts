import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { fragmentsOf } from './frames.ts'
import { withDoor } from './orthanc.contract.ts'

const bytes = (...lengths: number[]) => lengths.map(length => new Uint8Array(length))
const table = (...offsets: number[]) => new Uint8Array(Uint32Array.from(offsets).buffer)

test('fragments belong to frames one by one, by the offset table, or all to the only one', () => {
  const [a, b, c] = bytes(10, 20, 30)
  const all = [a!, b!, c!]
  assert.deepEqual(fragmentsOf(table(), all, 0, 1), all)
  assert.deepEqual(fragmentsOf(table(), all, 2, 3), [c])
  assert.deepEqual(fragmentsOf(table(0, 18), all, 1, 2), [b, c])
  assert.deepEqual(fragmentsOf(table(0, 46), all, 0, 2), [a, b])
  assert.equal(fragmentsOf(table(), all, 1, 2), undefined)
  assert.equal(fragmentsOf(table(0, 1000), all, 1, 2), undefined)
})

test('frames are given raw and packed, a document as what it is', () =>
  withDoor(async door => {
    const pixels = Uint8Array.from({ length: 32 }, (_, i) => i)
    const { ID } = await door.upload({ NumberOfFrames: '2' }, [
      { tag: 'SamplesPerPixel', value: 1 },
      { tag: 'Rows', value: 2 },
      { tag: 'Columns', value: 4 },
      { tag: 'BitsAllocated', value: 16 },
      { tag: 'PixelData', vr: 'OW', value: pixels },
    ])
    assert.deepEqual(await door.told(`/instances/${ID}/frames`), [0, 1])
    const raw = await (await door.get(`/instances/${ID}/frames/1/raw`)).arrayBuffer()
    assert.deepEqual(new Uint8Array(raw), pixels.subarray(16))
    const packed = await (await door.get(`/instances/${ID}/frames/0/raw.gz`)).arrayBuffer()
    assert.deepEqual(new Uint8Array(gunzipSync(packed)), pixels.subarray(0, 16))
    for (const frame of ['2', '-1']) {
      assert.equal((await door.get(`/instances/${ID}/frames/${frame}/raw`)).status, 400)
    }
    assert.equal((await door.get(`/instances/${ID}/pdf`)).status, 404)

    const document = Buffer.from('%PDF-odd')
    const pdf = await door.upload(
      { SOPClassUID: '1.2.840.10008.5.1.4.1.1.104.1', SOPInstanceUID: '1.2.3.8' },
      [
        { tag: 'EncapsulatedDocument', vr: 'OB', value: document },
        { tag: 'EncapsulatedDocumentLength', value: 7 },
      ],
    )
    const answer = await door.get(`/instances/${pdf.ID}/pdf`)
    assert.equal(answer.headers.get('content-type'), 'application/pdf')
    assert.equal(await answer.text(), '%PDF-od')
  }))
