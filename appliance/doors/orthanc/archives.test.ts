import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readDataset, readFileMeta } from '../../standard/dicom/dicom.ts'
import type { JsonObject } from './json.ts'
import { type DoorUnderTest, fileOf, unzipped, withDoor } from './orthanc.contract.ts'
import { noConversion } from './transcoding.ts'

const bodyOf = async (response: Response) => Buffer.from(await response.arrayBuffer())

async function finished(door: DoorUnderTest, id: unknown): Promise<JsonObject> {
  for (;;) {
    const job = (await door.told(`/jobs/${id}`)) as JsonObject
    if (job.State === 'Success' || job.State === 'Failure') return job
    await new Promise(setImmediate)
  }
}

test('an archive made by a job is its output, listed with its content, and can be removed', () =>
  withDoor(async door => {
    const { ParentStudy } = await door.upload({})
    const submitted = (await door.posted(`/studies/${ParentStudy}/archive`, {
      ...{ Asynchronous: true, Priority: -2, UserData: { mine: 1 } },
    })) as JsonObject
    assert.deepEqual(submitted, { ID: submitted.ID, Path: `/jobs/${submitted.ID}` })
    const job = await finished(door, submitted.ID)
    const output = await door.get(`/jobs/${submitted.ID}/archive`)
    assert.equal(output.headers.get('content-type'), 'application/zip')
    assert.equal(output.headers.get('content-disposition'), 'filename="archive.zip"')
    const zip = await bodyOf(output)
    const bytes = fileOf({}).length
    assert.deepEqual(job, {
      CompletionTime: '20260304T050607.000000',
      Content: {
        ArchiveSize: String(zip.length),
        ArchiveSizeMB: 0,
        Description: 'REST API',
        InstancesCount: 1,
        UncompressedSize: String(bytes),
        UncompressedSizeMB: 0,
      },
      CreationTime: '20260304T050607.000000',
      EffectiveRuntime: job.EffectiveRuntime,
      ErrorCode: 0,
      ErrorDescription: 'Success',
      ErrorDetails: '',
      ID: submitted.ID,
      Priority: -2,
      Progress: 100,
      State: 'Success',
      Timestamp: '20260304T050607.000000',
      Type: 'Archive',
      UserData: { mine: 1 },
    })
    assert.deepEqual(unzipped(zip), {
      'P1 - Doe Jane/Unknown Study/CT/CT000000.dcm': Buffer.from(fileOf({})),
    })
    assert.equal((await door.get(`/jobs/${submitted.ID}/toString`)).status, 404)
    assert.equal((await door.ask('DELETE', `/jobs/${submitted.ID}/archive`)).status, 200)
    assert.equal((await door.get(`/jobs/${submitted.ID}/archive`)).status, 404)
    assert.equal((await door.ask('DELETE', `/jobs/${submitted.ID}`)).status, 200)
    assert.equal((await door.get(`/jobs/${submitted.ID}`)).status, 404)
    assert.equal((await door.ask('DELETE', `/jobs/${submitted.ID}`)).status, 404)
  }))

test('a download is listed among the jobs, too', () =>
  withDoor(async door => {
    const { ParentStudy } = await door.upload({})
    const zip = await bodyOf(await door.get(`/studies/${ParentStudy}/archive`))
    const [job] = (await door.told('/jobs?expand')) as unknown as JsonObject[]
    assert.equal((job!.Content as JsonObject).ArchiveSize, String(zip.length))
    assert.deepEqual([job!.Type, job!.State], ['Archive', 'Success'])
    assert.deepEqual(await door.told('/jobs'), [job!.ID!])
    for (const action of ['cancel', 'pause']) {
      assert.equal((await door.ask('POST', `/jobs/${job!.ID}/${action}`)).status, 200)
    }
    for (const path of ['resume', 'resubmit'].map(each => `${job!.ID}/${each}`)) {
      assert.equal((await door.ask('POST', `/jobs/${path}`)).status, 400)
    }
    for (const action of ['cancel', 'pause', 'resume', 'resubmit']) {
      assert.equal((await door.ask('POST', `/jobs/nobody/${action}`, '{}')).status, 400)
    }
  }))

test('a download that the caller leaves ends, and is told of as cancelled', () =>
  withDoor(async door => {
    const noise = Buffer.alloc(3_000_000).map((_, i) => (i * i * 31) >> 7)
    const pixels = { tag: 'PixelData', vr: 'OB', value: noise }
    const { ParentStudy } = await door.upload({}, [pixels])
    const response = await door.get(`/studies/${ParentStudy}/archive`)
    await response.body!.cancel()
    const [job] = (await door.told('/jobs?expand')) as unknown as JsonObject[]
    assert.deepEqual([job!.State, job!.ErrorCode], ['Failure', 37])
  }))

test('several resources make one archive, each instance once', () =>
  withDoor(async door => {
    const a = await door.upload({})
    const b = await door.upload({ SOPInstanceUID: '1.2.9.9', SeriesInstanceUID: '1.2.9' })
    const ids = [a.ID, a.ParentStudy, b.ParentSeries, a.ParentPatient, a.ParentStudy]
    const zips = [
      await door.ask('POST', '/tools/create-archive', JSON.stringify(ids)),
      await door.ask('POST', '/tools/create-archive', JSON.stringify({ Resources: ids })),
      await door.get(`/tools/create-archive?resources=${ids.join(',')}&filename=x.zip`),
    ]
    for (const zip of zips) assert.equal(Object.keys(unzipped(await bodyOf(zip))).length, 2)
    assert.equal(zips[2]!.headers.get('content-disposition'), 'filename="x.zip"')
    const [job] = (await door.told('/jobs?expand')) as unknown as JsonObject[]
    assert.equal((job!.Content as JsonObject).InstancesCount, 2)
  }))

test('names keep every letter when UTF-8 is asked for or set, and only ASCII otherwise', async () => {
  for (const zipUtf8 of [false, true]) {
    await withDoor(
      async door => {
        const { ParentPatient } = await door.upload({
          SpecificCharacterSet: 'ISO_IR 192',
          ...{ PatientName: 'Müller^山田', PatientID: '../a/b', StudyDescription: 'Knie\\..' },
        })
        const url = `/patients/${ParentPatient}/archive`
        const names = async (answer: Response) => Object.keys(unzipped(await bodyOf(answer)))
        const wished = async (body: object) =>
          names(await door.ask('POST', url, JSON.stringify(body)))
        const all = ['ab - Müller 山田/Knie/CT/CT000000.dcm']
        const ascii = ['ab - Mller/Knie/CT/CT000000.dcm']
        assert.deepEqual(await wished({ Utf8: true }), all)
        assert.deepEqual(await wished({ Utf8: false }), ascii)
        assert.deepEqual(await wished({}), zipUtf8 ? all : ascii)
        assert.deepEqual(await names(await door.get(url)), zipUtf8 ? all : ascii)
      },
      { settings: { zipUtf8 } },
    )
  }
})

test('media have a DICOMDIR that leads to every file, and names that ISO 9660 takes', () =>
  withDoor(async door => {
    const a = await door.upload({
      ...{ PatientName: 'Müller', SpecificCharacterSet: 'ISO_IR 192', StudyDate: '20260101' },
      ...{ StudyTime: '1200', StudyID: 'S', InstanceNumber: '7', SeriesNumber: '3' },
    })
    await door.upload({ SOPInstanceUID: '1.2.3.5', SeriesInstanceUID: '1.2.3.9', PatientName: 'x' })
    const d = await door.upload({
      ...{ PatientID: '', PatientName: undefined, SOPInstanceUID: '1.2.5.4' },
      ...{ StudyInstanceUID: '1.2.5', SeriesInstanceUID: '1.2.5.3', Modality: undefined },
    })
    const ids = JSON.stringify([a.ParentPatient, d.ParentPatient])
    const members = unzipped(await bodyOf(await door.ask('POST', '/tools/create-media', ids)))
    assert.deepEqual(Object.keys(members), ['IMAGES/IM0', 'IMAGES/IM1', 'IMAGES/IM2', 'DICOMDIR'])
    const file = members.DICOMDIR!
    const meta = readFileMeta(file)
    assert.ok(meta !== 'more')
    assert.equal(meta.meta.text('MediaStorageSOPClassUID'), '1.2.840.10008.1.3.10')
    const dataset = readDataset(file.subarray(meta.datasetOffset), meta.transferSyntaxUid)
    const records = dataset.items('DirectoryRecordSequence')
    // Each record by the offset of its item's tag in the file, which lies before its first element.
    const at = new Map(
      records.map(record => [
        [...record.elements()][0]!.offset - 8 - 8 + meta.datasetOffset,
        record,
      ]),
    )
    const walk = (offset: number | undefined): unknown[] => {
      const record = at.get(offset ?? 0)
      if (!record) return []
      const number = (keyword: string) => record.numbers(keyword)[0]
      const type = record.text('DirectoryRecordType')
      const tell = {
        PATIENT: [record.text('PatientName'), record.text('PatientID')],
        STUDY: [record.text('StudyDate'), record.text('StudyTime'), record.text('StudyID')],
        SERIES: [record.text('Modality'), record.text('SeriesNumber')],
        IMAGE: [record.text('ReferencedFileID'), record.text('InstanceNumber')],
      }[type as 'IMAGE']
      return [
        [type, ...tell, walk(number('OffsetOfReferencedLowerLevelDirectoryEntity'))],
        ...walk(number('OffsetOfTheNextDirectoryRecord')),
      ]
    }
    const root = dataset.numbers('OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity')[0]
    const tree = walk(root) as [string, string, string][]
    const named = tree.sort((x, y) => (x[1] < y[1] ? 1 : -1))
    assert.match(named[1]![2], /^UNKNOWN-[0-9a-f]{8}$/)
    assert.equal(records.length, 3 + 2 + 2 + 3)
    assert.deepEqual(named[0]!.slice(0, 3), ['PATIENT', 'Müller', 'P1'])
    const texts = JSON.stringify(tree)
    assert.match(texts, /\["STUDY","20260101","1200","S",\[\["SERIES","CT","3"/)
    assert.match(texts, /"STUDY","19000101","000000","1",\[\["SERIES","OT","1"/)
    for (const each of ['IM0', 'IM1', 'IM2']) assert.ok(texts.includes(`IMAGES\\\\${each}`))
  }))

test('what is wrong with a wish for an archive is refused before anything is made', () =>
  withDoor(async door => {
    const { ParentStudy, ID } = await door.upload({})
    const path = `/studies/${ParentStudy}/archive`
    const refused: [string, unknown, number, number][] = [
      [path, { Asynchronous: 'yes' }, 400, 15],
      [path, { Priority: 'high' }, 400, 15],
      [path, { Transcode: 'nonsense' }, 400, 3],
      [path, { Transcode: '1.2.840.10008.1.2.4.50' }, 501, 2],
      [path, { Filename: 4 }, 400, 15],
      ['/studies/nobody/media', {}, 404, 17],
      [`/studies/${ID}/archive`, {}, 404, 17],
      ['/tools/create-media', ['nobody'], 404, 17],
      ['/tools/create-media', { Resources: 'x' }, 400, 15],
      ['/tools/create-media-extended', {}, 400, 15],
      ['/tools/create-archive', 5, 400, 15],
    ]
    for (const [where, body, status, code] of refused) {
      const answer = await door.ask('POST', where, JSON.stringify(body))
      const error = (await answer.json()) as JsonObject
      assert.deepEqual([where, answer.status, error.OrthancStatus], [where, status, code])
    }
    assert.deepEqual(await door.told('/jobs'), [])
  }))

test('images are converted on their way as far as that can be done, and the others stay', () =>
  withDoor(
    async door => {
      const { ParentStudy } = await door.upload({})
      const zip = await door.get(`/studies/${ParentStudy}/archive?transcode=1.2.840.10008.1.2`)
      const [file] = Object.values(unzipped(await bodyOf(zip)))
      const meta = readFileMeta(file!)
      assert.ok(meta !== 'more')
      assert.equal(meta.transferSyntaxUid, '1.2.840.10008.1.2')
      assert.equal(file!.subarray(meta.datasetOffset).toString(), 'converted')
      const other = await door.get(`/studies/${ParentStudy}/archive?transcode=1.2.840.10008.1.2.2`)
      assert.deepEqual(Object.values(unzipped(await bodyOf(other))), [Buffer.from(fileOf({}))])
    },
    {
      conversion: {
        ...noConversion,
        convertible: () => true,
        async *transcode(_dataset, _from, to) {
          if (to !== '1.2.840.10008.1.2') throw new Error('it cannot after all')
          yield Buffer.from('converted')
        },
      },
    },
  ))
