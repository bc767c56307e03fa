import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  implementation,
  type NewElement,
  writeDataset,
  writeFileMeta,
} from '../../../appliance/standard/dicom/dicom.ts'
import { ask, type Question, surprises } from './compare.ts'
import { absent, type Server, startOrthanc, startOurs } from './peer.ts'

/** What Debian's Orthanc refuses we refuse alike, and what it puts up with we do; private tags, too. */
const conformance = (title: string, body: () => Promise<void>) =>
  test(title, { skip: absent ?? false }, body)

const dictionary = {
  '0009,01': ['LO', 'Dose Note', 1, 1, 'ACME'],
  '0009,03': ['US', 'DoseCount', 1, 1, 'ACME'],
  '0009,05': ['SQ', 'DoseSequence', 1, 1, 'ACME'],
}

let theirs: Server
let ours: Server
const instances: string[] = []
let study = ''

before(async () => {
  if (absent) return
  ;[theirs, ours] = await Promise.all([
    startOrthanc({ Dictionary: dictionary, DicomScuTimeout: 2 }),
    startOurs(undefined, { dictionary }),
  ])
  for (const syntax of ['1.2.840.10008.1.2', '1.2.840.10008.1.2.1']) {
    for (const block of ['10', '20']) {
      const body = fileOf(syntax, block)
      const [one, other] = await Promise.all(
        [theirs, ours].map(async ({ url }) => {
          const answer = await fetch(`${url}/instances`, { method: 'POST', body })
          return (await answer.json()) as { ID: string; ParentStudy: string }
        }),
      )
      assert.equal(one!.ID, other!.ID)
      instances.push(one!.ID)
      study = one!.ParentStudy
    }
  }
})

after(async () => {
  await Promise.all([theirs?.stop(), ours?.stop()])
})

function fileOf(syntax: string, block: string): Uint8Array<ArrayBuffer> {
  const sop = `1.2.3.${syntax.length}.${block}`
  const sopClass = '1.2.840.10008.5.1.4.1.1.2'
  const elements: NewElement[] = [
    { tag: 'SOPClassUID', value: sopClass },
    { tag: 'SOPInstanceUID', value: sop },
    { tag: 'StudyInstanceUID', value: '1.2.3' },
    { tag: 'SeriesInstanceUID', value: '1.2.3.4' },
    { tag: 'PatientID', value: 'P' },
    { tag: 'Modality', value: 'CT' },
    { tag: `0009,00${block}`, vr: 'LO', value: 'ACME' },
    { tag: `0009,${block}01`, vr: 'LO', value: 'low' },
    { tag: `0009,${block}02`, vr: 'LO', value: 'other' },
    { tag: `0009,${block}03`, vr: 'US', value: [7] },
    { tag: `0009,${block}05`, vr: 'SQ', items: [[{ tag: 'PatientID', value: 'inner' }]] },
  ]
  const meta = writeFileMeta({
    ...{ sopClassUid: sopClass, sopInstanceUid: sop, transferSyntaxUid: syntax },
    implementationClassUid: implementation.classUid,
    implementationVersionName: implementation.versionName,
  })
  return Buffer.concat([meta, writeDataset(elements, syntax)])
}

async function compare(questions: Iterable<Question>): Promise<void> {
  const found: string[] = []
  for (const question of questions) {
    const [a, b] = await Promise.all([ask(theirs, question), ask(ours, question)])
    found.push(...surprises(question, a, b))
  }
  assert.equal(found.join('\n'), '')
}

const send = (method: string, path: string, ...bodies: unknown[]): Question[] =>
  bodies.map(each => {
    const body = typeof each === 'string' ? each : JSON.stringify(each)
    return { method, path, body, about: body, unordered: true }
  })
const nonsense = { Nonsense: 1 }
const node = { AET: 'A', Host: '127.0.0.1', Port: 1 }

conformance(
  'fields that nobody knows are passed over where Orthanc does so, refused elsewhere',
  () =>
    compare([
      ...send('POST', '/tools/find', { Level: 'Study', Query: {}, ...nonsense }),
      ...send('POST', '/tools/bulk-content', { Resources: [], ...nonsense }),
      ...send('POST', '/tools/bulk-delete', { Resources: [], ...nonsense }),
      ...send('PUT', '/modalities/a', { ...node, ...nonsense }, { ...node, Nonsense: { a: 1 } }),
      ...['Nonsense', 'AllowNothing'].flatMap(name =>
        send(
          'PUT',
          '/peers/a',
          ...[1, 'x', true, { a: 1 }, [1]].map(value => ({
            Url: 'http://127.0.0.1:1',
            [name]: value,
          })),
        ),
      ),
      { method: 'GET', path: '/peers?expand' },
      ...send('POST', '/modalities/a/store', { Resources: [], ...nonsense }),
      ...send('POST', '/modalities/a/query', { Level: 'Study', Query: nonsense }),
      ...send('POST', '/modalities/a/find-worklist', nonsense, { Query: nonsense }),
      ...send('POST', '/peers/a/store', { Resources: [], ...nonsense }),
      ...send('POST', '/tools/reconstruct', nonsense),
      ...send('POST', `/studies/${study}/reconstruct`, nonsense, 'x'),
    ]),
)

conformance('bodies that are no JSON, or of another type, are refused alike', () =>
  compare([
    ...send('POST', '/tools/find', '', 'x', '[]', '{', { Level: 1, Query: {} }),
    ...send('POST', '/tools/find', { Level: 'Study' }, { Level: 'Study', Query: [] }),
    ...send('POST', '/tools/find', { Level: 'Study', Query: { PatientID: 1 } }),
    ...send('POST', '/tools/find', { Level: 'Study', Query: {}, Limit: 'x' }),
    ...send('POST', '/tools/find', { Level: 'Study', Query: {}, Limit: -1 }),
    ...send('POST', '/tools/find', { Level: 'Study', Query: {}, Expand: 1 }),
    ...send('POST', '/tools/find', { Level: 'Study', Query: {}, CaseSensitive: 'x' }),
    ...send('POST', '/tools/bulk-content', '', 'x', [], {}, { Resources: 'x' }, { Resources: [1] }),
    ...send('POST', '/tools/bulk-content', { Resources: [], Level: 'x' }),
    ...send('POST', '/tools/bulk-content', { Resources: [], Metadata: 'x' }),
    ...send('POST', '/tools/bulk-delete', '', 'x', [], {}, { Resources: 'x' }, { Resources: [1] }),
    ...send('POST', '/tools/create-archive', '', 'x', '1', ['nope'], {}, { Resources: 'x' }),
    ...send('POST', '/tools/create-media', { Resources: [], Extended: 'x' }, 'x'),
    ...['archive', 'media'].flatMap(kind =>
      send(
        'POST',
        `/studies/${study}/${kind}`,
        ...['', ' ', 'x', '{', { Synchronous: 'x' }, { Transcode: 1 }],
        { Priority: 'x', Asynchronous: true },
      ),
    ),
    ...send('PUT', '/modalities/c', '', 'x', [1], {}, { ...node, AET: 1 }, { AET: 'A', Host: 'h' }),
    ...send('PUT', '/modalities/c', { ...node, Port: 99_999 }, { ...node, AllowEcho: 'x' }),
    ...send('PUT', '/peers/c', '', 'x', [1], {}, { Url: 1 }, { Url: 'http://h', Timeout: 'x' }),
    ...send('PUT', '/modalities/b', node),
    ...send('POST', '/modalities/b/echo', '', 'x', '[]', { Timeout: 'x' }),
    ...send('POST', '/modalities/b/query', '', 'x', '[]', {}, { Level: 'x' }, { Level: 1 }),
    ...send('POST', '/modalities/b/query', { Level: 'Study', Query: { PatientID: 1 } }),
    ...send('POST', '/modalities/b/store', '', 'x', ['nope'], {}, { Resources: 1 }),
    ...send('POST', '/modalities/b/move', 'x', {}, { Level: 'Study' }, { Resources: [] }),
    ...send('POST', '/modalities/b/find-worklist', 'x', { Query: [] }, { PatientID: 1 }),
    ...send('POST', '/modalities/b/storage-commitment', 'x', {}, { Resources: 'x' }),
    ...send('POST', '/tools/dicom-echo', 'x', {}, { ...node, Port: 'x' }),
    ...send('PUT', '/tools/metrics', '', 'x'),
    ...send('PUT', '/patients/x/protected', '1'),
    ...send('PUT', '/tools/log-level', '', 'loud'),
    ...send('PUT', '/tools/default-encoding', '', 'Klingon'),
    ...send('PUT', '/tools/unknown-sop-class-accepted', '', 'x'),
  ]),
)

conformance('private tags have the declared names and VRs in every form', () =>
  compare(
    instances.flatMap(id =>
      ['tags', 'tags?short', 'simplified-tags', 'content'].map(path => ({
        method: 'GET',
        path: `/instances/${id}/${path}`,
        about: 'private',
      })),
    ),
  ),
)

conformance('private tags are searched by name and by number', () =>
  compare([
    ...send('POST', '/tools/find', { Level: 'Instance', Query: { '0009,1001': 'low' } }),
    ...send('POST', '/tools/find', { Level: 'Instance', Query: { '0009,2001': 'LOW' } }),
    ...send('POST', '/tools/find', { Level: 'Instance', Query: { 'Dose Notes': 'low' } }),
  ]),
)
