import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEncoding } from './encoding.ts'
import type { JsonObject } from './json.ts'
import { type DoorUnderTest, withDoor } from './orthanc.contract.ts'

const post = (door: DoorUnderTest, path: string, body?: string) => door.ask('POST', path, body)

async function mainTags(door: DoorUnderTest, path: string): Promise<JsonObject> {
  return ((await door.told(path)) as JsonObject).MainDicomTags as JsonObject
}

const found = (door: DoorUnderTest, Level: string, Query: JsonObject) =>
  door.posted('/tools/find', { Level, Query })

/** A study of two series whose first instance is gone: its tags are those of the one that is gone. */
async function orphaned(door: DoorUnderTest) {
  const first = await door.upload({
    SOPInstanceUID: '1.2.3.1',
    StudyDescription: 'First',
    PatientName: 'First',
    SeriesDescription: 'One',
  })
  const second = await door.upload({
    SOPInstanceUID: '1.2.3.2',
    StudyDescription: 'Second',
    PatientName: 'Second',
    SeriesDescription: 'Two',
    Modality: 'MR',
  })
  await door.ask('DELETE', `/instances/${first.ID}`)
  return second
}

test('a study reconstructed has the tags of the first image that is left, and is found by them', () =>
  withDoor(async door => {
    const { ParentStudy, ParentPatient, ParentSeries } = await orphaned(door)
    assert.equal((await mainTags(door, `/studies/${ParentStudy}`)).StudyDescription, 'First')
    const last = ((await door.told('/changes?last')) as JsonObject).Last
    const answer = await post(door, `/studies/${ParentStudy}/reconstruct`)
    assert.deepEqual([answer.status, await answer.text()], [200, ''])
    assert.equal((await mainTags(door, `/studies/${ParentStudy}`)).StudyDescription, 'Second')
    assert.equal((await mainTags(door, `/patients/${ParentPatient}`)).PatientName, 'Second')
    assert.equal((await mainTags(door, `/series/${ParentSeries}`)).Modality, 'MR')
    assert.deepEqual(await found(door, 'Study', { StudyDescription: 'second' }), [ParentStudy])
    assert.deepEqual(await found(door, 'Study', { PatientName: 'second' }), [ParentStudy])
    assert.deepEqual(await found(door, 'Study', { ModalitiesInStudy: 'MR' }), [ParentStudy])
    for (const gone of [{ StudyDescription: 'first' }, { PatientName: 'first' }]) {
      assert.deepEqual(await found(door, 'Study', gone), [])
    }
    assert.deepEqual(await found(door, 'Study', { ModalitiesInStudy: 'CT' }), [])
    const list = (await door.told('/studies?expand&requested-tags=ModalitiesInStudy')) as [
      JsonObject,
    ]
    assert.deepEqual(list[0].RequestedTags, { ModalitiesInStudy: 'MR' })
    assert.equal(((await door.told('/changes?last')) as JsonObject).Last, last)
  }))

test('an instance reconstructed tells those above it too, whose first image it is', () =>
  withDoor(async door => {
    const { ID, ParentPatient } = await orphaned(door)
    assert.equal((await post(door, `/instances/${ID}/reconstruct`, 'no JSON')).status, 200)
    assert.equal((await mainTags(door, `/patients/${ParentPatient}`)).PatientName, 'Second')
  }))

test('LimitToThisLevelMainDicomTags leaves the levels above and below as they were', () =>
  withDoor(async door => {
    const { ParentStudy, ParentPatient, ParentSeries } = await orphaned(door)
    const limited = JSON.stringify({ LimitToThisLevelMainDicomTags: true, ReconstructFiles: true })
    assert.equal((await post(door, `/studies/${ParentStudy}/reconstruct`, limited)).status, 200)
    assert.equal((await mainTags(door, `/studies/${ParentStudy}`)).StudyDescription, 'Second')
    assert.equal((await mainTags(door, `/patients/${ParentPatient}`)).PatientName, 'First')
    assert.equal((await mainTags(door, `/series/${ParentSeries}`)).SeriesDescription, 'One')
  }))

test('the whole archive reconstructed is read as the default encoding is now', () => {
  const encoding = createEncoding('Latin1')
  return withDoor(
    async door => {
      const value = Buffer.from([0xb0, 0xb1])
      const { ID } = await door.upload({}, [{ tag: 'ImageComments', value }])
      await door.ask('PUT', '/tools/default-encoding', 'Cyrillic')
      assert.equal((await mainTags(door, `/instances/${ID}`)).ImageComments, '°±')
      const answer = await post(door, '/tools/reconstruct', '{"ReconstructFiles":false}')
      assert.deepEqual([answer.status, await answer.text()], [200, ''])
      assert.equal((await mainTags(door, `/instances/${ID}`)).ImageComments, 'АБ')
    },
    { running: { encoding } },
  )
})

test('what is not there, of another level or wrongly asked is not reconstructed', () =>
  withDoor(async door => {
    const { ID, ParentStudy } = await orphaned(door)
    for (const path of ['/instances/nope', `/studies/${ID}`]) {
      const answer = await post(door, `${path}/reconstruct`)
      assert.equal(answer.status, 404)
      assert.equal(((await answer.json()) as JsonObject).OrthancStatus, 17)
    }
    const wrong = await post(door, `/studies/${ParentStudy}/reconstruct`, '{"ReconstructFiles":1}')
    assert.equal(wrong.status, 400)
    assert.equal((await door.get(`/studies/${ParentStudy}/reconstruct`)).status, 405)
    assert.equal((await mainTags(door, `/studies/${ParentStudy}`)).StudyDescription, 'First')
  }))

test('an image that does not tell keeps what was known of it, and the answer says so', () =>
  withDoor(async door => {
    const { ID, ParentStudy } = await orphaned(door)
    const { archive, blobs } = door.behind
    await blobs.remove(archive.catalog.instance(ID)!.blob)
    const answer = await post(door, `/studies/${ParentStudy}/reconstruct`)
    assert.equal(answer.status, 500)
    assert.equal(((await answer.json()) as JsonObject).OrthancStatus, 20)
    assert.equal((await mainTags(door, `/studies/${ParentStudy}`)).StudyDescription, 'First')
    assert.equal(archive.damaged().length, 1)
  }))
