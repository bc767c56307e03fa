import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import type { JsonObject } from './json.ts'
import { fileOf, withDoor } from './orthanc.contract.ts'
import { peersFrom } from './peersConfiguration.ts'

const errorOf = async (answer: Response) => {
  const { OrthancStatus } = (await answer.json()) as JsonObject
  return [answer.status, OrthancStatus]
}

test('a peer is kept with its settings, its password told to nobody, and is sent to', async () => {
  const got: { path: string | undefined; auth: string | undefined; body: Buffer }[] = []
  const server = createServer(async (request, response) => {
    const chunks: Uint8Array[] = []
    for await (const chunk of request) chunks.push(chunk as Uint8Array)
    const body = Buffer.concat(chunks)
    const { authorization: auth, 'content-encoding': packed } = request.headers
    got.push({ path: request.url, auth, body: packed === 'gzip' ? gunzipSync(body) : body })
    response.writeHead(request.url === '/api/system' || body.length > 10 ? 200 : 400)
    response.end('{"Name":"far"}')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  try {
    await withDoor(async door => {
      const put = (name: string, body: unknown) =>
        door.ask('PUT', `/peers/${name}`, JSON.stringify(body))
      const url = `http://127.0.0.1:${port}/api`
      assert.equal((await put('far', [url, 'eve', 'secret'])).status, 200)
      assert.equal(
        (await put('gone', { Url: 'http://127.0.0.1:1', Timeout: 3, Own: 1 })).status,
        200,
      )
      assert.deepEqual(await door.told('/peers'), ['far', 'gone'])
      const told = (await door.told('/peers?expand')) as JsonObject
      assert.deepEqual(told, {
        far: {
          ...{ HttpHeaders: [], Password: null, Pkcs11: false, Timeout: 0 },
          ...{ Url: `${url}/`, Username: 'eve' },
        },
        gone: { HttpHeaders: [], Own: '1', Pkcs11: false, Timeout: 3, Url: 'http://127.0.0.1:1/' },
      })
      assert.deepEqual(await door.told('/peers/far/system'), { Name: 'far' })
      const { ID } = await door.upload({})
      const stored = (await door.posted('/peers/far/store', {
        ...{ Resources: [ID], Compress: true },
      })) as JsonObject
      assert.deepEqual(stored, {
        ...{ Compress: true, Description: 'REST API', FailedInstancesCount: 0, InstancesCount: 1 },
        ...{ ParentResources: [ID], Peer: [`${url}/`, 'eve'], Size: stored.Size, SizeMB: 0 },
      })
      assert.ok(Number(stored.Size) > 0)
      assert.deepEqual(got.at(-1), {
        path: '/api/instances',
        auth: `Basic ${Buffer.from('eve:secret').toString('base64')}`,
        body: Buffer.from(fileOf({})),
      })
      const straight = (body: Uint8Array) => door.ask('POST', '/peers/far/store-straight', body)
      assert.equal((await straight(fileOf({}))).status, 200)
      assert.deepEqual(await errorOf(await straight(Buffer.from('x'))), [500, 9])
      assert.deepEqual(await errorOf(await door.get('/peers/gone/system')), [500, 9])
      assert.deepEqual(await errorOf(await door.ask('POST', '/peers/gone/store', ID)), [500, 9])
      assert.deepEqual(await errorOf(await door.get('/peers/nobody/system')), [404, 17])
      for (const body of [
        {},
        ['ftp://x'],
        ['http://x', 'a'],
        'x',
        { Url: 'http://x', Timeout: -1 },
        { Url: 'http://x', Own: { a: 1 } },
        { Url: 'http://x', Own: [1] },
      ]) {
        assert.deepEqual(await errorOf(await put('bad', body)), [400, 15])
      }
      assert.equal((await door.ask('DELETE', '/peers/gone')).status, 200)
      assert.deepEqual(await errorOf(await door.ask('DELETE', '/peers/gone')), [404, 7])
    })
  } finally {
    server.closeAllConnections()
    server.close()
  }
})

test('peers of the settings are listed with the others, and only the settings change them', () =>
  withDoor(
    async door => {
      const put = (name: string) => door.ask('PUT', `/peers/${name}`, '["http://127.0.0.1:3"]')
      assert.equal((await put('added')).status, 200)
      assert.deepEqual(await door.told('/peers'), ['added', 'far', 'near'])
      const { far } = (await door.told('/peers?expand')) as Record<string, JsonObject>
      assert.deepEqual([far!.Url, far!.Username, far!.Password], ['http://far/', 'eve', null])
      assert.deepEqual(await errorOf(await put('far')), [403, 45])
      assert.deepEqual(await errorOf(await door.ask('DELETE', '/peers/far')), [403, 45])
      assert.deepEqual(await errorOf(await door.get('/peers/near/system')), [500, 9])
    },
    { settings: { peers: { near: ['http://127.0.0.1:1'], far: ['http://far', 'eve', 'secret'] } } },
  ))

test('peers of the settings that cannot be are refused, all at once', () => {
  assert.throws(() => peersFrom({ a: ['ftp://x'], 'b c': ['http://x'] }), {
    code: 'settings-refused',
    detail: /peers\.a: .*peers\.b c: /,
  })
})
