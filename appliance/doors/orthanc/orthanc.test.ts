import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { JsonObject } from './json.ts'
import { notYet } from './notYet.ts'
import { fileOf, filled, withDoor } from './orthanc.contract.ts'

const ids = (list: unknown) => (list as JsonObject[]).map(({ ID }) => ID)

test('what is uploaded is listed at every level and read back as it was', () =>
  withDoor(async door => {
    const { a } = await filled(door)
    assert.equal(a.Status, 'Success')
    const bytes = await Promise.all(
      ((await door.told('/instances')) as string[]).map(async id => {
        const file = await door.get(`/instances/${id}/file`)
        return (await file.arrayBuffer()).byteLength
      }),
    )
    const sum = String(bytes.reduce((a, b) => a + b))
    assert.deepEqual(await door.told('/statistics'), {
      CountInstances: 4,
      CountPatients: 2,
      CountSeries: 4,
      CountStudies: 3,
      TotalDiskSize: sum,
      TotalDiskSizeMB: 0,
      TotalUncompressedSize: sum,
      TotalUncompressedSizeMB: 0,
    })
    const study = (await door.told(`/studies/${a.ParentStudy}`)) as JsonObject
    assert.deepEqual(study.MainDicomTags, {
      StudyDate: '20260101',
      StudyDescription: 'Knee',
      StudyInstanceUID: '1.2.3',
    })
    assert.deepEqual(study.PatientMainDicomTags, { PatientID: 'P1', PatientName: 'Doe^Jane' })
    const file = await door.get(`/instances/${a.ID}/file`)
    assert.equal(file.headers.get('content-type'), 'application/dicom')
    assert.equal(file.headers.get('content-disposition'), `filename="${a.ID}.dcm"`)
    const sent = fileOf({ StudyDate: '20260101', StudyDescription: 'Knee', InstanceNumber: '2' })
    assert.deepEqual(Buffer.from(await file.arrayBuffer()), sent)
    assert.equal(file.headers.get('content-length'), String(sent.length))
  }))

test('the same file again is AlreadyStored, and a zipped or packed one is the same file', () =>
  withDoor(async door => {
    const first = await door.upload({})
    assert.equal((await door.upload({})).Status, 'AlreadyStored')
    const packed = await door.ask('POST', '/instances', gzipSync(fileOf({})), {
      'Content-Encoding': 'gzip',
    })
    assert.equal(((await packed.json()) as JsonObject).ID, first.ID)
    const archive = await door.get(`/patients/${first.ParentPatient}/archive`)
    const zip = Buffer.from(await archive.arrayBuffer())
    assert.ok(zip.includes('P1 - Doe Jane/Unknown Study/CT/CT000000.dcm'))
    const answers = (await (await door.ask('POST', '/instances', zip)).json()) as JsonObject[]
    assert.deepEqual(
      answers.map(({ ID, Status }) => [ID, Status]),
      [[first.ID, 'AlreadyStored']],
    )
  }))

test('what cannot be kept is refused in Orthanc’s terms, and nothing is half kept', () =>
  withDoor(
    async door => {
      const file = fileOf({})
      const refused: [Uint8Array | string, number, Record<string, string>?][] = [
        ['', 15],
        ['not DICOM at all', 15],
        [file.subarray(0, file.length - 3), 15],
        [fileOf({ StudyInstanceUID: '' }), 15],
        [gzipSync(file).subarray(0, 40), 15, { 'Content-Encoding': 'gzip' }],
        [file, 3000, { 'Content-Encoding': 'br' }],
        [Buffer.alloc(3000), 8],
        [gzipSync(Buffer.alloc(3000)), 8, { 'Content-Encoding': 'gzip' }],
      ]
      for (const [body, status, headers] of refused) {
        const answer = await door.ask('POST', '/instances', body, headers)
        const error = (await answer.json()) as JsonObject
        assert.equal(error.OrthancStatus, status)
        assert.equal(error.HttpStatus, answer.status)
        assert.equal(error.Uri, '/instances')
      }
      assert.deepEqual(await door.told('/instances'), [])
    },
    { bodyBytes: 2000 },
  ))

test('what is removed takes empty ancestors along, and what users wrote about them', () =>
  withDoor(async door => {
    const { a, b, c } = await filled(door)
    await door.ask('PUT', `/series/${a.ParentSeries}/labels/mine`)
    const left = (await (await door.ask('DELETE', `/instances/${a.ID}`)).json()) as JsonObject
    assert.deepEqual(left, {
      RemainingAncestor: { ID: a.ParentStudy, Path: `/studies/${a.ParentStudy}`, Type: 'Study' },
    })
    assert.equal((await door.get(`/series/${a.ParentSeries}`)).status, 404)
    assert.deepEqual(await door.told('/tools/labels'), [])
    await door.ask('DELETE', `/studies/${b.ParentStudy}`)
    const none = await (await door.ask('DELETE', `/studies/${c.ParentStudy}`)).json()
    assert.deepEqual(none, { RemainingAncestor: null })
    assert.equal((await door.ask('DELETE', `/instances/${a.ID}`)).status, 404)
  }))

test('lists are paged and expanded as asked', () =>
  withDoor(async door => {
    const { a, c } = await filled(door)
    const all = (await door.told('/studies')) as string[]
    assert.equal(all.length, 3)
    assert.deepEqual(await door.told('/studies?since=1&limit=1'), [all[1]])
    assert.deepEqual(await door.told('/studies?since=1&limit=0'), all.slice(1))
    assert.deepEqual(await door.told('/studies?expand=false'), all)
    assert.equal((await door.get('/studies?expand=perhaps')).status, 400)
    const children = await door.told(`/patients/${a.ParentPatient}/studies?expanded`)
    assert.deepEqual(ids(children).sort(), [a.ParentStudy, c.ParentStudy].sort())
    assert.equal(
      ((await door.told(`/patients/${a.ParentPatient}/instances?expand=false`)) as string[]).length,
      3,
    )
    const [only] = (await door.told(
      '/studies?since=0&limit=1&response-content=Parent',
    )) as JsonObject[]
    assert.deepEqual(Object.keys(only!).sort(), ['ID', 'ParentPatient', 'Type'])
    const asked = (await door.told(
      `/studies/${a.ParentStudy}?requested-tags=ModalitiesInStudy;NumberOfStudyRelatedInstances;PatientID;SOPClassUID&short`,
    )) as JsonObject
    assert.deepEqual(asked.RequestedTags, {
      '0008,0061': 'CT\\MR',
      '0020,1208': '2',
      '0010,0020': 'P1',
      '0008,0016': '1.2.840.10008.5.1.4.1.1.2',
    })
  }))

test('tags are told shared, each, by module, and browsed down to their bytes', () =>
  withDoor(async door => {
    const sequence = {
      tag: 'ReferencedStudySequence',
      items: [[{ tag: 'ReferencedSOPInstanceUID', value: '1.9' }]],
    }
    const { ID, ParentSeries } = await door.upload({ ImageComments: 'one' }, [sequence])
    await door.upload({ SOPInstanceUID: '1.2.3.5', ImageComments: 'two' }, [sequence])
    const shared = (await door.told(`/series/${ParentSeries}/shared-tags?simplify`)) as JsonObject
    assert.equal(shared.PatientID, 'P1')
    assert.ok(!('ImageComments' in shared) && !('ReferencedStudySequence' in shared))
    const each = (await door.told(`/series/${ParentSeries}/instances-tags?short`)) as JsonObject
    assert.equal((each[ID] as JsonObject)['0020,4000'], 'one')
    assert.deepEqual(await door.told(`/series/${ParentSeries}/module?simplify`), {
      Modality: 'CT',
      SeriesInstanceUID: '1.2.3.3',
    })
    const content = `/instances/${ID}/content`
    assert.ok(((await door.told(content)) as string[]).includes('0008-1110'))
    assert.deepEqual(await door.told(`${content}/ReferencedStudySequence`), ['0'])
    assert.deepEqual(await door.told(`${content}/0008-1110/0`), ['0008-1155'])
    assert.equal(await (await door.get(`${content}/0008-1110/0/0008-1155`)).text(), '1.9\0')
    assert.equal((await door.get(`${content}/0008-1110/1`)).status, 404)
  }))

test('many resources are told and removed at once', () =>
  withDoor(async door => {
    const { a, d } = await filled(door)
    const told = await door.posted('/tools/bulk-content', {
      Resources: [a.ID, d.ParentPatient, 'nobody'],
      Level: 'Study',
    })
    assert.deepEqual(ids(told), [a.ParentStudy, d.ParentStudy])
    assert.equal(
      (
        await door.ask(
          'POST',
          '/tools/bulk-delete',
          JSON.stringify({
            Resources: [a.ParentPatient, 'nobody', { Level: 'Study', ID: d.ParentStudy }],
          }),
        )
      ).status,
      200,
    )
    assert.deepEqual(await door.told('/instances'), [])
  }))

test('what the box is and can is told', () =>
  withDoor(async door => {
    const system = (await door.told('/system')) as JsonObject
    assert.equal(system.ApiVersion, 31)
    assert.equal(system.DicomAet, 'BOX')
    assert.deepEqual([system.OverwriteInstances, system.OverwriteInstancesMode], [false, 'Never'])
    assert.equal((system.ThirdPartyVersions as JsonObject).node, process.versions.node)
    const icon = await door.get('/favicon.ico')
    assert.deepEqual([icon.status, icon.headers.get('location')], [301, 'ui/favicon.ico'])
    assert.equal(await (await door.get('/tools/now')).text(), '20260304T050607')
    assert.match(await (await door.get('/tools/generate-uid?level=study')).text(), /^2\.25\.\d+$/)
    assert.match(
      await (await door.get('/tools/metrics-prometheus')).text(),
      /^orthanc_count_instances 0 \d+\n/,
    )
    await (await door.ask('POST', '/tools/create-archive', '[]')).arrayBuffer()
    assert.match(
      await (await door.get('/tools/metrics-prometheus')).text(),
      /orthanc_jobs_running 0 .*\northanc_jobs_total_completed 1 .*\n.*_failed 0 .*\n.*_success 1 /,
    )
    assert.ok(((await door.told('/tools')) as string[]).includes('find'))
    assert.deepEqual(await door.posted('/tools/lookup', '1.2.3'), [])
  }))

test('verbs, slashes and unknown paths are treated as Orthanc does', () =>
  withDoor(async door => {
    const { ParentStudy } = await door.upload({})
    assert.equal((await door.ask('PUT', '/system')).headers.get('allow'), 'GET')
    assert.equal((await door.get('//studies/')).status, 200)
    for (const [method, status] of [
      ['HEAD', 404],
      ['OPTIONS', 404],
      ['PATCH', 400],
    ] as const) {
      assert.equal((await door.ask(method, '/studies')).status, status)
    }
    const wordless = await door.get('/studies/nobody')
    assert.deepEqual([wordless.status, wordless.headers.get('content-length')], [404, '0'])
    const unknown = await door.get('/no%20such//path/?a=b')
    assert.equal(unknown.headers.get('x-content-type-options'), 'nosniff')
    assert.equal(unknown.status, 404)
    assert.equal(unknown.headers.get('content-type'), 'text/plain')
    assert.equal(((await unknown.json()) as JsonObject).Uri, '/no such/path/')
    const faked = { 'X-HTTP-Method-Override': 'PUT' }
    assert.equal(
      (await door.ask('POST', `/studies/${ParentStudy}/metadata/colour`, 'red', faked)).status,
      200,
    )
    assert.equal(await (await door.get(`/studies/${ParentStudy}/metadata/colour`)).text(), 'red')
    assert.equal((await door.get(`/studies/${ParentStudy}?_method=DELETE`)).status, 200)
    assert.deepEqual(await door.told('/studies'), [])
  }))

test('what is not served yet says so with 501', () =>
  withDoor(async door => {
    for (const [method, patterns] of Object.entries(notYet)) {
      for (const pattern of patterns) {
        const path = pattern.replace(/\{([^,}]*)[^}]*\}/g, '$1').replace(/:\w+/g, 'x')
        const answer = await door.ask(method, path)
        assert.equal(answer.status, 501, `${method} ${path}`)
        assert.equal(((await answer.json()) as JsonObject).OrthancStatus, 2)
      }
    }
  }))

test('studies under one empty PatientID each show their own patient', () =>
  withDoor(async door => {
    const a = await door.upload({ PatientID: '', PatientName: 'Ann' })
    const b = await door.upload({
      ...{ PatientID: '', PatientName: 'Bob', StudyInstanceUID: '1.2.9' },
      ...{ SeriesInstanceUID: '1.2.9.1', SOPInstanceUID: '1.2.9.1.1' },
    })
    assert.equal(a.ParentPatient, b.ParentPatient)
    const named = async (id: string) => {
      const told = (await door.told(`/studies/${id}?requested-tags=PatientName`)) as JsonObject
      return [
        (told.PatientMainDicomTags as JsonObject).PatientName,
        (told.RequestedTags as JsonObject).PatientName,
      ]
    }
    assert.deepEqual(await named(a.ParentStudy), ['Ann', 'Ann'])
    assert.deepEqual(await named(b.ParentStudy), ['Bob', 'Bob'])
  }))
