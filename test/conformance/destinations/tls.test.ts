import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { after, before, describe, it } from 'node:test'
import {
  collect,
  study,
} from '../../../appliance/duties/forward/destinations/destination.contract.ts'
import {
  destinationSettings,
  openDestination,
} from '../../../appliance/duties/forward/destinations/kinds.ts'
import { silentLog } from '../../../appliance/log.ts'
import { type BadStow, startBadStow } from '../../peers/badStow.ts'
import { type Certificates, type Identity, makeCertificates } from '../../peers/certificates.ts'
import { type StoreScp, storeScp } from '../../peers/dcmtk.ts'

const folder = mkdtempSync(join(tmpdir(), 'waystation-tls-'))
const never = new AbortController().signal
let made: Certificates
before(async () => {
  made = await makeCertificates(folder)
})
after(() => rmSync(folder, { recursive: true }))

/** What the log was told of each kind, and when its far side's certificate ends. */
const lines: string[] = []
const ends = new Map<string, number>()
function to(settings: { kind: string; [key: string]: unknown }) {
  const name = settings.kind
  const log = {
    ...silentLog,
    warn: (event: string, fields: object) =>
      void lines.push(`${event} ${(fields as { destination?: string }).destination}`),
  }
  return openDestination(destinationSettings.parse({ name, ...settings }), {
    ...{ aeTitle: 'WAYSTATION', log },
    onCertificate: at => ends.set(name, at),
  })
}

/** The certificates of these tests are good for two days. */
function toldOfBoth(kind: string): void {
  for (const event of ['certificate-expires', 'peer-certificate-expires'])
    assert.ok(lines.includes(`${event} ${kind}`), event)
  const days = ((ends.get(kind) ?? 0) - Date.now()) / 86_400_000
  assert.ok(days > 1 && days < 2.1, `${days} days`)
}

describe('DCMTK storescp over TLS, which wants a certificate of ours', () => {
  let scp: StoreScp
  before(async () => {
    const { keyFile, certificateFile } = made.peer
    scp = await storeScp(mkdtempSync(join(folder, 'scp-')), {
      args: ['+tls', keyFile, certificateFile, '+cf', made.authoritiesFile, '-rc'],
    })
  })
  after(() => scp.stop())
  const secure = (tls: object) =>
    to({ kind: 'dimse', aet: 'PACS', host: 'localhost', port: scp.port, tls })

  it('takes a study from a box with a certificate of its authority', async () => {
    const destination = secure({ ...made.waystation, authoritiesFile: made.authoritiesFile })
    await destination.probe(never)
    const receipts = await collect(destination.deliver(study(5), never))
    assert.equal(receipts.filter(each => each.outcome === 'accepted').length, 5)
    assert.equal(scp.count(), 5)
    toldOfBoth('dimse')
  })

  for (const [what, tls] of [
    ['none of ours', () => ({ authoritiesFile: made.authoritiesFile })],
    ['a stranger’s', () => ({ ...identity(made.stranger), authoritiesFile: made.authoritiesFile })],
    [
      'one we do not trust',
      () => ({ ...made.waystation, authoritiesFile: made.stranger.authoritiesFile }),
    ],
    [
      'one of another name',
      () => ({ ...made.waystation, authoritiesFile: made.authoritiesFile, serverName: 'other' }),
    ],
  ] as const) {
    it(`sends nothing with a wrong certificate: ${what}`, async () => {
      const before = scp.count()
      await assert.rejects(secure(tls()).probe(never), /peer-/)
      await assert.rejects(collect(secure(tls()).deliver(study(1), never)), /peer-/)
      assert.equal(scp.count(), before)
    })
  }

  it('a file of ours that cannot be used is named as the reason', async () => {
    const tls = { certificateFile: join(folder, 'absent.pem'), keyFile: made.peer.keyFile }
    await assert.rejects(secure(tls).probe(never), { code: 'settings-refused', detail: /absent/ })
  })
})

describe('STOW-RS over TLS, which wants a certificate of ours', () => {
  let cloud: BadStow
  before(async () => {
    cloud = await startBadStow({
      key: readFileSync(made.peer.keyFile),
      cert: readFileSync(made.peer.certificateFile),
      ca: readFileSync(made.authoritiesFile),
      ...{ requestCert: true, rejectUnauthorized: true },
    })
  })
  after(() => cloud.stop())
  const secure = (tls: object, more: object = {}) =>
    to({ kind: 'dicomweb', url: `https://localhost:${cloud.port}`, tls, ...more })

  it('takes a study from a box with a certificate of its authority', async () => {
    const destination = secure({ ...made.waystation, authoritiesFile: made.authoritiesFile })
    await destination.probe(never)
    assert.equal((await collect(destination.deliver(study(5), never))).length, 5)
    assert.equal(cloud.taken.size, 5)
    toldOfBoth('dicomweb')
  })

  it('says why when it is not the one we trust, or we are not the one it does', async () => {
    const trusted = { authoritiesFile: made.authoritiesFile }
    const reasons: [object, RegExp][] = [
      [{ ...made.waystation, authoritiesFile: made.stranger.authoritiesFile }, /authority/],
      [{ ...made.waystation, ...trusted, serverName: 'other' }, /another name/],
    ]
    for (const [tls, detail] of reasons)
      await assert.rejects(secure(tls).probe(never), { code: 'peer-refused', detail })
    for (const tls of [trusted, { ...identity(made.stranger), ...trusted }])
      await assert.rejects(secure(tls).probe(never), { code: /peer-(refused|aborted)/ })
    const wrong = {
      ...trusted,
      certificateFile: made.waystation.certificateFile,
      keyFile: made.peer.keyFile,
    }
    await assert.rejects(secure(wrong).probe(never), { code: 'settings-refused' })
  })

  it('is reached through a proxy that lets us in, and one that does not is named', async () => {
    const proxy = await startProxy('box:p@ss')
    const tls = { ...made.waystation, authoritiesFile: made.authoritiesFile }
    const through = (account: string) =>
      secure(tls, { proxy: `http://${account}@127.0.0.1:${proxy.port}` })
    await through('box:p%40ss').probe(never)
    assert.equal((await collect(through('box:p%40ss').deliver(study(3), never))).length, 3)
    assert.ok(proxy.tunnels() >= 2)
    await assert.rejects(through('box:wrong').probe(never), {
      code: 'peer-refused',
      detail: /proxy/,
    })
    await proxy.stop()
  })
})

const identity = ({ certificateFile, keyFile }: Identity) => ({ certificateFile, keyFile })

/** A proxy that makes tunnels (RFC 9110 §9.3.6) for one account. */
async function startProxy(account: string) {
  let tunnels = 0
  const open = new Set<Duplex>()
  const server = createServer()
  server.on('connect', (request, near) => {
    open.add(near)
    near.on('error', () => {})
    if (request.headers['proxy-authorization'] !== `Basic ${btoa(account)}`) {
      near.end('HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n')
      return
    }
    tunnels++
    const far = connect(Number(request.url?.split(':').at(-1)), '127.0.0.1', () => {
      near.write('HTTP/1.1 200 Connection established\r\n\r\n')
      near.pipe(far).pipe(near)
    })
    far.on('error', () => near.destroy())
    near.on('close', () => far.destroy())
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    tunnels: () => tunnels,
    async stop() {
      for (const near of open) near.destroy()
      await new Promise(resolve => {
        server.close(resolve)
      })
    },
  }
}
