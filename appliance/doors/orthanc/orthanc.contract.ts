import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { z } from 'zod'
import { createJobs, jobsSettings } from '../../duties/jobs/jobs.ts'
import { createAsking, openNodes } from '../../duties/nodes/nodes.ts'
import { type Archive, archiveSettings, openArchive } from '../../holdings/archive/archive.ts'
import { openStore, type Store } from '../../holdings/catalog/catalog.ts'
import { type Blobs, openBlobs, storageSettings } from '../../holdings/storage/storage.ts'
import { httpLimitsSettings } from '../../host/http/http.ts'
import { silentLog } from '../../log.ts'
import {
  explicitLittleEndian,
  implementation,
  type NewElement,
  writeDataset,
  writeFileMeta,
} from '../../standard/dicom/dicom.ts'
import type { Json } from './json.ts'
import { orthancRoutes } from './orthanc.ts'
import { type Running, standingAlone } from './running.ts'
import { orthancSettings } from './settings.ts'
import type { Conversion } from './transcoding.ts'

/** This door on a real archive in a folder of its own, asked without sockets. */
export interface DoorUnderTest {
  ask(
    method: string,
    path: string,
    body?: string | Uint8Array,
    headers?: Headers,
  ): Promise<Response>
  get(path: string): Promise<Response>
  /** The JSON of an answer that must be 200. */
  told(path: string): Promise<Json>
  posted(path: string, body: unknown): Promise<Json>
  /** What stands behind the door, for what other doors do to it. */
  behind: { archive: Archive; store: Store; attachments: Blobs; blobs: Blobs }
  /** Uploads one instance and gives the answer. */
  upload(elements: Partial<Record<string, string>>, more?: NewElement[]): Promise<Uploaded>
}

export interface Uploaded {
  ID: string
  ParentPatient: string
  ParentStudy: string
  ParentSeries: string
  Status: string
}

type Headers = Record<string, string>

/** Opens one, lets `use` work with it, and clears it away. */
export async function withDoor(
  use: (door: DoorUnderTest) => Promise<void>,
  options: {
    checkRevisions?: boolean
    bodyBytes?: number
    formBytes?: number
    settings?: z.input<typeof orthancSettings>
    running?: Partial<Running>
    conversion?: Conversion
  } = {},
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'waystation-orthanc-'))
  const now = () => new Date('2026-03-04T05:06:07Z')
  const store = await openStore({ folder: join(folder, 'catalog') })
  const running = { ...standingAlone(), ...options.running }
  let blobs!: Blobs
  const archive = await openArchive({
    characterSet: running.encoding.characterSet,
    openBlobs: async after => {
      const opened = await openBlobs(storageSettings.parse({}), join(folder, 'blobs'), after)
      blobs = opened
      return opened
    },
    store,
    settings: archiveSettings.parse({}),
    now,
    elapsed: () => performance.now(),
    holds: () => false,
    log: silentLog,
  })
  const limits = httpLimitsSettings.parse({})
  const jobs = createJobs({
    ...{ store: store.space('jobs'), now, hasRoom: () => true, log: silentLog },
    blobs: await openBlobs(storageSettings.parse({}), join(folder, 'jobs')),
    settings: jobsSettings.parse({}),
    elapsed: () => performance.now(),
  })
  const attachments = await openBlobs(storageSettings.parse({}), join(folder, 'attachments'))
  const network = {
    nodes: openNodes({ settings: [], store: store.space('nodes'), log: silentLog }),
    asking: createAsking({
      ...{ calling: { aeTitle: 'BOX', log: silentLog }, archive, now: Date.now },
      receive: async () => ({ status: 0xa700 }),
    }),
  }
  const app = orthancRoutes({
    network,
    archive,
    attachments,
    jobs,
    ...(options.conversion && { conversion: options.conversion }),
    store: store.space('orthanc'),
    limits: {
      bodyBytes: options.bodyBytes ?? limits.bodyBytes,
      formBytes: options.formBytes ?? limits.formBytes,
    },
    now,
    log: silentLog,
    settings: orthancSettings.parse({
      name: 'Box',
      userMetadata: { colour: 1024 },
      userContentTypes: { note: 1025, picture: [1026, 'image/png'] },
      checkRevisions: options.checkRevisions ?? false,
      ...options.settings,
    }),
    running,
    system: () => ({
      dicomAet: 'BOX',
      dicomPort: 104,
      httpPort: 80,
      httpSecure: false,
    }),
  })
  const ask: DoorUnderTest['ask'] = async (method, path, body, headers) =>
    app.request(path, {
      method,
      ...(body !== undefined && { body: body as string, duplex: 'half' }),
      ...(headers && { headers }),
    })
  const json = async (response: Response) => {
    if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`)
    return (await response.json()) as Json
  }
  const stopping = new AbortController()
  const working = jobs.run(stopping.signal)
  try {
    await use({
      behind: { archive, store: store.space('orthanc'), attachments, blobs },
      ask,
      get: path => ask('GET', path),
      told: async path => json(await ask('GET', path)),
      posted: async (path, body) => json(await ask('POST', path, JSON.stringify(body))),
      upload: async (elements, more) =>
        (await json(await ask('POST', '/instances', fileOf(elements, more)))) as never,
    })
  } finally {
    stopping.abort()
    await working
    await Promise.all(archive.services.map(each => each.run(stopping.signal)))
    await store.close()
    await rm(folder, { recursive: true, force: true })
  }
}

const ctImageStorage = '1.2.840.10008.5.1.4.1.1.2'

/** A Part 10 file; every identifier that is not given has a default. */
export function fileOf(
  elements: Partial<Record<string, string>>,
  more: NewElement[] = [],
): Uint8Array {
  const all = {
    SOPClassUID: ctImageStorage,
    SOPInstanceUID: '1.2.3.4',
    StudyInstanceUID: '1.2.3',
    SeriesInstanceUID: '1.2.3.3',
    PatientID: 'P1',
    PatientName: 'Doe^Jane',
    Modality: 'CT',
    ...elements,
  }
  const given = Object.entries(all).flatMap(([tag, value]) =>
    value === undefined ? [] : [{ tag, value }],
  )
  const dataset = writeDataset([...given, ...more], explicitLittleEndian)
  const meta = writeFileMeta({
    sopClassUid: all.SOPClassUID ?? ctImageStorage,
    sopInstanceUid: all.SOPInstanceUID ?? '1.2.3.4',
    transferSyntaxUid: explicitLittleEndian,
    implementationClassUid: implementation.classUid,
    implementationVersionName: implementation.versionName,
  })
  return Buffer.concat([meta, dataset])
}

/** Two studies of one patient with two series, and another patient. */
export async function filled(door: DoorUnderTest) {
  const a = await door.upload({
    StudyDate: '20260101',
    StudyDescription: 'Knee',
    InstanceNumber: '2',
  })
  const b = await door.upload({
    SOPInstanceUID: '1.2.3.5',
    SeriesInstanceUID: '1.2.3.9',
    Modality: 'MR',
  })
  const c = await door.upload({
    SOPInstanceUID: '1.2.4.4',
    StudyInstanceUID: '1.2.4',
    SeriesInstanceUID: '1.2.4.3',
  })
  const d = await door.upload({
    PatientID: 'p2',
    PatientName: 'Roe',
    SOPInstanceUID: '1.2.5.4',
    StudyInstanceUID: '1.2.5',
    SeriesInstanceUID: '1.2.5.3',
    StudyDate: '20250101',
  })
  return { a, b, c, d }
}

/** The members of a ZIP file as unzip's own library sees them: name and content. */
export function unzipped(zip: Uint8Array): Record<string, Buffer> {
  const folder = mkdtempSync(join(tmpdir(), 'waystation-zip-'))
  try {
    writeFileSync(join(folder, 'a.zip'), zip)
    const script = `
import sys, zipfile, os, json
z = zipfile.ZipFile('a.zip')
assert z.testzip() is None
names = z.namelist()
for i, n in enumerate(names): open('m%d' % i, 'wb').write(z.read(n))
print(json.dumps(names))`
    const names = JSON.parse(
      execFileSync('/usr/bin/python3', ['-c', script], { cwd: folder, encoding: 'utf8' }),
    ) as string[]
    return Object.fromEntries(names.map((name, i) => [name, readFileSync(join(folder, `m${i}`))]))
  } finally {
    rmSync(folder, { recursive: true })
  }
}
