import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import type { JsonObject } from './json.ts'
import { type DoorUnderTest, withDoor } from './orthanc.contract.ts'
import { createTidying, sweepAttachments } from './tidying.ts'

const md5 = (bytes: Uint8Array) => createHash('md5').update(bytes).digest('hex')
const blobs = async ({ behind }: DoorUnderTest) =>
  (await Array.fromAsync(behind.attachments.keys())).length

test('an attachment of more than a form may have is kept as it is, packed and unpacked', () =>
  withDoor(async door => {
    const { ParentStudy } = await door.upload({})
    const url = `/studies/${ParentStudy}/attachments/note`
    const bytes = Buffer.alloc(17 * 1024 * 1024 + 5, 'abc')
    assert.equal((await door.ask('PUT', url, bytes)).status, 200)
    const read = async () => Buffer.from(await (await door.get(`${url}/data`)).arrayBuffer())
    assert.deepEqual(await read(), bytes)
    await door.ask('POST', `${url}/compress`)
    const info = (await door.told(`${url}/info`)) as JsonObject
    assert.equal(info.UncompressedMD5, md5(bytes))
    const packed = Buffer.from(await (await door.get(`${url}/compressed-data`)).arrayBuffer())
    assert.equal(packed.readBigUInt64LE(0), BigInt(bytes.length))
    assert.equal(info.CompressedSize, packed.length)
    assert.equal(info.CompressedMD5, md5(packed))
    assert.equal(await blobs(door), 2)
    await door.ask('POST', `${url}/uncompress`)
    assert.deepEqual(await read(), bytes)
    assert.equal(await blobs(door), 1)
    await door.ask('PUT', url, 'other')
    assert.equal(await blobs(door), 1)
    await door.ask('DELETE', url)
    assert.equal(await blobs(door), 0)
  }))

test('what users write is told as changes', () =>
  withDoor(async door => {
    const { ID, ParentStudy } = await door.upload({})
    await door.ask('PUT', `/instances/${ID}/metadata/colour`, 'red')
    await door.ask('PUT', `/studies/${ParentStudy}/attachments/note`, 'x')
    await door.ask('DELETE', `/studies/${ParentStudy}/attachments/note`)
    await door.ask('DELETE', `/instances/${ID}/metadata/colour`)
    const { Changes } = (await door.told('/changes?since=4')) as { Changes: JsonObject[] }
    assert.deepEqual(
      Changes.map(({ ChangeType, Path }) => [ChangeType, Path]),
      [
        ['UpdatedMetadata', `/instances/${ID}`],
        ['UpdatedAttachment', `/studies/${ParentStudy}`],
        ['UpdatedAttachment', `/studies/${ParentStudy}`],
        ['UpdatedMetadata', `/instances/${ID}`],
      ],
    )
  }))

test('what users wrote goes with its resource, whichever door removed it', () =>
  withDoor(async door => {
    const { ID, ParentStudy, ParentPatient } = await door.upload({})
    const other = await door.upload({
      ...{ PatientID: 'P2', StudyInstanceUID: '1.2.9' },
      ...{ SeriesInstanceUID: '1.2.9.1', SOPInstanceUID: '1.2.9.1.1' },
    })
    await door.ask('PUT', `/instances/${ID}/metadata/colour`, 'red')
    await door.ask('PUT', `/instances/${ID}/attachments/note`, 'x')
    await door.ask('PUT', `/studies/${ParentStudy}/labels/mine`)
    await door.ask('PUT', `/patients/${ParentPatient}/protected`, '1')
    await door.ask('PUT', `/studies/${other.ParentStudy}/labels/kept`)
    const { archive, store } = door.behind
    await archive.remove(ParentStudy)
    const stop = new AbortController()
    const running = createTidying(door.behind).run(stop.signal)
    while ([...store.range()].length > 3) await new Promise(resolve => setImmediate(resolve))
    stop.abort()
    await running
    assert.deepEqual(await door.told('/tools/labels'), ['kept'])
    assert.equal(await blobs(door), 0)
    await door.upload({})
    assert.deepEqual(await door.told(`/studies/${ParentStudy}/labels`), [])
    assert.equal((await door.get(`/instances/${ID}/metadata/colour`)).status, 404)
  }))

test('bytes that were attached and never told of are swept', () =>
  withDoor(async door => {
    const { ID } = await door.upload({})
    await door.ask('PUT', `/instances/${ID}/attachments/note`, 'kept')
    async function* orphan() {
      yield Buffer.from('cut off')
    }
    await door.behind.attachments.write(orphan())
    await sweepAttachments(door.behind)
    assert.equal(await blobs(door), 1)
    assert.equal(await (await door.get(`/instances/${ID}/attachments/note/data`)).text(), 'kept')
  }))
