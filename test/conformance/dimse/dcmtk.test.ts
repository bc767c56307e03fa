import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type Certificates, makeCertificates } from '../../peers/certificates.ts'
import { storeScp, storeScu } from '../../peers/dcmtk.ts'
import { eventually, start } from '../../peers/programs.ts'
import { datasetOf } from '../../samples/part10.ts'
import {
  aeTitle,
  call,
  endlessPatient,
  folder,
  type Instance,
  instancesOfEverySyntax,
  type Node,
  sendAll,
  startNode,
  studies,
  syntheticInstances,
} from './node.ts'

/** A program of DCMTK that asks our node something; its whole output, errors included. */
async function ask(program: string, port: number, args: readonly string[]) {
  const asking = start(program, ['-v', '-aec', aeTitle, ...args, '127.0.0.1', String(port)])
  const code = await asking.ended
  return { code, output: asking.output() }
}

const files = folder()
let certificates: Certificates
let instances: Instance[]
let node: Node

const tlsOf = (who: 'peer' | 'stranger') => [
  ...['+tls', certificates[who].keyFile, certificates[who].certificateFile],
  ...['+cf', certificates.authoritiesFile],
]

before(async () => {
  certificates = await makeCertificates(files.within('certificates'))
  instances = syntheticInstances(files.within('synthetic'))
  node = await startNode({
    holds: instances,
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

/** One of pydicom's deflated samples lacks the NUL that makes its length even, PS3.5 §A.5. */
const evened = (dataset: Buffer) => Buffer.concat([dataset, Buffer.alloc(dataset.length % 2)])

describe('DCMTK asks us', () => {
  it('for an echo, and is answered', async () => {
    const { code, output } = await ask('echoscu', node.port, [])
    assert.equal(code, 0, output)
    assert.match(output, /Received Echo Response \(Success\)/)
  })

  it('for another AE title, and is refused with the reason for it', async () => {
    const { code, output } = await ask('echoscu', node.port, ['-aec', 'ORTHANC'])
    assert.notEqual(code, 0)
    assert.match(output, /Called AE Title Not Recognized/i)
  })

  it('to store, and what it sends is kept byte for byte', async () => {
    const sent = await storeScu(node.port, instances)
    assert.deepEqual(
      sent.map(each => each.outcome),
      ['sent', 'sent'],
    )
    for (const { sopInstanceUid, dataset, transferSyntaxUid } of instances)
      assert.deepEqual(node.kept.get(sopInstanceUid), { transferSyntaxUid, dataset })
  })

  it('to store in every transfer syntax it has, and we get what its own storescp gets', async () => {
    const samples = instancesOfEverySyntax()
    const scp = await storeScp(files.within('reference'))
    try {
      const theirs = await storeScu(scp.port, samples, { args: ['--max-pdu', '131072'] })
      const ours = await storeScu(node.port, samples, { args: ['--max-pdu', '131072'] })
      assert.deepEqual(
        ours.map(each => each.outcome),
        theirs.map(each => each.outcome),
      )
      const reference = scp.datasets()
      assert.ok(reference.size >= 8, `${reference.size} transfer syntaxes were sent`)
      for (const [sopInstanceUid, dataset] of reference)
        assert.ok(node.kept.get(sopInstanceUid)?.dataset.equals(dataset), sopInstanceUid)
    } finally {
      await scp.stop()
    }
  })

  it('for studies, and gets each match', async () => {
    const { code, output } = await ask('findscu', node.port, [
      ...['-S', '-k', 'QueryRetrieveLevel=STUDY', '-k', 'StudyInstanceUID', '-k', 'PatientID'],
    ])
    assert.equal(code, 0, output)
    for (const study of studies) assert.match(output, new RegExp(`\\[${study}`))
    assert.match(output, /Received Final Find Response \(Success\)/)
  })

  it('for studies and calls it off, and is told that it was', async () => {
    const { code, output } = await ask('findscu', node.port, [
      ...[
        '-S',
        '--cancel',
        '2',
        '-k',
        'QueryRetrieveLevel=STUDY',
        '-k',
        `PatientID=${endlessPatient}`,
      ],
    ])
    assert.equal(code, 0, output)
    assert.match(output, /Received Final Find Response \(Cancel/)
  })

  it('to get what we hold, and receives it on the same association', async () => {
    const target = files.within('got')
    const { code, output } = await ask('getscu', node.port, [
      ...['-S', '+B', '-od', target, '-k', 'QueryRetrieveLevel=STUDY', '-k', 'StudyInstanceUID=1'],
    ])
    assert.equal(code, 0, output)
    const got = readdirSync(target).map(name => datasetOf(readFileSync(join(target, name))))
    assert.equal(got.length, instances.length)
    for (const { dataset } of instances) assert.ok(got.some(each => each.equals(dataset)))
  })
})

describe('DCMTK asks us over TLS', () => {
  it('to store, and what it sends is kept byte for byte', async () => {
    node.kept.clear()
    const sent = await storeScu(node.tlsPort, instances, { args: tlsOf('peer') })
    assert.deepEqual(
      sent.map(each => each.outcome),
      ['sent', 'sent'],
      sent[0]?.said,
    )
    for (const { sopInstanceUid, dataset } of instances)
      assert.ok(node.kept.get(sopInstanceUid)?.dataset.equals(dataset))
    const record = node.records.findLast(each => each.secure)
    assert.match(record?.tls?.protocol ?? '', /^TLSv1\.[23]$/)
    assert.match(record?.tls?.subject ?? '', /peer/)
  })

  it('with a certificate of an authority we do not know, and is told off', async () => {
    const { code } = await ask('echoscu', node.tlsPort, [...tlsOf('stranger'), '-ic'])
    assert.notEqual(code, 0)
    await eventually(() => /trust/.test(node.records.at(-1)?.sentence ?? ''), 'the record', 10)
  })

  it('without TLS on the TLS port, and the record says what to change', async () => {
    const { code } = await ask('echoscu', node.tlsPort, [])
    assert.notEqual(code, 0)
    await eventually(
      () => /plain DICOM on the TLS port/.test(node.records.at(-1)?.sentence ?? ''),
      'the record',
      10,
    )
  })

  it('with TLS on the plain port, and the record says what to change', async () => {
    const { code } = await ask('echoscu', node.port, tlsOf('peer'))
    assert.notEqual(code, 0)
    await eventually(
      () => /TLS on the plain DICOM port/.test(node.records.at(-1)?.sentence ?? ''),
      'the record',
      10,
    )
  })
})

describe('we ask DCMTK', () => {
  it('for an echo and to store every transfer syntax, which arrives byte for byte', async () => {
    const scp = await storeScp(files.within('plain'))
    try {
      const samples = [...instances, ...instancesOfEverySyntax()]
      const association = await call(scp.port, { instances: samples })
      assert.equal((await association.echo()).status, 0x0000)
      const taken = samples.filter(each =>
        association.accepted(each.sopClassUid, each.transferSyntaxUid),
      )
      assert.ok(taken.length >= 8, `${taken.length} kinds were accepted`)
      assert.ok((await sendAll(association, taken)).every(status => status === 0x0000))
      await eventually(() => scp.count() === taken.length, 'every file', 20)
      const arrived = scp.datasets()
      for (const { sopInstanceUid, dataset, file } of taken)
        assert.ok(arrived.get(sopInstanceUid)?.equals(evened(dataset)), file)
    } finally {
      await scp.stop()
    }
  })

  it('to store over TLS with a certificate of ours, and it arrives byte for byte', async () => {
    const scp = await storeScp(files.within('secure'), { args: tlsOf('peer') })
    try {
      const association = await call(scp.port, {
        instances,
        tls: { ...certificates.waystation, authoritiesFile: certificates.authoritiesFile },
      })
      assert.ok((await sendAll(association, instances)).every(status => status === 0x0000))
      await eventually(() => scp.count() === instances.length, 'every file', 20)
      const arrived = scp.datasets()
      for (const { sopInstanceUid, dataset } of instances)
        assert.ok(arrived.get(sopInstanceUid)?.equals(dataset))
    } finally {
      await scp.stop()
    }
  })

  it('with a certificate it cannot trust, or trusting nobody who signed its own, in vain', async () => {
    const scp = await storeScp(files.within('strict'), { args: tlsOf('peer') })
    try {
      const { stranger, waystation, authoritiesFile } = certificates
      await assert.rejects(
        call(scp.port, { tls: { ...stranger, authoritiesFile } }).then(each => each.echo()),
      )
      await assert.rejects(
        call(scp.port, { tls: { ...waystation, authoritiesFile: stranger.authoritiesFile } }),
      )
      await assert.rejects(call(scp.port))
    } finally {
      await scp.stop()
    }
  })
})
