import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileOf, withDoor } from './orthanc.contract.ts'

test('a read-only interface has no routes that change what is kept, and all the others', () =>
  withDoor(
    async door => {
      const status = async (verb: string, path: string, body = '') =>
        (await door.ask(verb, path, verb === 'GET' ? undefined : body)).status
      assert.equal((await door.ask('POST', '/instances', fileOf({}))).status, 405)
      const { instance } = await door.behind.archive.receiveFile(once(fileOf({})), {
        ...{ door: 'Unknown', at: '2026-03-04T05:06:07Z' },
      })
      const one = `/instances/${instance.id}`
      for (const [verb, path] of [
        ['DELETE', one],
        ['POST', `${one}/modify`],
        ['POST', `${one}/reconstruct`],
        ['PUT', `${one}/metadata/1024`],
        ['DELETE', `${one}/metadata/1024`],
        ['PUT', `${one}/attachments/1024`],
        ['POST', `${one}/attachments/dicom/compress`],
        ['PUT', `${one}/labels/a`],
        ['DELETE', `${one}/labels/a`],
        ['PUT', `/patients/${instance.patient}/protected`],
        ['POST', '/tools/bulk-delete'],
        ['POST', '/tools/create-dicom'],
        ['DELETE', '/changes'],
      ] as const) {
        assert.match(String(await status(verb, path)), /^40[45]$/, `${verb} ${path}`)
      }
      assert.ok(door.behind.archive.catalog.instance(instance.id))
      assert.equal(await status('POST', '/tools/find', '{"Level":"Study","Query":{}}'), 200)
      for (const path of [`${one}/file`, `${one}/labels`, `${one}/metadata`, '/jobs', '/changes']) {
        assert.equal(await status('GET', path), 200, path)
      }
      assert.equal(await status('POST', '/tools/create-archive', `["${instance.id}"]`), 200)
      assert.equal(await status('PUT', '/modalities/far', '["FAR","127.0.0.1",104]'), 200)
      assert.equal(((await door.told('/system')) as { ReadOnly: boolean }).ReadOnly, true)
    },
    { settings: { readOnly: true } },
  ))

test('without the level of patients they have no routes, and studies have all of theirs', () =>
  withDoor(
    async door => {
      const { ParentPatient, ParentStudy } = await door.upload({})
      for (const path of ['/patients', `/patients/${ParentPatient}`, '/patients/x/archive']) {
        assert.equal((await door.get(path)).status, 404, path)
      }
      assert.equal((await door.ask('DELETE', `/patients/${ParentPatient}`)).status, 404)
      assert.deepEqual(await door.told('/studies'), [ParentStudy])
      const system = (await door.told('/system')) as { PatientLevelEnabled: boolean }
      assert.equal(system.PatientLevelEnabled, false)
    },
    { settings: { patientLevel: false } },
  ))

test('errors say nothing where the settings do not want them described', () =>
  withDoor(
    async door => {
      const answer = await door.get('/nonsense')
      assert.deepEqual([answer.status, await answer.text()], [404, ''])
    },
    { settings: { describesErrors: false } },
  ))

async function* once(bytes: Uint8Array) {
  yield bytes
}
