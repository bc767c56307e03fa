import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { NodeInput } from '../../../appliance/duties/nodes/nodes.ts'
import { freshFolders } from '../../faults/holdings.ts'
import { type Certificates, makeCertificates } from '../../peers/certificates.ts'
import { type StoreScp, storeScp } from '../../peers/dcmtk.ts'
import { type Box, startBox } from './box.ts'

const freshFolder = freshFolders(after)
let box: Box
let secured: Box
let files: Certificates
let peer: StoreScp
let inbox: string
before(async () => {
  const folder = await freshFolder()
  inbox = join(folder, 'inbox')
  mkdirSync(inbox)
  files = await makeCertificates(folder)
  peer = await storeScp(inbox)
  box = await startBox({ aet: 'BOX', folder: await freshFolder() })
  secured = await startBox({
    aet: 'FAR',
    folder: await freshFolder(),
    dicom: { tls: { ...files.waystation, port: 0 } },
  })
})
after(async () => {
  await box.stop()
  await secured.stop()
  await peer.stop()
})

const sopClasses = ['1.2.840.10008.5.1.4.1.1.2', '1.2.840.10008.5.1.4.1.1.4']
const node = async (port: number, more: Partial<NodeInput> = {}) => {
  await box.knows('peer', 'PEER', port, more)
  return box.nodes.get('peer')!
}

test('DCMTK takes everything uncompressed and compressed, in as many associations as needed', async () => {
  const found = await box.asking.probe(await node(peer.port))
  assert.equal(found.speaks, 'plain')
  assert.match(found.implementationVersionName ?? '', /OFFIS/)
  assert.deepEqual(found.services, ['echo'])
  const ct = found.storage.find(each => each.sopClassUid === sopClasses[0])
  assert.ok(ct?.transferSyntaxes.includes('1.2.840.10008.1.2.4.90'))
  assert.ok(found.storage.length > 100)
  assert.ok(found.associations > 10)
  assert.equal(peer.count(), 0)
  // That much was not taken is no trouble here: it was only asked.
  assert.deepEqual(
    [...new Set(box.records.map(({ sentence }) => sentence))],
    [`PEER at 127.0.0.1:${peer.port} was asked what it takes; nothing was sent.`],
  )
})

test('a TLS port is found behind a node that is called in plain, with its certificate', async () => {
  const more = { tlsFiles: { authoritiesFile: files.authoritiesFile } }
  const found = await box.asking.probe(await node(secured.tlsPort, more), { sopClasses })
  assert.equal(found.speaks, 'tls')
  assert.equal(found.certificate?.subject, 'CN=waystation')
  assert.equal(found.certificate?.daysLeft, 1)
  assert.equal(found.certificate?.trusted, true)
  assert.match(found.certificate?.protocol ?? '', /TLSv1\.3/)
})

test('a certificate of a stranger is told, not trusted, and a call over it refused', async () => {
  const untrusting = await node(secured.tlsPort, {
    useTls: true,
    tlsFiles: { authoritiesFile: files.stranger.authoritiesFile },
  })
  const found = await box.asking.probe(untrusting, { sopClasses })
  assert.equal(found.certificate?.trusted, false)
  assert.ok(found.certificate?.distrust)
  await assert.rejects(box.asking.echo(untrusting))
  await box.asking.echo({ ...untrusting, tlsFiles: { ...files.peer, verify: false } })
})

test('a plain port is found behind a node that is called over TLS', async () => {
  const found = await box.asking.probe(await node(peer.port, { useTls: true }), { sopClasses })
  assert.equal(found.speaks, 'plain')
})

test('what answers in the other language is believed, though it refuses', async () => {
  const rejection = Buffer.from('03000000000400010107', 'hex')
  const answers = async (answer: Buffer) => {
    const server = createServer(socket => {
      socket.on('error', () => {})
      // A-ASSOCIATE-RQ; a TLS handshake begins with 16H.
      socket.once('data', asked => (asked[0] === 1 ? socket.end(answer) : socket.destroy()))
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    after(() => server.close())
    return node((server.address() as AddressInfo).port, { useTls: true, timeout: 5 })
  }
  await assert.rejects(box.asking.probe(await answers(rejection), { sopClasses }), {
    code: 'peer-refused',
  })
  const http = Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')
  await assert.rejects(box.asking.probe(await answers(http), { sopClasses }), {
    code: 'protocol-broken',
    detail: /speaks HTTP/,
  })
})

test('a port that speaks no TLS is told so in plain words', async () => {
  const talking = createServer(socket => {
    socket.on('error', () => {})
    socket.write('220 ready\r\n')
  })
  await new Promise<void>(resolve => talking.listen(0, '127.0.0.1', resolve))
  after(() => talking.close())
  const { port } = talking.address() as AddressInfo
  await assert.rejects(box.asking.echo(await node(port, { useTls: true })), {
    code: 'peer-unreachable',
    detail: /it does not speak TLS/,
  })
})
