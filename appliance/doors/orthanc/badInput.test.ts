import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateRawSync } from 'node:zlib'
import { described } from './described.ts'
import type { JsonObject } from './json.ts'
import { notYetOperations } from './notYet.ts'
import { type DoorUnderTest, fileOf, withDoor } from './orthanc.contract.ts'

/** Model of an error answer: its own status, Orthanc's number, and what was asked. */
async function errorOf(answer: Response, method: string): Promise<[number, number]> {
  assert.ok(answer.status >= 400, `${method} ${answer.url} ${answer.status}`)
  const error = (await answer.json()) as JsonObject
  assert.equal(answer.headers.get('content-type'), 'text/plain')
  assert.deepEqual([error.HttpStatus, error.Method], [answer.status, method])
  for (const key of ['HttpError', 'Message', 'OrthancError', 'Uri']) {
    assert.equal(typeof error[key], 'string', key)
  }
  return [answer.status, error.OrthancStatus as number]
}

/** All that a request could have written. */
async function written(door: DoorUnderTest) {
  const lists = ['/instances', '/tools/labels', '/peers', '/modalities', '/queries', '/jobs']
  return Promise.all([...lists, '/statistics', '/changes?last'].map(path => door.told(path)))
}

const operations = [...described].filter(([operation]) => !notYetOperations.has(operation))

test('a body that is no JSON is refused by every route that wants one, and nothing is written', () =>
  withDoor(async door => {
    const { ID, ParentStudy, ParentSeries, ParentPatient } = await door.upload({})
    const before = await written(door)
    const ids = {
      instances: ID,
      series: ParentSeries,
      studies: ParentStudy,
      patients: ParentPatient,
    }
    let asked = 0
    for (const [operation, { body }] of operations) {
      if (body?.type !== 'application/json' || !body.required) continue
      const [verb, path] = operation.split(' ') as [string, string]
      // Nodes and peers that are not there are missed first; a pattern may come as plain text.
      if (
        /^(POST \/(modalities|peers|queries)|.*\/(reconstruct|accepted-transfer-syntaxes)$)/.test(
          operation,
        )
      )
        continue
      asked++
      const id = ids[path.split('/')[1] as keyof typeof ids] ?? 'new'
      for (const text of ['{"Level":', '', '\u0000']) {
        const answer = await door.ask(verb, path.replace('{id}', id), text)
        // So Orthanc says that a PUT has no effect.
        if (path === '/peers/{id}') assert.equal(answer.status, 404)
        else if (answer.status < 400) assert.fail(`${operation} <${text}>: ${answer.status}`)
        else assert.equal((await errorOf(answer, verb))[0], 400, `${operation} <${text}>`)
      }
    }
    assert.ok(asked > 12)
    assert.deepEqual(await written(door), before)
  }))

test('what is not there is missed by every route that names it, and nothing is written', () =>
  withDoor(async door => {
    await door.upload({})
    const before = await written(door)
    let asked = 0
    for (const [operation, { body }] of operations) {
      const [verb, path] = operation.split(' ') as [string, string]
      if (!path.includes('{id}') || /^PUT \/(modalities|peers)|storage-commitment/.test(operation))
        continue
      asked++
      const unknown = path.replace('{id}', '01234567-01234567-01234567-01234567-01234567')
      const there = unknown.replace('{name}', 'colour').replace('{label}', 'a')
      const json = body?.type === 'application/json' ? '{"Resources":[],"Level":"Study"}' : '1'
      const answer = await door.ask(
        ...([verb, there.replace(/\{\w+\}/g, '0')] as const),
        ...(verb === 'GET' ? [] : [json]),
      )
      const isDone = /^(DELETE \/queries)/.test(operation)
      const isForbidden = /\/export$/.test(operation)
      // As Orthanc: of patients only, and of jobs, it is said otherwise.
      const isBad = /\/protected$|^POST \/jobs/.test(operation)
      const expected = isDone ? 200 : isForbidden ? 403 : isBad ? 400 : 404
      assert.equal(answer.status, expected, operation)
    }
    assert.ok(asked > 100)
    assert.deepEqual(await written(door), before)
  }))

test('a body that is too large is refused before it is in memory, and nothing is written', () =>
  withDoor(
    async door => {
      const { ID } = await door.upload({})
      const before = await written(door)
      const large = 'x'.repeat(3000)
      for (const [verb, path, body] of [
        ['POST', '/tools/find', `{"Level":"Study","Query":{},"x":"${large}"}`],
        ['POST', '/tools/lookup', large],
        ['POST', '/tools/create-archive', `["${large}"]`],
        ['PUT', '/modalities/a', `["A","h",104,"${large}"]`],
        ['PUT', '/peers/a', `["http://h/${large}"]`],
        ['PUT', `/instances/${ID}/metadata/colour`, large],
        ['PUT', `/instances/${ID}/attachments/note`, large],
        ['PUT', '/tools/log-level', large],
        ['POST', '/instances', large],
      ] as const) {
        const answer = await door.ask(verb, path, body)
        assert.deepEqual(await errorOf(answer, verb), [413, 8], path)
      }
      assert.deepEqual(await written(door), before)
      assert.deepEqual(await door.told(`/instances/${ID}/attachments`), ['dicom'])
      assert.equal((await door.get(`/instances/${ID}/metadata/colour`)).status, 404)
    },
    { bodyBytes: 2000, formBytes: 2000 },
  ))

test('a ZIP bomb is refused as soon as it grows beyond all measure, and nothing is kept', () =>
  withDoor(
    async door => {
      const before = await written(door)
      const content = deflateRawSync(Buffer.alloc(50_000_000))
      const head = Buffer.alloc(30)
      head.writeUInt32LE(0x04034b50, 0)
      head.writeUInt16LE(8, 8)
      head.writeUInt32LE(content.length, 18)
      head.writeUInt16LE(1, 26)
      const bomb = Buffer.concat([head, Buffer.from('a'), content])
      const answer = await door.ask('POST', '/instances', bomb)
      assert.deepEqual(await errorOf(answer, 'POST'), [413, 8])
      assert.deepEqual(await written(door), before)
    },
    { bodyBytes: 10_000_000 },
  ))

test('a range beyond the end of an attachment is refused, whichever it is', () =>
  withDoor(async door => {
    const { ID } = await door.upload({})
    const url = `/instances/${ID}/attachments`
    await door.ask('PUT', `${url}/note`, 'hello')
    await door.ask('PUT', `${url}/picture`, '')
    const size = fileOf({}).length
    for (const [name, range] of [
      ...([
        ['note', 'bytes=5-'],
        ['note', 'bytes=9-12'],
        ['note', 'bytes=-0'],
      ] as const),
      ...([
        ['picture', 'bytes=0-'],
        ['dicom', `bytes=${size}-`],
      ] as const),
    ]) {
      for (const kind of ['data', 'compressed-data']) {
        const answer = await door.ask('GET', `${url}/${name}/${kind}`, undefined, { Range: range })
        assert.deepEqual(await errorOf(answer, 'GET'), [416, 41], `${name} ${range}`)
      }
    }
    const rest = await door.ask('GET', `${url}/note/data`, undefined, { Range: 'bytes=3-99' })
    assert.deepEqual([rest.status, await rest.text()], [206, 'lo'])
  }))

test('a file name that is asked for cannot become another header, or lead elsewhere', () =>
  withDoor(async door => {
    const { ID, ParentStudy } = await door.upload({})
    const name = encodeURIComponent('../a"\r\nSet-Cookie: b=c;\u00e9.dcm')
    for (const path of [
      `/instances/${ID}/file`,
      `/instances/${ID}/attachments/dicom/data`,
      `/studies/${ParentStudy}/archive`,
    ]) {
      const answer = await door.get(`${path}?filename=${name}`)
      await answer.arrayBuffer()
      assert.equal(answer.status, 200)
      assert.equal(answer.headers.get('set-cookie'), null)
      const disposition = answer.headers.get('content-disposition')!
      assert.doesNotMatch(disposition, /[\u0000-\u001f]/)
      assert.match(disposition, /^filename="[^"]*"/)
    }
  }))

test('a file name that is asked for keeps its letters for whoever can read them', () =>
  withDoor(async door => {
    const { ParentStudy } = await door.upload({})
    const name = encodeURIComponent("Müller's 山田 (1).zip")
    const answer = await door.get(`/studies/${ParentStudy}/archive?filename=${name}`)
    await answer.arrayBuffer()
    assert.equal(
      answer.headers.get('content-disposition'),
      `filename="M_ller's __ (1).zip"; ` +
        "filename*=UTF-8''M%C3%BCller%27s%20%E5%B1%B1%E7%94%B0%20%281%29.zip",
    )
  }))
