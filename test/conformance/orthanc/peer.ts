import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  orthancRoutes,
  orthancSettings,
  standingAlone,
} from '../../../appliance/doors/orthanc/orthanc.ts'
import { createAcceptance, keepImage, scpSettings } from '../../../appliance/doors/scp/scp.ts'
import { createJobs, jobsSettings } from '../../../appliance/duties/jobs/jobs.ts'
import { createAsking, openNodes } from '../../../appliance/duties/nodes/nodes.ts'
import {
  type Archive,
  archiveSettings,
  openArchive,
} from '../../../appliance/holdings/archive/archive.ts'
import { openStore } from '../../../appliance/holdings/catalog/catalog.ts'
import { openBlobs, storageSettings } from '../../../appliance/holdings/storage/storage.ts'
import { createHttpServer, httpLimitsSettings } from '../../../appliance/host/http/http.ts'
import { silentLog } from '../../../appliance/log.ts'
import {
  convertible,
  createTranscoder,
  derivable,
} from '../../../appliance/standard/pixels/pixels.ts'
import { accepting, end, freePort, start } from '../../peers/programs.ts'

/** A server of the Orthanc REST API, ours or theirs. */
export interface Server {
  url: string
  stop(): Promise<void>
}

const program = '/usr/sbin/Orthanc'

/** Why Debian's Orthanc cannot be asked here, or undefined when it can. */
export const absent = existsSync(program)
  ? undefined
  : 'Debian’s Orthanc is not installed: apt-get install --no-install-recommends orthanc'

const names = { userMetadata: { my: 1024 }, userContentTypes: { att: 1025 } }

/** Debian's Orthanc with an empty archive, on loopback and free ports; `more` settings. */
export async function startOrthanc(
  more: Record<string, unknown> = {},
): Promise<Server & { dicomPort: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'waystation-orthanc-'))
  const [http, dicom] = [await freePort(), await freePort()]
  const storage = join(folder, 'storage')
  mkdirSync(storage)
  const file = join(folder, 'orthanc.json')
  writeFileSync(
    file,
    JSON.stringify({
      Name: 'Waystation',
      HttpPort: http,
      DicomPort: dicom,
      DicomAet: 'WAYSTATION',
      RemoteAccessAllowed: false,
      AuthenticationEnabled: false,
      StorageDirectory: storage,
      IndexDirectory: storage,
      Plugins: [],
      UserMetadata: names.userMetadata,
      UserContentType: names.userContentTypes,
      DefaultEncoding: 'Latin1',
      // Nothing becomes stable while the two are compared.
      StableAge: 100_000,
      ...more,
    }),
  )
  const running = start(program, [file])
  await accepting(http, running)
  return {
    url: `http://127.0.0.1:${http}`,
    dicomPort: dicom,
    async stop() {
      await end(running)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Our own door on a real archive, in this process; `seen` is what the door sees of it. */
export async function startOurs(
  seen: (archive: Archive) => Archive = archive => archive,
  more: object = {},
): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), 'waystation-conformance-'))
  const now = () => new Date()
  const store = await openStore({ folder: join(folder, 'catalog') })
  const archive = await openArchive({
    openBlobs: after => openBlobs(storageSettings.parse({}), join(folder, 'blobs'), after),
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
  const network = {
    nodes: openNodes({ settings: [], store: store.space('nodes'), log: silentLog }),
    asking: createAsking({
      ...{ calling: { aeTitle: 'WAYSTATION', log: silentLog }, archive, now: Date.now },
      receive: request => keepImage(archive, request, { log: silentLog, now }),
    }),
  }
  const box = {
    ...standingAlone(),
    acceptance: createAcceptance(scpSettings.parse({})),
  }
  const transcoder = createTranscoder()
  const app = orthancRoutes({
    running: box,
    conversion: { ...transcoder, convertible, derivable },
    network,
    archive: seen(archive),
    attachments: await openBlobs(storageSettings.parse({}), join(folder, 'attachments')),
    jobs,
    store: store.space('orthanc'),
    settings: orthancSettings.parse({ ...names, ...more }),
    limits,
    now,
    log: silentLog,
    system: () => ({
      dicomAet: 'WAYSTATION',
      dicomPort: 0,
      httpPort: 0,
      httpSecure: false,
    }),
  })
  const server = createHttpServer({ host: '127.0.0.1', port: 0, app, limits, log: silentLog })
  const stopping = new AbortController()
  const running = [server, jobs, ...archive.services].map(each => each.run(stopping.signal))
  const { port } = await server.listening
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      stopping.abort()
      await Promise.all(running)
      await transcoder.close()
      await store.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
