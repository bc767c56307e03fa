import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openStore } from '../../appliance/holdings/catalog/catalog.ts'
import {
  explicitLittleEndian,
  implementation,
  writeDataset,
  writeFileMeta,
} from '../../appliance/standard/dicom/dicom.ts'
import { accepting, end, freePort, start } from '../peers/programs.ts'
import { writeCt } from '../samples/synthetic.ts'
import { startBox } from '../whole/box.ts'
import { fill, recordedOf } from './filling.ts'

/** A server of the Orthanc REST API that holds the same studies as the other. */
interface Rest {
  name: string
  url: string
  pid: number
  stop(): Promise<void>
}

interface Question {
  name: string
  ask(url: string): Promise<number>
  runs: number
}

const uidRoot = '1.2.826.0.1.3680043.10.42'
const megabyte = 1e6

/** The file of the first instance of a study of the filling, without pixels. */
function fileOf(study: number): Buffer {
  const { instance, tags } = recordedOf(study, 0, 0, 1)
  const { sopClassUid, sopInstanceUid } = instance
  const all = { ...instance.tags, ...tags.patient, ...tags.study, ...tags.series }
  const elements = Object.entries({
    ...all,
    SOPClassUID: sopClassUid,
    SpecificCharacterSet: 'ISO_IR 192',
  })
  const meta = writeFileMeta({
    ...{ sopClassUid, sopInstanceUid, transferSyntaxUid: explicitLittleEndian },
    implementationClassUid: implementation.classUid,
    implementationVersionName: implementation.versionName,
  })
  const dataset = writeDataset(
    elements.map(([tag, value]) => ({ tag, value })),
    explicitLittleEndian,
  )
  return Buffer.concat([meta, dataset])
}

async function upload(url: string, files: Iterable<() => Buffer>): Promise<void> {
  const rest = files[Symbol.iterator]()
  const worker = async () => {
    for (let next = rest.next(); !next.done; next = rest.next()) {
      const answer = await fetch(`${url}/instances`, {
        method: 'POST',
        body: next.value() as never,
      })
      if (!answer.ok) throw new Error(`upload: ${answer.status} ${await answer.text()}`)
      await answer.arrayBuffer()
    }
  }
  await Promise.all(Array.from({ length: 6 }, worker))
}

async function waystation(folder: string, studies: number): Promise<Rest> {
  const data = join(folder, 'rest-waystation')
  // The folder must be the service's own before anything lies in it.
  await (await startBox({ data })).stop()
  const store = await openStore({ folder: join(data, 'catalog') })
  await fill(store, { studies, instancesPerStudy: 1 })
  await store.close()
  const box = await startBox({ data })
  return {
    name: 'Waystation',
    url: box.url,
    pid: box.pid,
    stop: async () => void (await box.stop()),
  }
}

async function orthanc(folder: string, studies: number): Promise<Rest> {
  const target = join(folder, 'rest-orthanc')
  mkdirSync(target, { recursive: true })
  const [DicomPort, HttpPort] = [await freePort(), await freePort()]
  const file = join(target, 'orthanc.json')
  const storage = { StorageDirectory: join(target, 's'), IndexDirectory: join(target, 's') }
  writeFileSync(
    file,
    JSON.stringify({ ...storage, DicomPort, HttpPort, Plugins: [], SyncStorageArea: false }),
  )
  const program = start('Orthanc', [file], {
    PATH: `${process.env.PATH}:/usr/sbin`,
    TCP_NODELAY: '1',
  })
  await accepting(HttpPort, program)
  const url = `http://127.0.0.1:${HttpPort}`
  await upload(
    url,
    Array.from({ length: studies }, (_, study) => () => fileOf(study)),
  )
  return { name: 'Orthanc', url, pid: program.child.pid!, stop: () => end(program) }
}

/** Reads an answer to its end; how many bytes it had. */
async function read(asked: Promise<Response>): Promise<number> {
  const answer = await asked
  if (!answer.ok) throw new Error(`${answer.url}: ${answer.status} ${await answer.text()}`)
  let bytes = 0
  for await (const chunk of answer.body!) bytes += chunk.length
  return bytes
}

const get = (path: string) => (url: string) => read(fetch(url + path))
const find = (body: object) => (url: string) =>
  read(fetch(`${url}/tools/find`, { method: 'POST', body: JSON.stringify(body) }))

/** Some CTs and, as one study, a gigabyte of them, sent to both; what to ask about them. */
async function withImages(
  folder: string,
  servers: readonly Rest[],
): Promise<{ instance: string; study: string; megabytes: number }> {
  const path = join(folder, 'rest-images')
  mkdirSync(path, { recursive: true })
  const count = Math.ceil(1e9 / 526_000)
  let megabytes = 0
  for (const server of servers) {
    megabytes = 0
    await upload(
      server.url,
      Array.from({ length: count }, (_, index) => () => {
        const image = writeCt(path, { uidRoot, study: 90, instance: index + 1 }, 512)
        const bytes = readFileSync(image.file)
        megabytes += bytes.length / megabyte
        rmSync(image.file)
        return bytes
      }),
    )
  }
  const found = await fetch(`${servers[0]!.url}/tools/lookup`, {
    method: 'POST',
    body: `${uidRoot}.90`,
  })
  const [{ ID: study }] = (await found.json()) as [{ ID: string }]
  const instances = await fetch(`${servers[0]!.url}/studies/${study}/instances?expand=false`)
  const [instance] = (await instances.json()) as [string]
  return { instance, study, megabytes }
}

const median = (numbers: readonly number[]) =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!

/**
 * Anonymous memory, in megabytes: what the process needs for itself. Pages of mapped files, such as
 * the catalogue's, are the kernel's cache; it takes them back when somebody needs them.
 */
function anonymousMegabytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/RssAnon:\s+(\d+) kB/.exec(status)![1]) / 1024
}

/** What is asked most of the REST API, against Debian's Orthanc, taking turns. */
export async function measureRest(
  folder: string,
  runs: number,
  say: (line?: string) => void,
  studies = 100_000,
): Promise<void> {
  const servers: Rest[] = [await waystation(folder, studies)]
  try {
    servers.push(await orthanc(folder, studies))
    const { instance, study, megabytes } = await withImages(folder, servers)
    const questions: Question[] = [
      {
        name: 'GET /studies?expand, the first 100',
        ask: get('/studies?expand&since=0&limit=100'),
        runs: runs * 10,
      },
      {
        name: 'tools/find by date and description',
        ask: find({
          Level: 'Study',
          Query: { StudyDate: '20180101-20180201', StudyDescription: 'ct of*' },
          Expand: true,
        }),
        runs: runs * 10,
      },
      {
        name: 'instances/{id}/file, 526 KB',
        ask: get(`/instances/${instance}/file`),
        runs: runs * 40,
      },
      {
        name: `archive of ${megabytes.toFixed(0)} MB`,
        ask: get(`/studies/${study}/archive`),
        runs: Math.min(runs, 3),
      },
    ]
    say(`\n### REST over ${studies.toLocaleString('en')} studies\n`)
    say(
      `| request | ${servers.map(({ name }) => `${name} ms | anonymous MB`).join(' | ')} | Waystation is |`,
    )
    say('|---|---:|---:|---:|---:|---:|')
    for (const { name, ask, runs: times } of questions) {
      const taken = servers.map((): number[] => [])
      const peaks = servers.map(() => 0)
      const look = () => {
        for (const [index, { pid }] of servers.entries()) {
          peaks[index] = Math.max(peaks[index]!, anonymousMegabytes(pid))
        }
      }
      const looking = setInterval(look, 20)
      for (const server of servers) await ask(server.url)
      for (let run = 0; run < times; run++) {
        for (const [index, server] of servers.entries()) {
          const begun = performance.now()
          await ask(server.url)
          taken[index]!.push(performance.now() - begun)
        }
      }
      look()
      clearInterval(looking)
      const [own, other] = taken.map(median) as [number, number]
      const columns = taken.map(
        (times, index) => `${median(times).toFixed(1)} | ${peaks[index]!.toFixed(0)}`,
      )
      say(`| ${name} | ${columns.join(' | ')} | ${(other / own).toFixed(2)} × as fast |`)
    }
  } finally {
    for (const server of servers) await server.stop()
  }
}
