import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { NodeInput } from '../../../appliance/duties/nodes/nodes.ts'
import { freshFolders } from '../../faults/holdings.ts'
import { imageOf } from '../../faults/images.ts'
import { type Certificates, type Identity, makeCertificates } from '../../peers/certificates.ts'
import { type StoreScp, storeScp, storeScu } from '../../peers/dcmtk.ts'
import { eventually, start } from '../../peers/programs.ts'
import { type Synthetic, writeCt } from '../../samples/synthetic.ts'
import { type Box, startBox } from './box.ts'

const freshFolder = freshFolders(after)
let files: Certificates
let box: Box
let image: Synthetic
before(async () => {
  const folder = await freshFolder()
  files = await makeCertificates(folder)
  image = writeCt(folder, { uidRoot: '1.2.826.0.1.7', study: 1, instance: 1 }, 36)
  const { waystation, authoritiesFile } = files
  box = await startBox({
    ...{ aet: 'BOX', folder: await freshFolder() },
    dicom: { tls: { ...waystation, authoritiesFile, clientCertificate: 'asked', port: 0 } },
    tls: { ...waystation, authoritiesFile },
  })
})
after(() => box.stop())

const identity = ({ certificateFile, keyFile }: Identity) => ['+tls', keyFile, certificateFile]

/** How DCMTK calls: the port, and what it says of itself. */
const ways = {
  'in plain': () => ({ port: box.port, args: [] as string[] }),
  'over TLS without a certificate': () => ({
    ...{ port: box.tlsPort, args: ['+tla', '+cf', files.authoritiesFile] },
  }),
  'over TLS with a certificate of our authority': () => ({
    ...{ port: box.tlsPort, args: [...identity(files.peer), '+cf', files.authoritiesFile] },
  }),
  'over TLS with a certificate of a stranger': () => ({
    ...{ port: box.tlsPort, args: [...identity(files.stranger), '+cf', files.authoritiesFile] },
  }),
}
type Way = keyof typeof ways
const plain: Way = 'in plain'
const anonymous: Way = 'over TLS without a certificate'
const certified: Way = 'over TLS with a certificate of our authority'

/** Who gets in by which policy; a wrong certificate ends every handshake. */
const admitted: Record<NonNullable<NodeInput['tls']>, readonly Way[]> = {
  optional: [plain, anonymous, certified],
  required: [anonymous, certified],
  verified: [certified],
}

describe('DCMTK as a node that calls', () => {
  for (const [policy, among] of Object.entries(admitted))
    for (const way of Object.keys(ways) as Way[]) {
      const enters = among.includes(way)
      test(`${way}, where TLS is ${policy}: ${enters ? 'stores' : 'is refused'}`, async () => {
        await box.knows('scanner', 'CT01', 104, { tls: policy as NonNullable<NodeInput['tls']> })
        const { port, args } = ways[way]()
        const before = box.records.length
        const [sent] = await storeScu(port, [image], { args, called: 'BOX' })
        assert.equal(sent?.outcome, enters ? 'sent' : 'not sent', sent?.said)
        const record = await eventually(() => box.records[before], 'the record', 10)
        assert.equal(record.outcome === 'released', enters, record.sentence)
        if (!enters && way === plain) assert.match(record.sentence, /may call over TLS only/)
        if (!enters && way === anonymous) assert.match(record.sentence, /must show a certificate/)
      })
    }
})

describe('DCMTK storescp as a node that is called over TLS and wants a certificate', () => {
  let scp: StoreScp
  before(async () => {
    const inbox = join(await freshFolder(), 'inbox')
    mkdirSync(inbox)
    const args = [...identity(files.peer), '+cf', files.authoritiesFile, '-rc']
    scp = await storeScp(inbox, { args })
    await box.receive({ instance: 1 })
  })
  after(() => scp.stop())
  const knowsIt = (tlsFiles?: NodeInput['tlsFiles']) =>
    box.knows('pacs', 'PACS', scp.port, { useTls: true, tlsFiles })

  test('a C-MOVE sends to it with the certificate of the box', async () => {
    await knowsIt()
    const { announced, dataset } = imageOf({ instance: 1 })
    const mover = start('movescu', [
      ...['-v', '-S', '-aet', 'MOVER', '-aec', 'BOX', '-aem', 'PACS'],
      ...['-k', 'QueryRetrieveLevel=STUDY', '-k', 'StudyInstanceUID=1.2.826.0.1.1'],
      ...['127.0.0.1', String(box.port)],
    ])
    assert.equal(await mover.ended, 0, mover.output())
    await eventually(() => scp.count() === 1, 'the image', 10)
    assert.ok(scp.datasets().get(announced.sopInstanceUid)?.equals(dataset))
  })

  test('with its own certificate in place of the box’s', async () => {
    await knowsIt({ ...files.stranger, authoritiesFile: files.authoritiesFile })
    await assert.rejects(box.asking.echo(box.nodes.get('pacs')!), { code: /peer-/ })
    await knowsIt({ ...files.peer, authoritiesFile: files.authoritiesFile })
    await box.asking.echo(box.nodes.get('pacs')!)
  })

  for (const [what, wrong] of Object.entries<() => NodeInput['tlsFiles']>({
    'of an authority that we do not trust': () => ({
      authoritiesFile: files.stranger.authoritiesFile,
    }),
    'of another name': () => ({ serverName: 'elsewhere' }),
  }))
    test(`whose certificate is ${what} gets nothing, unless that is not to be verified`, async () => {
      const { instance } = await box.receive({ instance: 1 })
      const store = async () =>
        Array.fromAsync(box.asking.store(box.nodes.get('pacs')!, [instance]))
      await knowsIt(wrong())
      await assert.rejects(store(), { code: /peer-/ })
      await knowsIt({ ...wrong(), verify: false })
      assert.equal((await store())[0]?.outcome, 'taken')
    })
})
