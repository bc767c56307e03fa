import assert from 'node:assert/strict'
import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type Certificates, type Identity, makeCertificates } from '../../peers/certificates.ts'
import { eventually, run, start } from '../../peers/programs.ts'
import { aeTitle, folder, type Node, startNode } from './node.ts'

/** Certificates and revocations that are replaced while the acceptor runs, as DCMTK and OpenSSL see it. */
const files = folder()
const path = files.within('certificates')
const mine: Identity = { certificateFile: join(path, 'mine.pem'), keyFile: join(path, 'mine.key') }
const revocationsFile = join(path, 'revocations.pem')
let certificates: Certificates
let node: Node

/** Replaces the box's certificate and key. */
function install(identity: Identity): void {
  copyFileSync(identity.keyFile, mine.keyFile)
  copyFileSync(identity.certificateFile, mine.certificateFile)
}

/** Writes the authority's list of what it has revoked so far. */
async function publish(): Promise<void> {
  await run('openssl', ['ca', '-config', join(path, 'ca.cnf'), '-gencrl', '-out', revocationsFile])
}

before(async () => {
  certificates = await makeCertificates(path)
  install(certificates.waystation)
  const authorityKey = certificates.authoritiesFile.replace(/pem$/, 'key')
  writeFileSync(join(path, 'index.txt'), '')
  writeFileSync(join(path, 'crlnumber'), '01\n')
  writeFileSync(
    join(path, 'ca.cnf'),
    [
      `[ca]\ndefault_ca=here\n[here]\ndatabase=${join(path, 'index.txt')}`,
      `certificate=${certificates.authoritiesFile}\nprivate_key=${authorityKey}`,
      `crlnumber=${join(path, 'crlnumber')}\ndefault_md=sha256\ndefault_crl_days=2\n`,
    ].join('\n'),
  )
  await publish()
  node = await startNode({
    tls: {
      ...mine,
      revocationsFile,
      authoritiesFile: certificates.authoritiesFile,
      clientCertificate: 'required',
    },
  })
})

after(async () => {
  await node.stop()
  files.remove()
})

async function echo(who: Identity): Promise<number> {
  const asking = start('echoscu', [
    ...['-aec', aeTitle, '+tls', who.keyFile, who.certificateFile],
    ...['+cf', certificates.authoritiesFile, '127.0.0.1', String(node.tlsPort)],
  ])
  return (await asking.ended) as number
}

/** The subject of the certificate that the box shows to OpenSSL. */
async function shown(): Promise<string> {
  const { certificateFile, keyFile } = certificates.waystation
  const asking = start('openssl', [
    ...['s_client', '-connect', `127.0.0.1:${node.tlsPort}`, '-cert', certificateFile],
    ...['-key', keyFile, '-CAfile', certificates.authoritiesFile, '-verify_return_error'],
  ])
  asking.child.stdin?.end()
  await asking.ended
  return /^subject=.*$/m.exec(asking.output())?.[0] ?? ''
}

describe('while the box runs', () => {
  it('a replaced certificate is shown to the next peer, before the first one came and after', async () => {
    install(certificates.peer)
    assert.match(await shown(), /peer/)
    assert.equal(await echo(certificates.peer), 0)
    install(certificates.waystation)
    await eventually(async () => /waystation/.test(await shown()), 'the new certificate', 30)
    assert.equal(await echo(certificates.peer), 0)
  })

  it('a peer that was revoked since is refused, the others are not, and the record says why', async () => {
    assert.equal(await echo(certificates.peer), 0)
    const revoked = ['-revoke', certificates.peer.certificateFile]
    await run('openssl', ['ca', '-config', join(path, 'ca.cnf'), ...revoked])
    await publish()
    await eventually(async () => (await echo(certificates.peer)) !== 0, 'the refusal', 30)
    assert.match(node.records.at(-1)?.sentence ?? '', /revoked/i)
    assert.equal(await echo(certificates.waystation), 0)
  })
})
