import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  implicitLittleEndian,
  type NewElement,
  readDataset,
  writeDataset,
} from '../../standard/dicom/dicom.ts'
import { dictionaryFrom } from './dictionary.ts'
import type { JsonObject } from './json.ts'
import { withDoor } from './orthanc.contract.ts'
import { identifierOf, keysIn } from './queriesIdentifier.ts'
import { orthancSettings } from './settings.ts'

const settings = {
  '0009,01': ['LO', 'Dose Note', 1, 1, 'ACME'],
  '0009,1003': ['US', 'DoseCount', 1, 1, 'ACME'],
  '0009,05': ['SQ', 'DoseSequence', 1, 1, 'ACME'],
  '0015,1021': ['DA', 'Runs Out On'],
} satisfies Record<string, [string, string, number?, number?, string?]>
const dictionary = dictionaryFrom(settings)

/** Private elements in a block of ACME's, as they come in implicit VR: nobody says their VR. */
const unknown = (block: string): NewElement[] => {
  const inner = writeDataset([{ tag: 'PatientID', value: 'inner' }], implicitLittleEndian)
  const item = Buffer.concat([Uint8Array.of(0xfe, 0xff, 0, 0xe0, inner.length, 0, 0, 0), inner])
  return [
    { tag: `0009,00${block}`, vr: 'LO', value: 'ACME' },
    { tag: `0009,${block}01`, vr: 'UN', value: Buffer.from('low ') },
    { tag: `0009,${block}02`, vr: 'UN', value: Buffer.from('other ') },
    { tag: `0009,${block}03`, vr: 'UN', value: Uint8Array.of(7, 0) },
    { tag: `0009,${block}05`, vr: 'UN', value: item },
  ]
}

test('private tags have the declared names and VRs, in whatever block their creator reserved', () =>
  withDoor(
    async door => {
      const { ID, ParentStudy } = await door.upload({}, unknown('20'))
      const tags = (await door.told(`/instances/${ID}/tags`)) as Record<string, JsonObject>
      assert.deepEqual(tags['0009,2001'], {
        ...{ Name: 'Dose Note', PrivateCreator: 'ACME', Type: 'String', Value: 'low' },
      })
      assert.equal(tags['0009,2002']!.Name, 'Unknown Tag & Data')
      assert.equal(tags['0009,2002']!.Type, 'Null')
      const human = (await door.told(`/instances/${ID}/simplified-tags`)) as JsonObject
      assert.equal(human.DoseCount, '7')
      assert.deepEqual(human.DoseSequence, [{ PatientID: 'inner' }])
      const shared = await door.told(`/studies/${ParentStudy}/shared-tags?simplify`)
      assert.equal((shared as JsonObject)['Dose Note'], 'low')
    },
    { settings: { dictionary: settings } },
  ))

test('private tags are asked for by their names wherever tags are named', () =>
  withDoor(
    async door => {
      const low = await door.upload({}, unknown('10'))
      const other = await door.upload(
        { SOPInstanceUID: '1.2.3.5', StudyInstanceUID: '1.2.9', SeriesInstanceUID: '1.2.9.1' },
        [...unknown('31').slice(0, 1), { tag: '0009,3101', vr: 'LO', value: 'x'.repeat(300) }],
      )
      const find = (body: JsonObject) => door.posted('/tools/find', { Level: 'Instance', ...body })
      assert.deepEqual(await find({ Query: { 'Dose Note': 'LOW' } }), [low.ID])
      assert.deepEqual(await find({ Query: { 'Dose Note': 'x*' } }), [other.ID])
      assert.deepEqual(await find({ Query: { DoseCount: '7' } }), [low.ID])
      assert.deepEqual(await find({ Query: { '0009,1001': 'low' } }), [low.ID])
      const studies = (await door.posted('/tools/find', {
        ...{ Level: 'Study', Query: {}, RequestedTags: ['Dose Note', 'DoseCount'], Expand: true },
      })) as JsonObject[]
      assert.deepEqual(studies.find(({ ID }) => ID === low.ParentStudy)!.RequestedTags, {
        ...{ 'Dose Note': 'low', DoseCount: '7' },
      })
      const asked = '?requested-tags=Dose%20Note&short'
      assert.deepEqual(
        ((await door.told(`/studies/${other.ParentStudy}${asked}`)) as JsonObject).RequestedTags,
        { '0009,3101': 'x'.repeat(300) },
      )
      const url = `/instances/${other.ID}`
      const cut = (await door.told(`${url}/simplified-tags`)) as JsonObject
      assert.equal(cut['Dose Note'], null)
      const long = await door.told(`${url}/simplified-tags?ignore-length=Dose%20Note`)
      assert.equal((long as JsonObject)['Dose Note'], 'x'.repeat(300))
      const content = await door.get(`/instances/${low.ID}/content/DoseSequence/0/PatientID`)
      assert.equal(await content.text(), 'inner ')
      assert.equal((await door.get(`${url}/content/DoseCount`)).status, 404)
      const nobody = await door.ask('POST', '/tools/find', '{"Level":"Study","Query":{"Dose":"1"}}')
      assert.equal(((await nobody.json()) as JsonObject).OrthancStatus, 27)
    },
    { settings: { dictionary: settings } },
  ))

test('a question to another node tells the creator of a private tag, in a block that is free', () => {
  const keys = keysIn(
    { PatientID: 'P', 'Dose Note': 'low', DoseCount: '7', '0009,0010': 'OTHER', 'Runs Out On': '' },
    'Query',
    dictionary,
  )
  const bytes = writeDataset(identifierOf(keys, dictionary, 'Patient'), '1.2.840.10008.1.2.1')
  const sent = readDataset(bytes, '1.2.840.10008.1.2.1')
  assert.deepEqual(
    Array.from(sent.elements(), each => [each.tag.toString(16), each.vr, sent.textOf(each)]),
    [
      ['90010', 'LO', 'OTHER'],
      ['90011', 'LO', 'ACME'],
      ['91101', 'LO', 'low'],
      ['91103', 'US', '7'],
      ['100020', 'LO', 'P'],
      ['151021', 'DA', ''],
    ],
  )
})

test('a dictionary with a bad tag, VR or name is refused', () => {
  for (const bad of [
    { nonsense: ['LO', 'X'] },
    { '0010,01': ['LO', 'X'] },
    { '0009,01': ['XX', 'X'] },
    { '0009,01': ['LO', ''] },
    { '0009,01': ['LO'] },
    { '0009,01': ['LO', 'X', -1] },
  ]) {
    assert.equal(orthancSettings.safeParse({ dictionary: bad }).success, false, JSON.stringify(bad))
  }
})
