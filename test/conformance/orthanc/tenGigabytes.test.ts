import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { get, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Archive } from '../../../appliance/holdings/archive/archive.ts'
import { eventually } from '../../peers/programs.ts'
import { writeCt } from '../../samples/synthetic.ts'
import { type Server, startOurs } from './peer.ts'

/**
 * A study of 20 objects of 512 MB. They are small ones on the disk; what the door reads of them is the
 * same megabyte of noise again and again, so that 10 GB pass through all that there is of ours.
 */
const [objects, megabytesEach] = [20, 512]
const megabyte = 1024 * 1024
const memoryAtMost = 200 * megabyte

const reading = { open: 0, bytes: 0 }
const noise = randomBytes(megabyte)

async function* swollen(): AsyncGenerator<Uint8Array> {
  reading.open++
  try {
    for (let count = 0; count < megabytesEach; count++) {
      reading.bytes += megabyte
      yield Buffer.from(noise)
    }
  } finally {
    reading.open--
  }
}

const grown = (archive: Archive): Archive => ({
  ...archive,
  open: (id, range) => (range ? archive.open(id, range) : swollen()),
})

let ours: Server
let study: string

before(async () => {
  ours = await startOurs(grown)
  const folder = mkdtempSync(join(tmpdir(), 'waystation-ten-'))
  try {
    for (let instance = 1; instance <= objects; instance++) {
      const { file } = writeCt(
        folder,
        { uidRoot: '1.2.826.0.1.3680043.10.77', study: 1, instance },
        8,
      )
      const answer = await fetch(`${ours.url}/instances`, {
        method: 'POST',
        body: readFileSync(file),
      })
      assert.equal(answer.status, 200)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  study = ((await (await fetch(`${ours.url}/studies`)).json()) as [string])[0]
})

after(() => ours?.stop())

const asked = () =>
  new Promise<IncomingMessage>((resolve, reject) => {
    get(`${ours.url}/studies/${study}/archive`, resolve).on('error', reject)
  })

const anonymous = () =>
  Number(/RssAnon:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))![1]) * 1024

async function newestJob(): Promise<{ State: string; ErrorCode: number; CreationTime: string }> {
  const jobs = (await (await fetch(`${ours.url}/jobs?expand`)).json()) as {
    State: string
    ErrorCode: number
    CreationTime: string
  }[]
  return jobs.toSorted((a, b) => (a.CreationTime < b.CreationTime ? 1 : -1))[0]!
}

test('an archive of 10 GB passes through in bounded memory', async () => {
  const answer = await asked()
  const before = anonymous()
  let [bytes, most, looked] = [0, 0, 0]
  for await (const chunk of answer) {
    bytes += chunk.length
    if (bytes - looked < 64 * megabyte) continue
    looked = bytes
    most = Math.max(most, anonymous())
  }
  assert.ok(bytes > objects * megabytesEach * megabyte, `${bytes} bytes`)
  assert.ok(most - before < memoryAtMost, `${(most - before) / megabyte} MB more than before`)
  assert.deepEqual([reading.open, (await newestJob()).State], [0, 'Success'])
})

test('of an archive no more is read than its reader takes, and it ends when the reader goes', async () => {
  const answer = await asked()
  const begun = reading.bytes
  let taken = 0
  for await (const chunk of answer) {
    taken += chunk.length
    if (taken > 64 * megabyte) break
  }
  // Leaving the loop cuts the connection.
  const job = await eventually(async () => {
    const newest = await newestJob()
    return newest.State === 'Running' ? undefined : newest
  }, 'the end of the download')
  assert.deepEqual([job.State, job.ErrorCode, reading.open], ['Failure', 37, 0])
  const ahead = reading.bytes - begun - taken
  assert.ok(ahead < 64 * megabyte, `${ahead / megabyte} MB were read that nobody took`)
})
