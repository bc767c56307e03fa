import assert from 'node:assert/strict'
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { writeDataset, writeFileMeta } from '../dicom/dicom.ts'
import { calling, ct, explicit, listening } from './listening.peer.ts'
import { defaultLimits } from './settings.ts'

const run = promisify(execFile)
const env = { ...process.env, TCP_NODELAY: '1' }

function installed(): boolean {
  try {
    execFileSync('storescu', ['--version'], { stdio: 'pipe' })
    return true
  } catch {
    return false
  }
}

const options = installed() ? {} : { skip: 'DCMTK is not installed (Debian package dcmtk)' }

let folder: string
let dataset: Uint8Array
const file = () => join(folder, 'image.dcm')

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'dimse-dcmtk-'))
  dataset = writeDataset(
    [
      { tag: 'SOPClassUID', value: ct },
      { tag: 'SOPInstanceUID', value: '1.2.3.4' },
      { tag: 'PixelData', vr: 'OW', value: Buffer.alloc(300_000, 0x2a) },
    ],
    explicit,
  )
  const meta = writeFileMeta({
    sopClassUid: ct,
    sopInstanceUid: '1.2.3.4',
    transferSyntaxUid: explicit,
    implementationClassUid: '1.2.3',
    implementationVersionName: 'TEST',
  })
  writeFileSync(file(), Buffer.concat([meta, dataset]))
})

after(() => rmSync(folder, { recursive: true }))

describe('DCMTK as the caller', options, () => {
  test('echoscu is answered', async () => {
    const box = await listening({})
    await run('echoscu', ['-aec', 'WAYSTATION', '127.0.0.1', String(box.port)], { env })
    const record = await box.record()
    assert.equal(record.outcome, 'released')
    assert.match(record.implementationVersionName ?? '', /^OFFIS_DCMTK/)
    await box.stop()
  })

  for (const maxPdu of ['4096', '16384', '131072'])
    test(`storescu, with PDUs of ${maxPdu} bytes, is given its dataset back byte by byte`, async () => {
      const stored: Buffer[] = []
      const box = await listening({
        limits: { ...defaultLimits, pduLength: Number(maxPdu) },
        services: {
          async store({ data }) {
            const chunks: Uint8Array[] = []
            for await (const chunk of data) chunks.push(chunk)
            stored.push(Buffer.concat(chunks))
            return { status: 0 }
          },
        },
      })
      const args = ['-R', '-xe', '-aec', 'WAYSTATION', '--max-send-pdu', maxPdu]
      await run('storescu', [...args, '127.0.0.1', String(box.port), file(), file()], { env })
      assert.equal(stored.length, 2)
      for (const each of stored) assert.ok(each.equals(dataset))
      await box.stop()
    })

  test('echoscu with another AE title is refused for that', async () => {
    const box = await listening({})
    await assert.rejects(run('echoscu', ['127.0.0.1', String(box.port)], { env }), error =>
      /Called AE Title Not Recognized/i.test((error as { stderr: string }).stderr),
    )
    await box.stop()
  })
})

/** A free port, as DCMTK cannot take one by itself. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

/** Calls until somebody answers. */
async function callingAtLast(port: number) {
  for (;;)
    try {
      return await calling(port, {
        contexts: [{ abstractSyntax: ct, transferSyntaxes: [explicit] }],
      })
    } catch {
      await new Promise(resolve => setImmediate(resolve))
    }
}

describe('DCMTK as the called', options, () => {
  let storescp: ChildProcess
  after(() => storescp?.kill())

  test('storescp is sent a dataset byte by byte', async () => {
    const port = await freePort()
    const received = mkdtempSync(join(folder, 'received-'))
    storescp = spawn('storescp', ['+B', '-od', received, String(port)], { env, stdio: 'ignore' })
    const association = await callingAtLast(port)
    const reply = await association.store({
      sopClassUid: ct,
      sopInstanceUid: '1.2.3.4',
      transferSyntaxUid: explicit,
      data: (async function* () {
        for (let at = 0; at < dataset.length; at += 50_000) yield dataset.subarray(at, at + 50_000)
      })(),
    })
    assert.equal(reply.status, 0)
    await association.release()
    const [name] = readdirSync(received)
    const written = readFileSync(join(received, name!))
    assert.ok(written.subarray(-dataset.length).equals(dataset))
  })
})
