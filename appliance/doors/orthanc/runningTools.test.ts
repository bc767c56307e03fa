import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '../../faults.ts'
import type { JsonObject } from './json.ts'
import { withDoor } from './orthanc.contract.ts'
import type { Running } from './running.ts'

const text = async (response: Response | Promise<Response>) => (await response).text()

test('log levels are set for all or one by one, and the most talkative is told', () =>
  withDoor(async door => {
    const level = (part = '') => text(door.get(`/tools/log-level${part}`))
    assert.equal(await level(), 'default')
    assert.equal((await door.ask('PUT', '/tools/log-level-http', 'trace')).status, 200)
    assert.equal(await level(), 'trace')
    assert.equal(await level('-dicom'), 'default')
    await door.ask('PUT', '/tools/log-level', 'verbose')
    assert.equal(await level('-http'), 'verbose')
    const refused = await door.ask('PUT', '/tools/log-level', 'loud')
    assert.equal(((await refused.json()) as JsonObject).OrthancStatus, 3)
  }))

test('the default encoding is how text without a character set is read, from then on', () =>
  withDoor(async door => {
    // Bytes of a single-byte set: two letters behind ASCII, which the writer takes from Latin 1.
    const { ID } = await door.upload({ PatientName: 'A', SpecificCharacterSet: 'ISO_IR 100' }, [])
    assert.equal(await text(door.get('/tools/default-encoding')), 'Latin1')
    assert.equal(await text(door.ask('PUT', '/tools/default-encoding', 'CYRILLIC')), 'Cyrillic')
    const bytes = Buffer.from([0xb0, 0xb1])
    const latin = await door.upload({ SOPInstanceUID: '1.2.3.9', PatientID: 'C' }, [
      { tag: 'ImageComments', value: bytes },
    ])
    const tags = (await door.told(`/instances/${latin.ID}/simplified-tags`)) as JsonObject
    assert.equal(tags.ImageComments, 'АБ')
    const instance = (await door.told(`/instances/${latin.ID}`)) as JsonObject
    assert.equal((instance.MainDicomTags as JsonObject).ImageComments, 'АБ')
    await door.ask('PUT', '/tools/default-encoding', 'Windows1251')
    const again = (await door.told(`/instances/${latin.ID}/simplified-tags`)) as JsonObject
    assert.equal(again.ImageComments, '°±')
    const bad = await door.ask('PUT', '/tools/default-encoding', 'Klingon')
    assert.equal(((await bad.json()) as JsonObject).OrthancStatus, 3)
    assert.ok(ID)
  }))

test('what C-STORE takes is told and changed, in the forms Orthanc takes', () => {
  let patterns: readonly string[] = ['1.2']
  const acceptance: Running['acceptance'] = {
    transferSyntaxes: () => [...patterns],
    acceptTransferSyntaxes(given) {
      patterns = given
    },
    sopClasses: () => ['1.9'],
    takesUnknown: () => false,
    takeUnknown() {},
  }
  return withDoor(
    async door => {
      const put = (body: string) => door.ask('PUT', '/tools/accepted-transfer-syntaxes', body)
      assert.deepEqual(await (await put('["1.3","1.4"]')).json(), ['1.3', '1.4'])
      assert.deepEqual(await (await put('1.2.840.10008.1.2.4.5?')).json(), [
        '1.2.840.10008.1.2.4.5?',
      ])
      for (const body of ['[1]', '{}', '1.5']) {
        assert.equal(((await (await put(body)).json()) as JsonObject).OrthancStatus, 15, body)
      }
      assert.deepEqual(await door.told('/tools/accepted-sop-classes'), ['1.9'])
      const unknown = await door.ask('PUT', '/tools/unknown-sop-class-accepted', 'maybe')
      assert.equal(((await unknown.json()) as JsonObject).OrthancStatus, 15)
    },
    { running: { acceptance } },
  )
})

test('metrics are told while they are on', () =>
  withDoor(async door => {
    const figures = () => text(door.get('/tools/metrics-prometheus'))
    assert.match(await figures(), /^orthanc_up_time_s 0 \d+$/m)
    assert.match(await figures(), /^orthanc_rest_api_active_requests 1 \d+$/m)
    await door.ask('PUT', '/tools/metrics', '0')
    assert.equal(await text(door.get('/tools/metrics')), '0')
    assert.equal(await figures(), '')
  }))

test('the conformance statement has what is negotiated now and nothing else', () =>
  withDoor(
    async door => {
      const statement = await text(door.get('/tools/dicom-conformance'))
      assert.match(statement, /CT Image Storage +\| 1\.2\.840\.10008\.5\.1\.4\.1\.1\.2\n/)
      assert.match(statement, /RLE Lossless +\| 1\.2\.840\.10008\.1\.2\.5\n/)
      assert.doesNotMatch(statement, /MR Image Storage|Find SCP|JPEG/)
    },
    {
      running: {
        negotiates: uid =>
          uid === '1.2.840.10008.5.1.4.1.1.2'
            ? { callerMayBeScp: false, takes: syntax => syntax === '1.2.840.10008.1.2.5' }
            : undefined,
      },
    },
  ))

test('an echo that cannot be is refused, one that nobody answers is a failure of the network', () =>
  withDoor(async door => {
    const echo = async (body: string) => {
      const answer = await door.ask('POST', '/tools/dicom-echo', body)
      return [answer.status, ((await answer.json()) as JsonObject).OrthancStatus]
    }
    for (const body of ['{}', '[]', '', '{"AET":"A","Host":"127.0.0.1","Port":"x"}', '["A"]']) {
      assert.deepEqual(await echo(body), [400, 15], body)
    }
    assert.deepEqual(await echo('{"AET":"A","Host":"127.0.0.1","Port":1}'), [500, 9])
  }))

test('the box is stopped and started again as asked, unless its settings would be refused', () => {
  const asked: string[] = []
  const stop: Running['stop'] = how => {
    if (asked.includes(how)) throw new Fault('settings-refused', 'a key is unknown')
    asked.push(how)
  }
  return withDoor(
    async door => {
      assert.equal(await text(door.ask('POST', '/tools/shutdown', 'x')), '{}')
      assert.equal(await text(door.ask('POST', '/tools/reset')), '{}')
      assert.deepEqual(asked, ['stop', 'restart'])
      assert.equal((await door.ask('POST', '/tools/reset')).status, 400)
    },
    { running: { stop } },
  )
})

test('nothing is written to paths of this machine', () =>
  withDoor(async door => {
    const { ID } = await door.upload({})
    assert.equal((await door.ask('POST', `/instances/${ID}/export`, '/tmp/x')).status, 403)
    assert.equal((await door.ask('POST', '/tools/invalidate-tags')).status, 200)
  }))
