import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { after, before, test } from 'node:test'
import { pydicomSamples, roundsOf } from '../../samples/pydicom.ts'
import { ask, type Question, surprises } from './compare.ts'
import { absent, type Server, startOrthanc, startOurs } from './peer.ts'
import { aboutAll, aboutEach } from './questions.ts'
import { writesAbout, writesAboutPatient } from './questionsWriting.ts'

/** The same requests to Debian's Orthanc and to us. See differences.ts for what may differ, and why. */
const conformance = (title: string, body: () => Promise<void>) =>
  test(title, { skip: absent ?? false }, body)

let theirs: Server
let ours: Server
const samples = absent ? [] : (roundsOf(pydicomSamples())[0] ?? [])

before(async () => {
  if (absent) return
  ;[theirs, ours] = await Promise.all([startOrthanc(), startOurs()])
})

after(async () => {
  await Promise.all([theirs?.stop(), ours?.stop()])
})

async function compare(questions: Iterable<Question>): Promise<void> {
  const found: string[] = []
  for (const question of questions) {
    const [a, b] = await Promise.all([ask(theirs, question), ask(ours, question)])
    found.push(...surprises(question, a, b))
  }
  assert.equal(found.join('\n'), '')
}

/** Identifiers that both have. */
async function common(level: string): Promise<string[]> {
  const [a, b] = await Promise.all([theirs, ours].map(server => list(server, level)))
  return a!.filter(id => b!.includes(id))
}

async function list(server: Server, path: string): Promise<string[]> {
  return (await (await fetch(`${server.url}/${path}`)).json()) as string[]
}

conformance('uploads are answered alike, and give the same identifiers', async () => {
  await compare(
    samples.map(({ file }) => ({
      method: 'POST',
      path: '/instances',
      body: readFileSync(file),
      about: basename(file),
    })),
  )
  // What only one of them took would differ in every list from here on.
  for (const [server, other] of [
    [theirs, ours],
    [ours, theirs],
  ] as const) {
    const there = new Set(await list(other, 'instances'))
    for (const id of await list(server, 'instances')) {
      if (!there.has(id)) await fetch(`${server.url}/instances/${id}`, { method: 'DELETE' })
    }
  }
  assert.deepEqual((await list(theirs, 'instances')).sort(), (await list(ours, 'instances')).sort())
})

for (const [level, paths] of Object.entries(aboutEach)) {
  conformance(`each of the ${level} is told alike`, async () => {
    const ids = await common(level)
    assert.ok(ids.length > 10)
    await compare(
      ids.flatMap(id =>
        paths.map(path => ({
          method: 'GET',
          path: `/${level}/${id}${path}`,
          unordered: /\/(instances|series|studies)$/.test(path),
        })),
      ),
    )
  })
}

conformance('lists, searches, bad requests and unknown paths are answered alike', () =>
  compare(aboutAll),
)

conformance('metadata, attachments and protection are written alike', async () => {
  const [study] = await common('studies')
  const [patient] = await common('patients')
  await compare([...writesAbout(study!), ...writesAboutPatient(patient!)])
})

conformance('a form, and a ZIP in it, are taken and refused alike', async () => {
  const [ct] = samples.filter(({ file }) => file.endsWith('CT_small.dcm'))
  const part = (bytes: Uint8Array) =>
    Buffer.concat([
      Buffer.from('--edge\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n'),
      bytes,
      Buffer.from('\r\n'),
    ])
  const form = (about: string, ...parts: Uint8Array[]) => ({
    ...{ method: 'POST', path: '/instances', about: `form of ${about}` },
    body: Buffer.concat([...parts.map(part), Buffer.from('--edge--\r\n')]),
    headers: { 'Content-Type': 'multipart/form-data; boundary=edge' },
  })
  const image = readFileSync(ct!.file)
  await compare([
    form('an image', image),
    form('nothing DICOM', Buffer.from('nothing')),
    { method: 'GET', path: '/instances', unordered: true },
  ])
})

conformance('what is removed goes with the same ancestors', async () => {
  const levels = ['instances', 'series', 'studies', 'patients']
  for (const level of levels) {
    const [first, second] = await common(level)
    await compare([
      { method: 'DELETE', path: `/${level}/${first}` },
      { method: 'DELETE', path: `/${level}/${first}` },
      { method: 'DELETE', path: `/${level}/${second}` },
      ...levels.map(path => ({ method: 'GET', path: `/${path}`, unordered: true })),
      { method: 'GET', path: '/statistics' },
    ])
  }
})
