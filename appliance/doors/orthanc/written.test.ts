import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { inflateSync } from 'node:zlib'
import type { JsonObject } from './json.ts'
import { fileOf, filled, withDoor } from './orthanc.contract.ts'

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

test('a change that names what it replaces replaces nothing else, whatever the settings say', () =>
  withDoor(async door => {
    const { ParentStudy } = await door.upload({})
    for (const path of ['metadata/colour', 'attachments/note']) {
      const url = `/studies/${ParentStudy}/${path}`
      const ask = async (verb: string, match: string, body?: string) =>
        (await door.ask(verb, url, body, { 'If-Match': match })).status
      await door.ask('PUT', url, 'one')
      for (const soup of ['soup', '*', '', '"a-b"']) {
        assert.deepEqual([await ask('PUT', soup, 'x'), await ask('DELETE', soup)], [400, 400], soup)
      }
      assert.deepEqual([await ask('PUT', '"7-00"', 'x'), await ask('DELETE', '0-x')], [409, 409])
      const read = path.startsWith('m') ? url : `${url}/data`
      const known = await door.get(read)
      assert.equal(await known.text(), 'one')
      const etag = known.headers.get('etag')!
      for (const [match, status] of [
        [etag, 304],
        [etag.slice(1, -1), 304],
        ['"7-00"', 200],
        ['*', 400],
        [`W/${etag}`, 400],
      ] as const) {
        const answer = await door.ask('GET', read, undefined, { 'If-None-Match': match })
        assert.equal(answer.status, status, match)
      }
      assert.equal(await ask('PUT', etag, 'two'), 200)
      assert.deepEqual(
        [await ask('DELETE', etag), (await door.ask('DELETE', url)).status],
        [409, 200],
      )
      assert.deepEqual([await ask('DELETE', 'soup'), await ask('DELETE', etag)], [400, 404])
    }
  }))

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

test('a DICOM file is told as compressed when that is wanted, and kept as it came', () =>
  withDoor(async door => {
    const { ID } = await door.upload({ ImageComments: 'x'.repeat(1000) })
    const url = `/instances/${ID}/attachments/dicom`
    const words = async (what: string) => (await door.get(`${url}/${what}`)).text()
    const file = fileOf({ ImageComments: 'x'.repeat(1000) })
    assert.equal(await words('is-compressed'), '0')
    assert.equal(await words('compressed-size'), String(file.length))
    const packing = await door.ask('POST', `${url}/compress`)
    assert.deepEqual([packing.status, await packing.text()], [200, '{}'])
    assert.equal(await words('is-compressed'), '1')
    const packed = Buffer.from(await (await door.get(`${url}/compressed-data`)).arrayBuffer())
    assert.equal(packed.readBigUInt64LE(), BigInt(file.length))
    assert.deepEqual(inflateSync(packed.subarray(8)), Buffer.from(file))
    assert.equal(await words('compressed-size'), String(packed.length))
    const md5 = createHash('md5').update(packed).digest('hex')
    assert.equal(await words('compressed-md5'), md5)
    const info = (await door.told(`${url}/info`)) as JsonObject
    assert.deepEqual([info.CompressedSize, info.CompressedMD5], [packed.length, md5])
    const part = await door.ask('GET', `${url}/compressed-data`, undefined, { Range: 'bytes=8-20' })
    assert.equal(part.status, 206)
    assert.deepEqual(Buffer.from(await part.arrayBuffer()), packed.subarray(8, 21))
    assert.deepEqual(Buffer.from(await (await door.get(`${url}/data`)).arrayBuffer()), file)
    assert.equal((await door.ask('POST', `${url}/uncompress`)).status, 200)
    assert.equal(await words('is-compressed'), '0')
    await door.ask('POST', `${url}/compress`)
    await door.ask('DELETE', `/instances/${ID}`)
    await door.upload({ ImageComments: 'x'.repeat(1000) })
    assert.equal(await words('is-compressed'), '0')
  }))
