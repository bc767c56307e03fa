import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { storeScp, storeScu } from '../peers/dcmtk.ts'
import { eventually } from '../peers/programs.ts'
import { datasetOf } from '../samples/part10.ts'
import { writeMultiFrame } from '../samples/synthetic.ts'
import { startBox, temporaryFolder } from './box.ts'

const folder = temporaryFolder()
after(() => folder.remove())

/** The most memory a process ever held, in MB (`VmHWM` of proc(5)). */
function peakMegabytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)![1]) / 1024
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

test('a 500 MB multi-frame object goes in and out, by DIMSE and HTTP, below 300 MB of memory', async () => {
  const path = (name: string) => {
    const made = join(folder.path, name)
    mkdirSync(made, { recursive: true })
    return made
  }
  const image = writeMultiFrame(
    path('source'),
    { uidRoot: '1.2.826.0.1.3680043.10.77', study: 1, instance: 1 },
    500,
  )
  const expected = sha256(datasetOf(readFileSync(image.file)))
  const cloud = await storeScp(path('cloud'))
  const box = await startBox({
    data: path('data'),
    config: {
      forward: {
        destinations: [
          { name: 'cloud', kind: 'dimse', aet: 'CLOUD', host: '127.0.0.1', port: cloud.port },
        ],
        rules: [{ name: 'all', send: ['cloud'] }],
      },
    },
  })

  const [sent] = await storeScu(box.dicomPort, [image])
  assert.equal(sent!.outcome, 'sent', sent!.said)

  const [id] = await box.get<string[]>('/instances')
  const response = await fetch(`${box.url}/instances/${id}/file`)
  assert.equal(
    sha256(datasetOf(Buffer.from(await response.arrayBuffer()))),
    expected,
    'out by HTTP',
  )

  await eventually(() => cloud.datasets().has(image.sopInstanceUid), 'relayed')
  await eventually(
    () => sha256(cloud.datasets().get(image.sopInstanceUid)!) === expected,
    'out by DIMSE, unchanged',
  )

  const body = readFileSync(image.file)
  await fetch(`${box.url}/instances/${id}`, { method: 'DELETE' })
  const upload = await fetch(`${box.url}/instances`, {
    method: 'POST',
    body,
  })
  assert.equal(((await upload.json()) as { Status: string }).Status, 'Success', 'in by HTTP')

  const peak = peakMegabytes(box.pid)
  assert.ok(peak < 300, `peak memory ${peak.toFixed(0)} MB`)
  assert.equal(await box.stop(), 0)
  await cloud.stop()
})
