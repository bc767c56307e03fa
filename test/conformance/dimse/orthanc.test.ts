import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type Certificates, makeCertificates } from '../../peers/certificates.ts'
import { bytes, element } from '../../peers/parrot/bytes.ts'
import { accepting, end, freePort, start } from '../../peers/programs.ts'
import { datasetOf } from '../../samples/part10.ts'
import {
  aeTitle,
  call,
  folder,
  type Instance,
  type Node,
  sendAll,
  startNode,
  syntheticInstances,
} from './node.ts'

const program = '/usr/sbin/Orthanc'
const missing = existsSync(program)
  ? false
  : 'Debian’s Orthanc is not installed: apt-get install --no-install-recommends orthanc'

const studyRootFind = '1.2.840.10008.5.1.4.1.2.2.1'
const studyRootGet = '1.2.840.10008.5.1.4.1.2.2.3'
const implicitLittleEndian = '1.2.840.10008.1.2'

interface Orthanc {
  dicomPort: number
  rest(path: string, body?: unknown): Promise<Response>
  stop(): Promise<void>
}

/** Debian's Orthanc with an empty archive, on loopback and free ports; knows our node as `us`. */
async function startOrthanc(
  path: string,
  configuration: Record<string, unknown>,
): Promise<Orthanc> {
  const [httpPort, dicomPort] = [await freePort(), await freePort()]
  const file = join(path, 'orthanc.json')
  writeFileSync(
    file,
    JSON.stringify({
      StorageDirectory: join(path, 'storage'),
      IndexDirectory: join(path, 'storage'),
      HttpPort: httpPort,
      DicomPort: dicomPort,
      DicomAet: 'ORTHANC',
      DicomCheckCalledAet: true,
      RemoteAccessAllowed: false,
      AuthenticationEnabled: false,
      Plugins: [],
      ...configuration,
    }),
  )
  const running = start(program, [file])
  await accepting(httpPort, running)
  await accepting(dicomPort, running)
  return {
    dicomPort,
    rest: (route, body) =>
      fetch(`http://127.0.0.1:${httpPort}${route}`, {
        ...(body === undefined
          ? {}
          : {
              method: 'POST',
              body: typeof body === 'string' ? body : JSON.stringify(body),
            }),
      }),
    stop: () => end(running),
  }
}

async function idOf(orthanc: Orthanc, { sopInstanceUid }: Instance): Promise<string> {
  const found = await orthanc.rest('/tools/lookup', sopInstanceUid)
  const instances = (await found.json()) as { Type: string; ID: string }[]
  return instances.find(each => each.Type === 'Instance')?.ID ?? 'none'
}

async function expectHeld(orthanc: Orthanc, instances: readonly Instance[]): Promise<void> {
  for (const instance of instances) {
    const file = await orthanc.rest(`/instances/${await idOf(orthanc, instance)}/file`)
    const held = datasetOf(Buffer.from(await file.arrayBuffer()))
    assert.ok(held.equals(instance.dataset), instance.sopInstanceUid)
  }
}

/** Sends back all it has, and we keep what we once sent. */
async function expectReturned(orthanc: Orthanc, node: Node, instances: readonly Instance[]) {
  node.kept.clear()
  const ids = await Promise.all(instances.map(each => idOf(orthanc, each)))
  const sent = await orthanc.rest('/modalities/us/store', ids)
  assert.equal(sent.status, 200, await sent.text())
  for (const { sopInstanceUid, dataset } of instances)
    assert.ok(node.kept.get(sopInstanceUid)?.dataset.equals(dataset), sopInstanceUid)
}

describe('Orthanc', { skip: missing }, () => {
  const files = folder()
  let certificates: Certificates
  let instances: Instance[]
  let node: Node

  before(async () => {
    certificates = await makeCertificates(files.within('certificates'))
    instances = syntheticInstances(files.within('synthetic'))
    node = await startNode({
      tls: {
        ...certificates.waystation,
        authoritiesFile: certificates.authoritiesFile,
        clientCertificate: 'required',
      },
    })
  })

  after(async () => {
    await node.stop()
    files.remove()
  })

  const knowing = (port: number, more = {}) => ({
    DicomModalities: { us: { AET: aeTitle, Host: '127.0.0.1', Port: port, ...more } },
  })

  it('is asked by us and asks us, over plain DICOM', async t => {
    const orthanc = await startOrthanc(files.within('plain'), knowing(node.port))
    try {
      await t.test('we store into it, and it holds it byte for byte', async () => {
        const association = await call(orthanc.dicomPort, { calledAeTitle: 'ORTHANC', instances })
        assert.equal((await association.echo()).status, 0x0000)
        assert.deepEqual(await sendAll(association, instances), [0x0000, 0x0000])
        assert.equal((await association.ended).outcome, 'released')
        await expectHeld(orthanc, instances)
      })
      await t.test('we find in it', async () => {
        const contexts = [
          { abstractSyntax: studyRootFind, transferSyntaxes: [implicitLittleEndian] },
        ]
        const association = await call(orthanc.dicomPort, { calledAeTitle: 'ORTHANC', contexts })
        const dataset = bytes(element(0x00080052, 'STUDY '), element(0x0020000d, ''))
        const statuses: number[] = []
        const found: Buffer[] = []
        for await (const reply of association.perform({
          operation: 'C-FIND',
          sopClassUid: studyRootFind,
          dataset,
        })) {
          statuses.push(reply.status)
          if (reply.dataset) found.push(Buffer.from(reply.dataset))
        }
        await association.release()
        assert.deepEqual(statuses, [0xff00, 0x0000])
        assert.ok(found[0]?.includes('1.2.826.0.1.3680043.10.99.5.1'))
      })
      await t.test('we get from it, on the association that asks', async () => {
        const got = new Map<string, Buffer>()
        const association = await call(orthanc.dicomPort, {
          calledAeTitle: 'ORTHANC',
          contexts: [
            { abstractSyntax: studyRootGet, transferSyntaxes: [implicitLittleEndian] },
            {
              abstractSyntax: instances[0]!.sopClassUid,
              transferSyntaxes: [instances[0]!.transferSyntaxUid],
              role: { scu: false, scp: true },
            },
          ],
          services: {
            async store({ sopInstanceUid, data }) {
              const chunks: Uint8Array[] = []
              for await (const chunk of data) chunks.push(chunk)
              got.set(sopInstanceUid, Buffer.concat(chunks))
              return { status: 0x0000 }
            },
          },
        })
        const study = '1.2.826.0.1.3680043.10.99.5.1'
        const statuses: number[] = []
        for await (const reply of association.perform({
          operation: 'C-GET',
          sopClassUid: studyRootGet,
          dataset: bytes(
            element(0x00080052, 'STUDY '),
            element(0x0020000d, study.padEnd(study.length + (study.length % 2), '\0')),
          ),
        }))
          statuses.push(reply.status)
        await association.release()
        assert.equal(statuses.at(-1), 0x0000)
        for (const { sopInstanceUid, dataset } of instances)
          assert.ok(got.get(sopInstanceUid)?.equals(dataset), sopInstanceUid)
      })
      await t.test('it refuses another AE title, and we say what to correct', async () => {
        await assert.rejects(call(orthanc.dicomPort, { calledAeTitle: 'ELSEWHERE' }), {
          code: 'peer-refused',
        })
      })
      await t.test('it asks us for an echo', async () => {
        const echoed = await orthanc.rest('/modalities/us/echo', {})
        assert.equal(echoed.status, 200, await echoed.text())
      })
      await t.test('it stores into us, byte for byte', () =>
        expectReturned(orthanc, node, instances),
      )
    } finally {
      await orthanc.stop()
    }
  })

  it('is asked by us and asks us, over TLS with certificates on both sides', async t => {
    const orthanc = await startOrthanc(files.within('secure'), {
      ...knowing(node.tlsPort, { UseDicomTls: true }),
      DicomTlsEnabled: true,
      DicomTlsCertificate: certificates.peer.certificateFile,
      DicomTlsPrivateKey: certificates.peer.keyFile,
      DicomTlsTrustedCertificates: certificates.authoritiesFile,
      DicomTlsRemoteCertificateRequired: true,
    })
    const { authoritiesFile, waystation, stranger } = certificates
    try {
      await t.test('we store into it, and it holds it byte for byte', async () => {
        const association = await call(orthanc.dicomPort, {
          calledAeTitle: 'ORTHANC',
          instances,
          tls: { ...waystation, authoritiesFile },
        })
        assert.deepEqual(await sendAll(association, instances), [0x0000, 0x0000])
        await expectHeld(orthanc, instances)
      })
      await t.test('it does not take a certificate of an unknown authority', async () => {
        await assert.rejects(
          call(orthanc.dicomPort, {
            calledAeTitle: 'ORTHANC',
            tls: { ...stranger, authoritiesFile },
          }).then(association => association.echo()),
        )
      })
      await t.test('it stores into us, byte for byte', () =>
        expectReturned(orthanc, node, instances),
      )
      assert.ok(node.records.findLast(each => each.callingAeTitle === 'ORTHANC')?.secure)
    } finally {
      await orthanc.stop()
    }
  })
})
