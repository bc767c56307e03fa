import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type BadStow, startBadStow } from '../../../../test/peers/badStow.ts'
import { Fault } from '../../../faults.ts'
import { silentLog } from '../../../log.ts'
import { collect, outcomesOf, study } from './destination.contract.ts'
import { dicomwebSettings, openDicomweb } from './dicomweb.ts'

const never = new AbortController().signal

function to(port: number, more: object) {
  const settings = { name: 'cloud', kind: 'dicomweb', url: `http://127.0.0.1:${port}/`, ...more }
  return openDicomweb(dicomwebSettings.parse(settings), {
    ...{ aeTitle: 'WAYSTATION', log: silentLog },
  })
}

async function withCloud(work: (cloud: BadStow) => Promise<void>) {
  const cloud = await startBadStow()
  try {
    await work(cloud)
  } finally {
    await cloud.stop()
  }
}

test('a token is fetched when it is needed, shared, and fetched anew when it is refused', () =>
  withCloud(async cloud => {
    const good = new Set(['Bearer token-1'])
    cloud.admits = authorization => good.has(authorization ?? '')
    const destination = to(cloud.port, {
      credentials: {
        ...{ kind: 'oauth2', tokenUrl: `http://127.0.0.1:${cloud.port}/token` },
        ...{ clientId: 'box:1', clientSecret: 'p&ss', scope: 'dicom' },
      },
    })
    await Promise.all([destination.probe(never), destination.probe(never)])
    assert.equal(cloud.tokens.length, 1)
    const [asked] = cloud.requests.filter(each => each.path === '/token')
    assert.equal(asked?.headers.authorization, `Basic ${btoa('box%3A1:p%26ss')}`)
    good.clear()
    good.add('Bearer token-2')
    const parcels = study(2)
    assert.deepEqual(outcomesOf(await collect(destination.deliver(parcels, never)), parcels), [
      'accepted',
      'accepted',
    ])
    good.clear()
    await assert.rejects(destination.probe(never), { code: 'peer-refused' })
    cloud.tokenRefusal = { status: 400, body: '{"error":"invalid_client"}' }
    await assert.rejects(destination.probe(never), {
      code: 'peer-refused',
      detail: /invalid_client/,
    })
  }))

test('a token is not used beyond its life', () =>
  withCloud(async cloud => {
    cloud.tokenLife = 0.001
    cloud.admits = authorization => authorization === `Bearer ${cloud.tokens.at(-1)}`
    const destination = to(cloud.port, {
      credentials: {
        ...{ kind: 'oauth2', tokenUrl: `http://127.0.0.1:${cloud.port}/token` },
        ...{ clientId: 'box', clientSecret: 'secret', clientIn: 'body' },
      },
    })
    await destination.probe(never)
    await new Promise(resolve => setTimeout(resolve, 2))
    await destination.probe(never)
    assert.equal(cloud.tokens.length, 2)
  }))

test('no fault tells a secret, whoever refuses and however', () =>
  withCloud(async cloud => {
    cloud.admits = () => false
    cloud.tokenRefusal = { status: 400, body: '{"error":"no s3cret here","hint":"s3cret"}' }
    const tokenUrl = `http://127.0.0.1:${cloud.port}/token`
    const oauth2 = { kind: 'oauth2', tokenUrl, clientId: 'box', clientSecret: 's3cret' }
    const settings = [
      { credentials: { kind: 'basic', user: 'box', password: 's3cret' } },
      { credentials: { kind: 'bearer', token: 's3cret' } },
      { credentials: oauth2 },
      { credentials: { ...oauth2, clientIn: 'body' } },
      { headers: { 'X-Api-Key': 's3cret' } },
      { proxy: `http://box:s3cret@127.0.0.1:${cloud.port}` },
      { proxy: 'http://box:s3cret@127.0.0.1:1' },
      { proxy: 'http://box:s3cret@127.0.0.1:1', url: 'https://pacs.invalid/' },
    ]
    for (const each of settings) {
      const fault: unknown = await to(cloud.port, each)
        .probe(never)
        .then(
          () => assert.fail('it was let in'),
          error => error,
        )
      assert.ok(fault instanceof Fault)
      for (let told: unknown = fault; told instanceof Error; told = told.cause)
        assert.ok(!`${told.stack} ${JSON.stringify(told)}`.includes('s3cret'), `${told.stack}`)
    }
  }))
