import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from './json.ts'
import { filled, withDoor } from './orthanc.contract.ts'

test('a search finds by tags, parents, labels and metadata, in the order asked for', () =>
  withDoor(async door => {
    const { a, c, d } = await filled(door)
    const find = async (body: JsonObject) => (await door.posted('/tools/find', body)) as string[]
    const studies = { Level: 'Study', Query: {} }
    assert.deepEqual(await find({ Level: 'Study', Query: { StudyDate: '2026-' } }), [a.ParentStudy])
    assert.deepEqual(await find({ ...studies, Query: { ModalitiesInStudy: 'MR' } }), [
      a.ParentStudy,
    ])
    assert.deepEqual(await find({ ...studies, ParentPatient: d.ParentPatient }), [d.ParentStudy])
    assert.deepEqual(await find({ ...studies, ParentPatient: 'nobody' }), [])
    await door.ask('PUT', `/studies/${c.ParentStudy}/labels/urgent`)
    assert.deepEqual(await find({ ...studies, Labels: ['urgent', 'x'], LabelsConstraint: 'Any' }), [
      c.ParentStudy,
    ])
    assert.deepEqual(await find({ ...studies, Labels: ['urgent', 'x'] }), [])
    assert.equal((await find({ ...studies, Labels: [], LabelsConstraint: 'None' })).length, 2)
    for (const LabelsConstraint of ['All', 'Any']) {
      assert.equal((await find({ ...studies, Labels: [], LabelsConstraint })).length, 3)
    }
    await door.ask('PUT', `/studies/${d.ParentStudy}/metadata/colour`, 'dark blue')
    assert.deepEqual(await find({ ...studies, MetadataQuery: { colour: 'dark*' } }), [
      d.ParentStudy,
    ])
    const by = (Type: string, Key: string, Direction: string) => ({
      ...studies,
      OrderBy: [{ Type, Key, Direction }],
    })
    const dated = (await find(by('DicomTag', 'StudyDate', 'DESC'))).filter(
      id => id !== c.ParentStudy,
    )
    assert.deepEqual(dated, [a.ParentStudy, d.ParentStudy])
    assert.deepEqual((await find(by('Metadata', 'colour', 'ASC')))[0], d.ParentStudy)
    assert.equal(
      (await find({ ...by('Metadata', 'LastUpdate', 'DESC'), Limit: 2, Since: 2 })).length,
      1,
    )
    assert.deepEqual(await door.posted('/tools/count-resources', studies), { Count: 3 })
    const [told] = (await door.posted('/tools/find', {
      Level: 'Instance',
      Query: { InstanceNumber: '2' },
      ResponseContent: ['Metadata', 'Attachments', 'Parent'],
    })) as JsonObject[]
    assert.equal((told!.Metadata as JsonObject).Origin, 'RestApi')
    assert.equal((told!.Attachments as JsonObject[])[0]!.ContentType, 1)
  }))

test('a malformed search is refused and says why', () =>
  withDoor(async door => {
    const bodies: [unknown, number][] = [
      [{ Level: 'Study', Query: {}, OrderBy: [{ Type: 'x' }] }, 8],
      [{ Level: 'Study', Query: {}, Labels: 'x' }, 8],
      [{ Level: 'Study', Query: {}, LabelsConstraint: 'Some' }, 8],
      [{ Level: 'Study', Query: {}, ResponseContent: ['Everything'] }, 3],
      [{ Level: 'Study', Query: { PatientBirthDate: '19*' } }, 3],
      [{ Level: 'Study', Query: { Nonsense: 'x' } }, 27],
      [{ Level: 'Study', Query: {}, MetadataQuery: { nonsense: 'x' } }, 7],
    ]
    for (const [body, status] of bodies) {
      const answer = await door.ask('POST', '/tools/find', JSON.stringify(body))
      assert.equal(((await answer.json()) as JsonObject).OrthancStatus, status)
    }
  }))

test('a search answers no more than the settings allow, and pages only what the catalogue can', () =>
  withDoor(
    async door => {
      await filled(door)
      const find = async (body: JsonObject) => (await door.posted('/tools/find', body)) as string[]
      assert.equal((await find({ Level: 'Study', Query: {} })).length, 2)
      assert.equal((await find({ Level: 'Study', Query: {}, Limit: 1 })).length, 1)
      assert.equal((await find({ Level: 'Instance', Query: {} })).length, 4)
      assert.deepEqual(await door.posted('/tools/count-resources', { Level: 'Study', Query: {} }), {
        Count: 3,
      })
      const ask = { Level: 'Instance', Query: { Rows: '1' }, Since: 1 }
      const refused = await door.ask('POST', '/tools/find', JSON.stringify(ask))
      assert.equal(((await refused.json()) as JsonObject).OrthancStatus, 8)
    },
    { settings: { findResults: 2 } },
  ))
