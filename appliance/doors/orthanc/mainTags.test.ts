import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dictionaryFrom } from './dictionary.ts'
import type { JsonObject } from './json.ts'
import { mainTagsFrom } from './mainTags.ts'
import { withDoor } from './orthanc.contract.ts'
import { orthancSettings } from './settings.ts'

const extra = {
  ...{ Patient: ['PatientComments'], Study: ['PatientAge', 'StudyDate'] },
  Series: ['0008,1090', 'ReferencedStudySequence'],
}

test('tags that the settings add are told among the main tags, everywhere those are told', () =>
  withDoor(
    async door => {
      const one = await door.upload(
        {
          ...{ PatientComments: 'kind', PatientAge: '042Y', ManufacturerModelName: 'M1' },
          StudyDate: '20260101',
        },
        [{ tag: 'ReferencedStudySequence', items: [[{ tag: 'PatientID', value: 'x' }]] }],
      )
      const of = async (path: string) => (await door.told(path)) as Record<string, JsonObject>
      const patient = await of(`/patients/${one.ParentPatient}`)
      assert.equal(patient.MainDicomTags!.PatientComments, 'kind')
      const study = await of(`/studies/${one.ParentStudy}`)
      assert.deepEqual(study.MainDicomTags, {
        ...{ PatientAge: '042Y', StudyDate: '20260101', StudyInstanceUID: '1.2.3' },
      })
      assert.equal(study.PatientMainDicomTags!.PatientComments, 'kind')
      const [listed] = (await door.told('/studies?expand&short')) as Record<string, JsonObject>[]
      assert.equal(listed!.MainDicomTags!['0010,1010'], '042Y')
      const series = await of(`/series/${one.ParentSeries}`)
      assert.equal(series.MainDicomTags!.ManufacturerModelName, 'M1')
      assert.deepEqual(series.MainDicomTags!.ReferencedStudySequence, [{ PatientID: 'x' }])
      const { MainDicomTags } = await of('/system')
      assert.ok(String(MainDicomTags!.Study).split(';').includes('0010,1010'))
      const signature = `/studies/${one.ParentStudy}/metadata/MainDicomTagsSignature`
      assert.equal(await (await door.get(signature)).text(), MainDicomTags!.Study)
      const asked = `/series/${one.ParentSeries}?requested-tags=PatientAge;ProtocolName;Rows;Station`
      assert.equal((await door.get(asked)).status, 500)
      const told = await of(asked.replace(';Station', ''))
      assert.deepEqual(told.RequestedTags, { PatientAge: '042Y' })
      const found = (await door.posted('/tools/find', {
        ...{ Level: 'Study', Query: {}, ResponseContent: ['MainDicomTags'] },
      })) as Record<string, JsonObject>[]
      assert.equal(found[0]!.MainDicomTags!.PatientAge, '042Y')
    },
    { settings: { extraMainDicomTags: extra, storageAccessOnFind: 'Never' } },
  ))

test('the request attributes of a series are told among its main tags, whatever may be read', () =>
  withDoor(
    async door => {
      const items = [[{ tag: 'ScheduledProcedureStepID', value: 'S1' }]]
      const one = await door.upload({}, [{ tag: 'RequestAttributesSequence', items }])
      const told = [{ ScheduledProcedureStepID: 'S1' }]
      const path = `/series/${one.ParentSeries}`
      const series = async (more = '') =>
        (await door.told(path + more)) as Record<string, JsonObject>
      assert.deepEqual((await series()).MainDicomTags!.RequestAttributesSequence, told)
      assert.deepEqual((await series('?short')).MainDicomTags!['0040,0275'], [
        { '0040,0009': 'S1' },
      ])
      for (const list of [
        '/series?expand',
        `/studies/${one.ParentStudy}/series`,
        '/series?expand',
      ]) {
        const [listed] = (await door.told(list)) as Record<string, JsonObject>[]
        assert.deepEqual(listed!.MainDicomTags!.RequestAttributesSequence, told, list)
      }
      const asked = await series('?requested-tags=RequestAttributesSequence')
      assert.deepEqual(asked.RequestedTags, { RequestAttributesSequence: told })
      const instance = `/instances/${one.ID}?requested-tags=RequestAttributesSequence`
      const { RequestedTags } = (await door.told(instance)) as Record<string, JsonObject>
      assert.deepEqual(RequestedTags, { RequestAttributesSequence: told })
      // The next image of the series may say otherwise; the first one counts.
      await door.upload({ SOPInstanceUID: '1.2.3.5' })
      assert.deepEqual((await series()).MainDicomTags!.RequestAttributesSequence, told)
    },
    { settings: { storageAccessOnFind: 'Never' } },
  ))

test('a tag that there is not cannot be a main tag', () => {
  const { extraMainDicomTags } = orthancSettings.parse({
    extraMainDicomTags: { Study: ['Nonsense', 'Rows'], Series: ['Other'] },
  })
  assert.throws(() => mainTagsFrom(extraMainDicomTags, dictionaryFrom({})), {
    code: 'settings-refused',
    detail: /"Nonsense", "Other"/,
  })
})
