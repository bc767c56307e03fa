import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { after, before, beforeEach, describe, test } from 'node:test'
import { silentLog } from '../../appliance/log.ts'
import { connect as associate } from '../../appliance/standard/dimse/dimse.ts'
import { storeScu } from '../peers/dcmtk.ts'
import { eventually, start } from '../peers/programs.ts'
import { datasetOf } from '../samples/part10.ts'
import { type Synthetic, writeCt } from '../samples/synthetic.ts'
import { type Box, startBox, temporaryFolder } from './box.ts'

/**
 * Bad input gets a clear answer in the protocol's own terms, one log line that says what to do, and
 * leaves nothing half kept; the box lives on. Every test ends with a good image going in.
 */
const folder = temporaryFolder()
let box: Box
let image: Synthetic
let good: number

before(async () => {
  const path = (name: string) => {
    mkdirSync(join(folder.path, name), { recursive: true })
    return join(folder.path, name)
  }
  image = writeCt(
    path('files'),
    { uidRoot: '1.2.826.0.1.3680043.10.66', study: 1, instance: 1 },
    64,
  )
  box = await startBox({ data: path('data') })
  good = 0
})

after(() => folder.remove())

let linesBefore = 0
beforeEach(() => {
  linesBefore = box.log().length
})

/** The warnings and errors since the test began. */
const complaints = () =>
  box
    .log()
    .slice(linesBefore)
    .filter(line => line.level === 'warn' || line.level === 'error')

async function assertLivesOn(): Promise<void> {
  const next = writeCt(
    join(folder.path, 'files'),
    { uidRoot: '1.2.826.0.1.3680043.10.66', study: 2, instance: ++good },
    64,
  )
  const [sent] = await storeScu(box.dicomPort, [next])
  assert.equal(sent!.outcome, 'sent', sent!.said)
  assert.equal((await box.get<string[]>('/instances')).length, good, 'nothing else is kept')
  const [complaint, ...more] = complaints()
  assert.ok(complaint, 'it is in the log')
  assert.deepEqual(more, [], 'in one line')
  assert.ok(
    typeof complaint.advice === 'string' && complaint.advice.length > 10,
    'that says what to do',
  )
}

/** Everything the box says to these bytes before it closes the connection. */
async function say(bytes: Buffer | string): Promise<Buffer> {
  const socket = connect(box.dicomPort, '127.0.0.1')
  const answer: Buffer[] = []
  socket.on('data', data => answer.push(data))
  socket.on('error', () => {})
  socket.write(bytes)
  await new Promise(resolve => socket.once('close', resolve))
  return Buffer.concat(answer)
}

describe('on the DICOM port', () => {
  test('an HTTP request is told in DICOM that this is no association', async () => {
    const answer = await say('GET / HTTP/1.1\r\nHost: scanner\r\n\r\n')
    // A-ABORT (07), from the service user (00), whose reason says nothing (00): PS3.8 table 9-9, AA-1.
    assert.equal(answer.toString('hex'), '07000000000400000000')
    await assertLivesOn()
  })

  /** A C-STORE of made-up bytes, as a peer would send them. */
  async function storeBytes(
    dataset: Uint8Array,
    command: { sopClassUid?: string; sopInstanceUid?: string } = {},
  ) {
    const sopClassUid = command.sopClassUid ?? '1.2.840.10008.5.1.4.1.1.2'
    const transferSyntaxUid = '1.2.840.10008.1.2.1'
    const association = await associate({
      host: '127.0.0.1',
      port: box.dicomPort,
      callingAeTitle: 'BROKEN',
      calledAeTitle: 'WAYSTATION',
      contexts: [{ abstractSyntax: sopClassUid, transferSyntaxes: [transferSyntaxUid] }],
      log: silentLog,
    })
    const reply = await association.store({
      sopClassUid,
      sopInstanceUid: command.sopInstanceUid ?? image.sopInstanceUid,
      transferSyntaxUid,
      data: (async function* () {
        yield dataset
      })(),
    })
    await association.release()
    return reply
  }

  const whole = () => datasetOf(readFileSync(image.file))

  test('a truncated dataset is answered 0xC000 with an Error Comment', async () => {
    const reply = await storeBytes(whole().subarray(0, -100))
    assert.equal(reply.status, 0xc000)
    assert.ok(reply.errorComment)
    await assertLivesOn()
  })

  test('a dataset without its UIDs is answered 0xA900 with an Error Comment', async () => {
    // Only (0008,0060) Modality CS "CT", Explicit VR Little Endian.
    const reply = await storeBytes(Buffer.from('080060004353020043542020', 'hex').subarray(0, 10))
    assert.equal(reply.status, 0xa900)
    assert.ok(reply.errorComment)
    await assertLivesOn()
  })

  test('a dataset that names another object than its command is answered 0xA900', async () => {
    const reply = await storeBytes(whole(), { sopInstanceUid: '1.2.3.4' })
    assert.equal(reply.status, 0xa900)
    await assertLivesOn()
  })

  test('a sender that vanishes in the middle leaves nothing behind', async () => {
    const association = await associate({
      host: '127.0.0.1',
      port: box.dicomPort,
      callingAeTitle: 'VANISHES',
      calledAeTitle: 'WAYSTATION',
      contexts: [
        { abstractSyntax: '1.2.840.10008.5.1.4.1.1.2', transferSyntaxes: ['1.2.840.10008.1.2.1'] },
      ],
      log: silentLog,
    })
    const storing = association.store({
      sopClassUid: '1.2.840.10008.5.1.4.1.1.2',
      sopInstanceUid: image.sopInstanceUid,
      transferSyntaxUid: '1.2.840.10008.1.2.1',
      data: (async function* () {
        yield whole().subarray(0, 4096)
        association.abort()
      })(),
    })
    await assert.rejects(storing)
    await eventually(async () => {
      const { connections } = await box.get<{ connections: { callingAeTitle?: string }[] }>(
        '/api/connections',
      )
      return connections.find(each => each.callingAeTitle === 'VANISHES')
    }, 'the connection record')
    await assertLivesOn()
  })
})

describe('on POST /instances', () => {
  async function upload(bytes: Uint8Array): Promise<void> {
    const response = await fetch(`${box.url}/instances`, {
      method: 'POST',
      body: new Uint8Array(bytes),
    })
    assert.equal(response.status, 400)
    const error = (await response.json()) as Record<string, unknown>
    assert.equal(error.HttpStatus, 400)
    assert.equal(error.OrthancStatus, 15, 'Bad file format')
    assert.equal(error.Method, 'POST')
    assert.equal(error.Uri, '/instances')
  }

  test('a file that is not DICOM is refused with Orthanc’s error', async () => {
    await upload(Buffer.from('%PDF-1.7 this is no image at all'.repeat(20)))
    await assertLivesOn()
  })

  test('an empty body is refused with Orthanc’s error', async () => {
    await upload(Buffer.alloc(0))
    await assertLivesOn()
  })

  test('a truncated file is refused with Orthanc’s error', async () => {
    await upload(readFileSync(image.file).subarray(0, -1))
    await assertLivesOn()
  })

  test('a file without a SOP Instance UID is refused with Orthanc’s error', async () => {
    const meta = readFileSync(image.file).subarray(0, image.datasetOffset)
    await upload(Buffer.concat([meta, Buffer.from('0800600043530200', 'hex'), Buffer.from('CT')]))
    await assertLivesOn()
  })
})

test('what is damaged or unknown in the configuration is refused before anything is touched', async () => {
  const config = join(folder.path, 'bad.json')
  writeFileSync(
    config,
    '{"dicom":{"aet":"A\\\\B","prot":104},"forward":{"rules":[{"name":"all","send":["nowhere"]}]}}',
  )
  const root = join(import.meta.dirname, '../..')
  const refused = start('sh', [
    join(root, 'appliance/waystation.sh'),
    'serve',
    ...[
      '--config',
      config,
      '--data',
      join(folder.path, 'never'),
      '--http-port',
      '0',
      '--dicom-port',
      '0',
    ],
  ])
  assert.equal(await refused.ended, 78)
  for (const part of ['dicom.aet', 'dicom.prot', 'nowhere'])
    assert.ok(refused.output().includes(part), part)
})

test('after all of that the box stops in order', async () => {
  assert.equal(await box.stop(), 0)
})
