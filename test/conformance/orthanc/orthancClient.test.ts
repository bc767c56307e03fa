import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { writeCt } from '../../samples/synthetic.ts'
import { absent, startOrthanc, startOurs } from './peer.ts'

/** The client library for Orthanc that npm ships, as it is; it brings no types. */
type Calls = Record<string, (...given: unknown[]) => PromiseLike<unknown>>
type Client = Record<
  'instances' | 'series' | 'studies' | 'patients' | 'tools' | 'system' | 'changes' | 'exports',
  Calls
>
const OrthancClient = createRequire(import.meta.url)('orthanc-client') as new (at: {
  url: string
}) => Client

const levels = ['patients', 'studies', 'series', 'instances'] as const

/**
 * Everything the library can ask that is served, over one study; by name of the call. Its lookup asks
 * with a form, which Orthanc does not read: the library then throws where nobody can catch it.
 */
async function answersOf(url: string, files: readonly string[]): Promise<Record<string, unknown>> {
  const client = new OrthancClient({ url })
  const answers: Record<string, unknown> = {}
  const ask = async (of: keyof Client, call: string, ...given: unknown[]) => {
    const name = `${of}.${call}(${given.filter(each => typeof each !== 'string').join()})`
    try {
      answers[name] = await client[of][call]!(...given)
    } catch (error) {
      answers[name] = `refused: ${(error as Error).message}`
    }
    return answers[name]
  }
  for (const file of files) await ask('instances', 'add', readFileSync(file))
  for (const level of levels) {
    const [id] = (await ask(level, 'getAll')) as [string]
    const calls = ['get', 'getModule', 'getStatistics']
    if (level !== 'instances') calls.push('getInstances', 'getSharedTags')
    if (level !== 'patients') calls.push('getPatient')
    if (level === 'patients') calls.push('getStudies', 'getSeries', 'getProtected')
    if (level === 'studies') calls.push('getSeries', 'getModulePatient')
    if (level === 'series' || level === 'instances') calls.push('getStudy')
    for (const call of calls) await ask(level, call, id)
    await ask(level, 'getModule', id, true)
    if (level !== 'instances') {
      await ask(level, 'getSharedTags', id, true)
      for (const call of ['getArchive', 'getMedia']) await ask(level, call, id)
    } else {
      for (const call of ['getTags', 'getSeries', 'getFile', 'getContent', 'getAllFrames'])
        await ask(level, call, id)
      await ask(level, 'getTags', id, true)
      await ask(level, 'getContent', id, '0010', '0010')
    }
    await ask(level, 'get', 'nonsense')
  }
  for (const call of ['now', 'dicomConformance']) await ask('tools', call)
  await ask('tools', 'generateUid', 'study')
  await ask('system', 'system')
  await ask('changes', 'getChanges', { limit: 2 })
  await ask('exports', 'getExports', { limit: 2 })
  await ask('changes', 'deleteChanges')
  await ask('exports', 'deleteExports')
  return answers
}

/** What the archives hold is compared elsewhere; times and versions differ. */
const differing =
  /^(tools\.(now|dicomConformance|generateUid)|system|changes\.getChanges|.*getStatistics|instances\.(get|add)\()/

/** That all that one told is told by the other, which is newer and may tell more. */
function expectWithin(theirs: unknown, ours: unknown, name: string): void {
  const at = (path: string) => `${name}${path}`
  if (Buffer.isBuffer(theirs)) {
    assert.ok(Buffer.isBuffer(ours) && ours.subarray(0, 2).equals(theirs.subarray(0, 2)), name)
  } else if (Array.isArray(theirs)) {
    assert.ok(Array.isArray(ours), name)
    assert.equal(ours.length, theirs.length, at('.length'))
    for (const [index, each] of theirs.entries()) expectWithin(each, ours[index], at(`[${index}]`))
  } else if (typeof theirs === 'object' && theirs !== null) {
    for (const [key, value] of Object.entries(theirs)) {
      expectWithin(value, (ours as Record<string, unknown>)?.[key], at(`.${key}`))
    }
  } else if (differing.test(name) || /\.(LastUpdate|FileUuid)$/.test(name)) {
    assert.equal(typeof ours, typeof theirs, name)
  } else {
    assert.deepEqual(ours, theirs, name)
  }
}

test('the client library that npm ships finds in us all that it finds in Orthanc', {
  skip: absent,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'waystation-client-'))
  const files = [1, 2].map(
    instance =>
      writeCt(folder, { uidRoot: '1.2.826.0.1.3680043.10.52', study: 1, instance }, 16).file,
  )
  const orthanc = await startOrthanc()
  const box = await startOurs()
  try {
    const theirs = await answersOf(orthanc.url, files)
    const ours = await answersOf(box.url, files)
    assert.equal(Object.keys(ours).length, Object.keys(theirs).length)
    for (const [name, each] of Object.entries(theirs)) expectWithin(each, ours[name], name)
    const refused = Object.entries(ours).filter(([, each]) => String(each).startsWith('refused'))
    assert.deepEqual(
      refused.map(([name]) => name),
      Object.entries(theirs)
        .filter(([, each]) => String(each).startsWith('refused'))
        .map(([name]) => name),
    )
  } finally {
    await Promise.all([orthanc.stop(), box.stop()])
    rmSync(folder, { recursive: true, force: true })
  }
})
