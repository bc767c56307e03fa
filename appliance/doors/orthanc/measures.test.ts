import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMeasures } from './measures.ts'
import { fileOf, withDoor } from './orthanc.contract.ts'

test('how long images take to be kept, how long answers take and what is read is measured', () =>
  withDoor(async door => {
    let time = 0
    const measures = createMeasures(() => time)
    const archive = measures.archive({
      ...door.behind.archive,
      receiveFile: async (...given) => {
        time += 30
        return door.behind.archive.receiveFile(...given)
      },
    })
    const file = fileOf({})
    const origin = { door: 'Unknown', at: '2026-03-04T05:06:07Z' } as const
    const { instance } = await archive.receiveFile(once(file), origin)
    await archive.receiveFile(once(file), origin)
    for await (const _ of archive.open(instance.id, { from: 0, to: 100 }));
    measures.answered('C-FIND', 12)
    measures.took('create', 3.4)
    measures.took('read', 8)
    measures.took('read', 2)
    measures.answered('C-FIND', 7)
    measures.answered('C-ECHO', 99)
    const figures = () => Object.fromEntries(measures.read())
    assert.deepEqual(figures(), {
      orthanc_find_scp_duration_ms: 12,
      orthanc_get_scp_duration_ms: 0,
      orthanc_move_scp_duration_ms: 0,
      orthanc_store_dicom_duration_ms: 30,
      orthanc_storage_create_duration_ms: 3,
      orthanc_storage_read_duration_ms: 8,
      orthanc_storage_remove_duration_ms: 0,
      orthanc_storage_read_bytes: 100,
      orthanc_storage_written_bytes: instance.bytes,
    })
    // What is longer ago than ten seconds is no longer told.
    time += 20_000
    assert.equal(figures().orthanc_find_scp_duration_ms, 0)
  }))

test('an archive that is measured reads into the memory it was given', () =>
  withDoor(async door => {
    const archive = createMeasures(() => 0).archive(door.behind.archive)
    const file = fileOf({})
    const origin = { door: 'Unknown', at: '2026-03-04T05:06:07Z' } as const
    const { instance } = await archive.receiveFile(once(file), origin)
    const into = Buffer.alloc(file.length)
    const chunks = await Array.fromAsync(archive.open(instance.id, undefined, into))
    assert.equal(chunks[0]!.buffer, into.buffer)
    assert.ok(into.equals(file))
  }))

async function* once(bytes: Uint8Array) {
  yield bytes
}
