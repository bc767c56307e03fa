import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { get, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { eventually } from '../../peers/programs.ts'
import { serviceNode } from '../../whole/box.ts'
import { megabyte, megabytesEach, objects, type Reading } from './tenGigabytesServer.ts'

/** Of what the process needs for itself: with the flags of the service's own Node. */
const memoryAtMost = 200 * megabyte

let server: ChildProcess
let url: string
let study: string

before(async () => {
  const { flags, env } = serviceNode()
  server = fork(join(import.meta.dirname, 'tenGigabytesServer.ts'), {
    execArgv: flags,
    env: { ...process.env, ...env },
  })
  ;[{ url, study }] = (await once(server, 'message')) as [{ url: string; study: string }]
})

after(async () => {
  const gone = once(server, 'exit')
  server.send('stop')
  await gone
})

/** What the door is reading. */
async function reading(): Promise<Reading> {
  server.send('reading')
  const [told] = await once(server, 'message')
  return told as Reading
}

const asked = () =>
  new Promise<IncomingMessage>((resolve, reject) => {
    get(`${url}/studies/${study}/archive`, resolve).on('error', reject)
  })

const anonymous = () =>
  Number(/RssAnon:\s+(\d+) kB/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))![1]) * 1024

async function newestJob(): Promise<{ State: string; ErrorCode: number; CreationTime: string }> {
  const jobs = (await (await fetch(`${url}/jobs?expand`)).json()) as {
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
  assert.deepEqual([(await reading()).open, (await newestJob()).State], [0, 'Success'])
})

test('of an archive no more is read than its reader takes, and it ends when the reader goes', async () => {
  const answer = await asked()
  const begun = (await reading()).bytes
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
  const { open, bytes } = await reading()
  assert.deepEqual([job.State, job.ErrorCode, open], ['Failure', 37, 0])
  const ahead = bytes - begun - taken
  assert.ok(ahead < 64 * megabyte, `${ahead / megabyte} MB were read that nobody took`)
})
