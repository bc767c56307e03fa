import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { JsonObject } from './json.ts'
import { notYet } from './notYet.ts'
import { type DoorUnderTest, fileOf, withDoor } from './orthanc.contract.ts'

const ids = (list: unknown) => (list as JsonObject[]).map(({ ID }) => ID)

/** Two studies of one patient with two series, and another patient. */
async function filled(door: DoorUnderTest) {
  const a = await door.upload({
    StudyDate: '20260101',
    StudyDescription: 'Knee',
    InstanceNumber: '2',
  })
  const b = await door.upload({
    SOPInstanceUID: '1.2.3.5',
    SeriesInstanceUID: '1.2.3.9',
    Modality: 'MR',
  })
  const c = await door.upload({
    SOPInstanceUID: '1.2.4.4',
    StudyInstanceUID: '1.2.4',
    SeriesInstanceUID: '1.2.4.3',
  })
  const d = await door.upload({
    PatientID: 'p2',
    PatientName: 'Roe',
    SOPInstanceUID: '1.2.5.4',
    StudyInstanceUID: '1.2.5',
    SeriesInstanceUID: '1.2.5.3',
    StudyDate: '20250101',
  })
  return { a, b, c, d }
}

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

test('labels are put, listed, refused when strange, and taken away', () =>
  withDoor(async door => {
    const { ParentStudy } = await door.upload({})
    const labels = `/studies/${ParentStudy}/labels`
    assert.equal((await door.ask('PUT', `${labels}/b-1`)).status, 200)
    await door.ask('PUT', `${labels}/a_2`)
    assert.deepEqual(await door.told(labels), ['a_2', 'b-1'])
    assert.deepEqual(((await door.told(`/studies/${ParentStudy}`)) as JsonObject).Labels, [
      'a_2',
      'b-1',
    ])
    assert.equal((await door.get(`${labels}/a_2`)).status, 200)
    assert.equal((await door.get(`${labels}/other`)).status, 404)
    assert.equal((await door.ask('PUT', `${labels}/not%20so`)).status, 400)
    assert.equal((await door.ask('PUT', `/studies/nobody/labels/a`)).status, 404)
    await door.ask('DELETE', `${labels}/b-1`)
    assert.deepEqual(await door.told('/tools/labels'), ['a_2'])
  }))

test('under checkRevisions a change must name what it replaces', () =>
  withDoor(
    async door => {
      const { ParentStudy } = await door.upload({})
      for (const path of ['metadata/colour', 'attachments/note']) {
        const url = `/studies/${ParentStudy}/${path}`
        const first = await door.ask('PUT', url, 'one')
        assert.equal(first.status, 200)
        const etag = first.headers.get('etag')!
        assert.match(etag, /^"0-[0-9a-f]{32}"$/)
        assert.equal((await door.ask('PUT', url, 'two')).status, 409)
        assert.equal((await door.ask('PUT', url, 'two', { 'If-Match': 'soup' })).status, 400)
        const second = await door.ask('PUT', url, 'two', { 'If-Match': etag })
        assert.match(second.headers.get('etag')!, /^"1-/)
        assert.equal((await door.ask('DELETE', url, undefined, { 'If-Match': etag })).status, 409)
        const match = { 'If-Match': second.headers.get('etag')! }
        const read = path.startsWith('m') ? url : `${url}/data`
        const known = await door.ask('GET', read, undefined, { 'If-None-Match': match['If-Match'] })
        assert.equal(known.status, 304)
        assert.equal((await door.ask('DELETE', url, undefined, match)).status, 200)
      }
    },
    { checkRevisions: true },
  ))

test('attachments are given in ranges, compressed and with their type', () =>
  withDoor(async door => {
    const { ID } = await door.upload({})
    const url = `/instances/${ID}/attachments`
    await door.ask('PUT', `${url}/picture`, 'hello')
    const part = await door.ask('GET', `${url}/picture/data`, undefined, { Range: 'bytes=1-2' })
    assert.equal(part.status, 206)
    assert.equal(part.headers.get('content-range'), 'bytes 1-2/5')
    assert.equal(part.headers.get('content-type'), 'image/png')
    assert.equal(await part.text(), 'el')
    const beyond = await door.ask('GET', `${url}/dicom/data`, undefined, { Range: 'bytes=99999-' })
    assert.equal(beyond.status, 416)
    const start = await door.ask('GET', `${url}/dicom/data`, undefined, { Range: 'bytes=128-131' })
    assert.equal(await start.text(), 'DICM')
    await door.ask('POST', `${url}/picture/compress`)
    assert.equal(await (await door.get(`${url}/picture/compressed-size`)).text(), '21')
    assert.equal(await (await door.get(`${url}/picture/data`)).text(), 'hello')
    assert.equal((await door.ask('PUT', `${url}/dicom`, 'x')).status, 403)
  }))

test('the change log is followed, filtered, paged backwards and cleared', () =>
  withDoor(async door => {
    const { a } = await filled(door)
    type Log = { Changes: JsonObject[]; Done: boolean; Last: number; First?: number }
    const log = async (query: string) => (await door.told(`/changes${query}`)) as unknown as Log
    const first = await log('?limit=4')
    assert.deepEqual(
      first.Changes.map(({ ChangeType }) => ChangeType),
      ['NewInstance', 'NewSeries', 'NewStudy', 'NewPatient'],
    )
    assert.equal(first.Changes[0]!.Path, `/instances/${a.ID}`)
    assert.equal(first.Done, false)
    const rest = await log(`?since=${first.Last}`)
    assert.equal(rest.Done, true)
    const newStudies = await log('?type=NewStudy;NewPatient&limit=3')
    assert.equal(newStudies.Changes.length, 3)
    const back = await log(`?to=${first.Last}&limit=2`)
    assert.deepEqual(
      back.Changes.map(({ Seq }) => Seq),
      first.Changes.slice(2).map(({ Seq }) => Seq),
    )
    assert.equal((await log('?last')).Last, rest.Last)
    await door.ask('DELETE', '/changes')
    assert.deepEqual(await log(''), { Changes: [], Done: true, Last: rest.Last })
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
    const unknown = await door.get('/no%20such//path/?a=b')
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
