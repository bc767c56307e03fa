import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { eventually } from '../../peers/programs.ts'
import { pydicomSamples, roundsOf } from '../../samples/pydicom.ts'
import { type Box, startBox, temporaryFolder } from '../../whole/box.ts'
import { ask, type Question, surprises } from './compare.ts'
import { jobOf } from './finishedJob.ts'
import { absent, type Server, startOrthanc } from './peer.ts'

/**
 * The network routes of Debian's Orthanc and of the whole service, each talking to a third server,
 * a PACS that is Orthanc too; and what the service and that PACS then have of each other.
 */
const conformance = (title: string, body: () => Promise<void>) =>
  test(title, { skip: absent ?? false }, body)

type Orthanc = Awaited<ReturnType<typeof startOrthanc>>

let theirs: Orthanc
let pacs: Orthanc
let box: Box
let ours: Server
const data = temporaryFolder()
const samples = absent ? [] : (roundsOf(pydicomSamples())[0] ?? []).slice(0, 12)

before(async () => {
  if (absent) return
  const open = { DicomAlwaysAllowFind: true, DicomAlwaysAllowGet: true, DicomAlwaysAllowMove: true }
  ;[theirs, pacs, box] = await Promise.all([
    startOrthanc(),
    startOrthanc({ DicomAet: 'PACS', ...open }),
    startBox({ data: data.path, config: { dicom: { aet: 'WAYSTATION' } } }),
  ])
  ours = { url: box.url, stop: async () => void (await box.stop()) }
  for (const { file } of samples) {
    const body = readFileSync(file)
    for (const { url } of [theirs, ours, pacs]) {
      await fetch(`${url}/instances`, { method: 'POST', body })
    }
  }
  const us = JSON.stringify(['WAYSTATION', '127.0.0.1', box.dicomPort])
  await fetch(`${pacs.url}/modalities/us`, { method: 'PUT', body: us })
})

after(async () => {
  await Promise.all([theirs?.stop(), pacs?.stop(), ours?.stop()])
  data.remove()
})

async function compare(questions: Iterable<Question>): Promise<void> {
  const found: string[] = []
  for (const question of questions) {
    const [a, b] = await Promise.all([ask(theirs, question), ask(ours, question)])
    found.push(...surprises(question, a, b))
  }
  assert.equal(found.join('\n'), '')
}

const get = (path: string): Question => ({ method: 'GET', path })
const send = (method: string, path: string, body: unknown): Question => {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return { method, path, body: text, about: text }
}

/** Answers a question that both make something of, and gives its identifier at each. */
async function made(path: string, body: unknown): Promise<[string, string]> {
  const answers = await Promise.all(
    [theirs, ours].map(async ({ url }) => {
      const answer = await fetch(url + path, { method: 'POST', body: JSON.stringify(body) })
      assert.equal(answer.status, 200, await answer.clone().text())
      return ((await answer.json()) as { ID: string }).ID
    }),
  )
  return answers as [string, string]
}

conformance('modalities and peers are edited and told alike', () =>
  compare([
    send('PUT', '/modalities/pacs', ['PACS', '127.0.0.1', pacs.dicomPort]),
    send('PUT', '/modalities/gone', { AET: 'GONE', Host: '127.0.0.1', Port: '1', Timeout: 2 }),
    send('PUT', '/modalities/x', { AET: 'A' }),
    send('PUT', '/modalities/x', 'nonsense'),
    send('PUT', '/modalities/x', ['A', 'h', 0]),
    send('PUT', '/modalities/x', ['A', 'h', 70_000]),
    send('PUT', '/modalities/x', ['A', 'h', 104, 'Acme']),
    send('PUT', '/modalities/x', ['A', 'h', 104, 'MedInria']),
    send('PUT', '/modalities/a%20b', ['A', 'h', 104]),
    get('/modalities'),
    get('/modalities?expand'),
    get('/modalities/x/configuration'),
    get('/modalities/nobody'),
    get('/modalities/nobody/configuration'),
    send('DELETE', '/modalities/x', ''),
    send('DELETE', '/modalities/x', ''),
    send('PUT', '/peers/pacs', [pacs.url]),
    send('PUT', '/peers/gone', { Url: 'http://127.0.0.1:1', Username: 'u', Password: 'p', Own: 1 }),
    send('PUT', '/peers/x', {}),
    send('PUT', '/peers/x', 'nonsense'),
    send('PUT', '/peers/x', ['ftp://x']),
    send('PUT', '/peers/x', ['http://x', 'a']),
    get('/peers'),
    get('/peers?expand'),
    get('/peers/pacs'),
    get('/peers/gone/configuration'),
    get('/peers/pacs/system'),
    get('/peers/gone/system'),
    get('/peers/nobody'),
    get('/peers/nobody/system'),
    send('DELETE', '/peers/nobody', ''),
  ]),
)

conformance(
  'echo and store are answered alike, and so are requests for them that are wrong',
  async () => {
    const list = (await (await fetch(`${theirs.url}/studies`)).json()) as string[]
    const [study] = list
    await compare([
      send('POST', '/modalities/pacs/echo', {}),
      send('POST', '/modalities/pacs/echo', ''),
      send('POST', '/modalities/pacs/echo', { CheckFind: true }),
      send('POST', '/modalities/pacs/echo', { Timeout: 'x' }),
      send('POST', '/modalities/gone/echo', {}),
      send('POST', '/modalities/nobody/echo', {}),
      send('POST', '/modalities/pacs/store', study!),
      send('POST', '/modalities/pacs/store', [study]),
      send('POST', '/modalities/pacs/store', {
        Resources: [study],
        MoveOriginatorAet: 'A',
        MoveOriginatorID: 7,
      }),
      send('POST', '/modalities/pacs/store', { Resources: [study], MoveOriginatorID: 7 }),
      send('POST', '/modalities/pacs/store', []),
      send('POST', '/modalities/pacs/store', 'abc'),
      send('POST', '/modalities/pacs/store', ['abc']),
      send('POST', '/modalities/pacs/store', {}),
      send('POST', '/modalities/pacs/store', { Resources: [study], Synchronous: 'x' }),
      send('POST', '/modalities/gone/store', [study]),
      send('POST', '/modalities/nobody/store', [study]),
      send('POST', '/modalities/pacs/store-straight', 'nonsense'),
      send('POST', '/peers/pacs/store', [study]),
      send('POST', '/peers/gone/store', [study]),
      send('POST', '/peers/nobody/store', [study]),
      send('POST', '/peers/pacs/store', 'abc'),
      send('POST', '/modalities/pacs/storage-commitment', {}),
      send('POST', '/modalities/pacs/storage-commitment', { DicomInstances: [['1.2']] }),
      send('POST', '/modalities/pacs/storage-commitment', { Resources: ['abc'] }),
      get('/storage-commitment/1.2'),
      send('POST', '/storage-commitment/1.2/remove', ''),
    ])
  },
)

conformance('queries are asked, told and followed alike', async () => {
  await compare([
    send('POST', '/modalities/pacs/query', { Level: 'Planet', Query: {} }),
    send('POST', '/modalities/pacs/query', { Query: {} }),
    send('POST', '/modalities/pacs/query', { Level: 'Study', Query: { PatientName: 5 } }),
    send('POST', '/modalities/pacs/query', { Level: 'Study', Query: { Nonsense: '' } }),
    send('POST', '/modalities/pacs/query', []),
    send('POST', '/modalities/gone/query', { Level: 'Study', Query: {} }),
    send('POST', '/modalities/nobody/query', { Level: 'Study', Query: {} }),
    send('POST', '/modalities/pacs/find-patient', { PatientID: '' }),
    send('POST', '/modalities/pacs/find-study', { PatientID: '' }),
    send('POST', '/modalities/pacs/find-study', { PatientID: '1CT1' }),
    send('POST', '/modalities/pacs/find', { PatientID: '1CT1' }),
    send('POST', '/modalities/pacs/move', { Level: 'Study', Resources: [{ PatientID: 'x' }] }),
    send('POST', '/modalities/pacs/move', { Resources: [] }),
    send('POST', '/modalities/pacs/move', {
      ...{ Level: 'Study', Resources: [{ StudyInstanceUID: '1.2.3' }], TargetAet: 'NOBODY' },
    }),
    send('POST', '/modalities/pacs/find-worklist', { Query: {} }),
    get('/queries/nobody'),
    get('/queries/nobody/answers'),
  ])
  const found: string[] = []
  for (const [level, keys] of [
    ['Patient', { PatientName: '', PatientSex: '' }],
    ['Study', { PatientName: '*', StudyDescription: '', Modality: 'CT' }],
    ['Series', { Modality: 'CT', SeriesDescription: '' }],
    ['Instance', { InstanceNumber: '' }],
  ] as const) {
    const ids = await made('/modalities/pacs/query', { Level: level, Query: keys })
    for (const path of [
      ...['', '/level', '/modality', '/query', '/query?simplify', '/answers', '/answers?expand'],
      ...['/answers?expand&short', '/answers/0', '/answers/0/content', '/answers/0/content?short'],
      ...['/answers/999', '/answers/999/content', '/answers/x/content', '/nonsense'],
    ]) {
      const question = get(`/queries/QUERY${path}`)
      const [a, b] = await Promise.all([
        ask(theirs, { ...question, path: question.path.replace('QUERY', ids[0]) }),
        ask(ours, { ...question, path: question.path.replace('QUERY', ids[1]) }),
      ])
      b.text = b.text.replaceAll(ids[1], ids[0])
      found.push(...surprises(question, a, b))
    }
  }
  const asked = { Level: 'Study', Query: { PatientID: '1CT1' } }
  const ids = await made('/modalities/pacs/query', asked)
  const below = await madeBelow(ids, 'answers/0/query-series', {})
  const last = await madeBelow(below, 'answers/0/query-instances', { Query: { Rows: '' } })
  for (const [first, second] of [below, last]) {
    const question = get('/queries/QUERY/query?short')
    const [a, b] = await Promise.all([
      ask(theirs, { ...question, path: `/queries/${first}/query?short` }),
      ask(ours, { ...question, path: `/queries/${second}/query?short` }),
    ])
    found.push(...surprises(question, a, b))
  }
  assert.equal(found.join('\n'), '')
})

/** The same of a route below something that each of them calls otherwise. */
async function madeBelow(
  [first, second]: readonly [string, string],
  route: string,
  body: unknown,
): Promise<[string, string]> {
  const answers = await Promise.all(
    [`${theirs.url}/queries/${first}`, `${ours.url}/queries/${second}`].map(async at => {
      const answer = await fetch(`${at}/${route}`, { method: 'POST', body: JSON.stringify(body) })
      return ((await answer.json()) as { ID: string }).ID
    }),
  )
  return answers as [string, string]
}

conformance('jobs of every kind are told alike, also when they fail', async () => {
  const list = (await (await fetch(`${theirs.url}/studies`)).json()) as string[]
  const study = list[0]
  const wish = { Asynchronous: true, Priority: 4 }
  const submissions: [string, object][] = [
    [`/studies/${study}/archive`, wish],
    [`/studies/${study}/media`, wish],
    ['/tools/create-archive', { ...wish, Resources: list }],
    ['/modalities/pacs/store', { ...wish, Resources: [study] }],
    ['/modalities/gone/store', { ...wish, Resources: [study] }],
    ['/peers/gone/store', { ...wish, Resources: [study] }],
  ]
  for (const [path, body] of submissions) {
    const ids = await made(path, body)
    const [a, b] = await Promise.all([jobOf(theirs, ids[0]), jobOf(ours, ids[1])])
    assert.deepEqual(b, a, path)
  }
})

/** The job that each of them makes of one storage commitment that the PACS asks of it. */
async function asked(sopInstanceUid: string): Promise<[string, string]> {
  const ids = ['them', 'us'].map(async (modality, at) => {
    const answer = await fetch(`${pacs.url}/modalities/${modality}/storage-commitment`, {
      method: 'POST',
      body: JSON.stringify({ DicomInstances: [['1.2.840.10008.5.1.4.1.1.2', sopInstanceUid]] }),
    })
    const { ID: transaction } = (await answer.json()) as { ID: string }
    return eventually(async () => {
      const jobs = await fetch(`${[theirs, ours][at]!.url}/jobs?expand`)
      const all = (await jobs.json()) as { ID: string; Content: { TransactionUid?: string } }[]
      return all.find(({ Content }) => Content.TransactionUid === transaction)?.ID
    }, `a job at ${modality}`)
  })
  return (await Promise.all(ids)) as [string, string]
}

conformance('a storage commitment that is asked of us is told as the job of it', async () => {
  const them = JSON.stringify(['WAYSTATION', '127.0.0.1', theirs.dicomPort])
  await fetch(`${pacs.url}/modalities/them`, { method: 'PUT', body: them })
  const reached = async (port: number) => {
    for (const { url } of [theirs, ours]) {
      const body = JSON.stringify(['PACS', '127.0.0.1', port])
      await fetch(`${url}/modalities/pacs`, { method: 'PUT', body })
    }
  }
  await reached(pacs.dicomPort)
  const told = async (server: Server, id: string): Promise<Record<string, unknown>> => {
    const { Content, ...job } = await jobOf(server, id)
    const { TransactionUid, RemoteIp: _, ...content } = Content as Record<string, unknown>
    assert.match(String(TransactionUid), /^2\.25\./)
    return { ...job, content }
  }
  const taken = await asked('1.2.3')
  assert.deepEqual(await told(ours, taken[1]), await told(theirs, taken[0]))
  // Orthanc gives up at once; here it is owed until it is taken, or until a person cancels it.
  await reached(1)
  const failing = await asked('1.2.4')
  const failed = await told(theirs, failing[0])
  assert.equal(failed.State, 'Failure')
  const job = `/jobs/${failing[1]}`
  const retried = await eventually(async () => {
    const now = await box.get<Record<string, unknown>>(job)
    return now.State === 'Retry' ? now : undefined
  }, 'an attempt')
  for (const field of ['ErrorCode', 'ErrorDescription', 'Progress', 'Type', 'Priority']) {
    assert.deepEqual(retried[field], failed[field], field)
  }
  assert.match(String(retried.ErrorDetails), /ECONNREFUSED/)
  const post = async (action: string) =>
    (await fetch(`${ours.url}${job}/${action}`, { method: 'POST' })).status
  for (const action of ['pause', 'resume', 'resubmit']) assert.equal(await post(action), 400)
  assert.equal((await fetch(`${ours.url}${job}`, { method: 'DELETE' })).status, 400)
  assert.equal(await post('cancel'), 200)
  const cancelled = await told(ours, failing[1])
  assert.deepEqual([cancelled.State, cancelled.ErrorCode], ['Failure', 37])
  assert.deepEqual(await box.get('/api/notices'), { notices: [] })
  await reached(pacs.dicomPort)
  // Both are called WAYSTATION: what is moved there later must come to us.
  await fetch(`${pacs.url}/modalities/them`, { method: 'DELETE' })
})

conformance(
  'what a PACS has is fetched by C-MOVE and C-GET, and what it keeps it promises',
  async () => {
    const ids = await box.get<string[]>('/instances')
    assert.ok(ids.length > 5)
    const remove = () =>
      fetch(`${ours.url}/tools/bulk-delete`, {
        method: 'POST',
        body: JSON.stringify({ Resources: ids }),
      })
    for (const RetrieveMethod of ['C-MOVE', 'C-GET']) {
      await remove()
      assert.deepEqual(await box.get('/instances'), [])
      const query = await fetch(`${ours.url}/modalities/pacs/query`, {
        method: 'POST',
        body: JSON.stringify({ Level: 'Study', Query: {} }),
      })
      const { Path } = (await query.json()) as { Path: string }
      const fetched = await fetch(`${ours.url}${Path}/retrieve`, {
        method: 'POST',
        body: JSON.stringify({ RetrieveMethod }),
      })
      const told = (await fetched.json()) as { Details: { ReceivedInstancesIds: string[] }[] }
      assert.equal(fetched.status, 200, JSON.stringify(told))
      const received = new Set(told.Details.flatMap(each => each.ReceivedInstancesIds))
      assert.deepEqual([...received].sort(), [...ids].sort(), RetrieveMethod)
      assert.deepEqual((await box.get<string[]>('/instances')).sort(), [...ids].sort())
    }
    const asked = await fetch(`${ours.url}/modalities/pacs/storage-commitment`, {
      method: 'POST',
      body: JSON.stringify({ Resources: ids }),
    })
    const { Path } = (await asked.json()) as { Path: string }
    const report = await eventually(async () => {
      const told = await box.get<{ Status: string; Success: unknown[] }>(Path)
      return told.Status === 'Pending' ? undefined : told
    }, 'the report of the PACS')
    assert.deepEqual([report.Status, report.Success.length], ['Success', ids.length])
    const removed = await fetch(`${ours.url}${Path}/remove`, { method: 'POST' })
    assert.equal(removed.status, 200)
    assert.deepEqual(await box.get('/instances'), [])
  },
)
