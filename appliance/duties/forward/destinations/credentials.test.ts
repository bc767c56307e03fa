import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type BadStow, startBadStow } from '../../../../test/peers/badStow.ts'
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
