/** The service from its first to its last byte: where the parts meet, and in which order they end. */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Settings } from './configuration.ts'
import { adminDescribed, adminRoutes, counted, watch } from './doors/admin/admin.ts'
import {
  createTidying,
  type Encoding,
  type Measures,
  orthancRoutes,
  type Running,
  rememberReport,
  sweepAttachments,
  type Verbosity,
} from './doors/orthanc/orthanc.ts'
import { type ConnectionLog, createAcceptance, createScp, keepImage } from './doors/scp/scp.ts'
import { delayAfter, type Forward } from './duties/forward/forward.ts'
import { createJobs } from './duties/jobs/jobs.ts'
import {
  type Calling,
  type Commitments,
  createAsking,
  createNodeServices,
  openNodes,
} from './duties/nodes/nodes.ts'
import { Fault } from './faults.ts'
import type { Archive } from './holdings/archive/archive.ts'
import type { OpenStore } from './holdings/catalog/catalog.ts'
import { openBlobs } from './holdings/storage/storage.ts'
import { createMetrics, pause, runServices } from './host/health/health.ts'
import { createHttpServer } from './host/http/http.ts'
import type { LevelledLog, LogCategory } from './log.ts'
import type { AssociateRequest, Offer } from './standard/dimse/dimse.ts'
import { convertible, createTranscoder, derivable } from './standard/pixels/pixels.ts'

/** The data folder, claimed by this process alone, with all that is kept in it. */
export interface Holdings {
  data: string
  store: OpenStore
  archive: Archive
}

/** What the relay is given once the doors are there. */
export interface Later {
  commitments?: Commitments
}

export const pauseSeconds = (seconds: number, stop: AbortSignal) => pause(seconds * 1000, stop)

export type Ending = Parameters<Running['stop']>[0]

/** The doors, and everything long-lived, from the first to the last byte. */
export async function serveFrom(
  holdings: Holdings & {
    forward: Forward
    /** The relay's associations are told to it, too. */
    connections: ConnectionLog
    encoding: Encoding
    /** Told of storage already. */
    measures: Measures
    readable: () => void
    later: Later
    version: string
  },
  settings: Settings,
  log: LevelledLog,
): Promise<Ending> {
  const { data, store, archive, forward, connections, encoding, measures, version } = holdings
  const { dicom, http: web } = settings
  const now = () => new Date()
  const metrics = createMetrics()
  const intake = measures.archive(counted(archive, metrics))
  const onRecord = connections.add
  const nodes = openNodes({ settings: settings.nodes, store: store.space('nodes'), log })
  const acceptance = createAcceptance(dicom)
  const calling = callingOf(dicom, { onRecord, log: log.of('dicom') })
  const outputs = await openBlobs(settings.archive.storage, join(data, 'jobs'))
  const jobs = createJobs({
    ...{ store: store.space('jobs'), settings: settings.jobs, now, log: log.of('jobs') },
    blobs: outputs,
    elapsed: () => performance.now(),
    hasRoom: () => archive.readiness() === 'receiving',
  })
  const nodeServices = createNodeServices({
    ...{ nodes, archive, store, calling, now, pause: pauseSeconds, random: randomBytes },
    waitAfter: failures => delayAfter(failures, settings.forward.backoff, Math.random),
    elapsed: () => performance.now(),
    reported: (owed, how) => rememberReport(jobs, owed, how),
  })
  holdings.later.commitments = nodeServices.commitments
  const transcoder = createTranscoder()
  const asking = createAsking({
    calling,
    archive: intake,
    transcoder,
    receive: request => keepImage(intake, request, { log: log.of('dicom'), now }),
    now: Date.now,
  })
  const scp = createScp({
    ...{ settings: dicom, archive: intake, nodes, acceptance, onRecord, now, asking, transcoder },
    commitments: nodeServices.commitments,
    answered: measures.answered,
    log: log.of('dicom'),
  })
  watch(metrics, { archive, forward, associations: scp.associations, data })

  const stop = new AbortController()
  let ending: Ending = 'stop'
  const listening: { http?: number; dicom?: number; dicomTls?: number } = {}
  const beside = adminRoutes({
    probes: {
      obstacles: () => [
        ...(listening.dicom === undefined ? ['The DICOM port is not open.'] : []),
        ...obstaclesOf(archive),
      ],
      metrics: metrics.expose,
    },
    connections,
    ...{ archive, forward, now, notices: nodeServices.notices, nodes, asking },
    pages: join(import.meta.dirname, '../web-ui/dist'),
  })
  const system = () => ({
    dicomAet: dicom.aet,
    dicomPort: listening.dicom ?? dicom.port,
    httpPort: listening.http ?? web.port,
    httpSecure: web.tls !== undefined,
    overwrites: settings.archive.sameUidOtherBytes === 'overwrite',
  })
  const attachments = await openBlobs(settings.archive.storage, join(data, 'attachments'))
  const written = { archive, store: store.space('orthanc'), attachments }
  await sweepAttachments(written)
  const app = orthancRoutes({
    network: { nodes, asking, commitments: nodeServices.commitments },
    conversion: { ...transcoder, convertible, derivable },
    ...{ archive: intake, jobs, limits: web.limits, system, now, random: randomBytes },
    beside: { routes: beside, described: adminDescribed },
    ...{ store: written.store, attachments },
    settings: web.orthanc,
    log: log.of('http'),
    running: {
      ...{ acceptance, encoding, ...verbosityOf(log) },
      negotiates(abstractSyntax) {
        const offer = scp.offers(abstractSyntax, anyCaller)
        return offer && { callerMayBeScp: offer.callerMayBeScp ?? false, takes: taking(offer) }
      },
      figures: () => [
        ...measures.read(),
        ['orthanc_logged_errors_count', log.counts().errors],
        ['orthanc_logged_warnings_count', log.counts().warnings],
        ['orthanc_available_dicom_threads', dicom.limits.associations - scp.associations()],
      ],
      stop(how) {
        if (how === 'restart') holdings.readable()
        ending = how
        stop.abort()
      },
    },
  })
  const http = createHttpServer({
    ...{ host: web.host, port: web.port, limits: web.limits, app, log },
    trustedOrigins: web.trustedOrigins,
    ...(web.tls && {
      tls: {
        certificate: readFileSync(web.tls.certificateFile),
        key: readFileSync(web.tls.keyFile),
      },
    }),
  })

  Promise.all([scp.listening, http.listening]).then(
    ([{ port, tlsPort }, { port: httpPort }]) => {
      Object.assign(listening, { http: httpPort, dicom: port, dicomTls: tlsPort })
      log.info('ready', { ...listening, aeTitle: dicom.aet, httpHost: web.host, data, version })
    },
    () => undefined, // The service that could not listen ends the run with its fault.
  )
  const end = () => stop.abort()
  // `waystation rebuild` beside a running service.
  const rebuild = () => void archive.rebuild().catch(() => undefined)
  process.on('SIGUSR2', rebuild)
  for (const signal of signals) process.once(signal, end)
  await runServices(
    [
      untilStuck(store, stop, log),
      // Ended after all that ends associations.
      connections,
      ...archive.services,
      ...nodeServices.services,
      forward,
      jobs,
      createTidying(written),
      http,
      scp,
    ],
    {
      ...{ stop: stop.signal, log, pause: pauseSeconds },
    },
  )
  await Promise.all([transcoder.close(), outputs.close(), attachments.close()])
  process.off('SIGUSR2', rebuild)
  for (const signal of signals) process.off(signal, end)
  return ending
}

/** How this box calls remote nodes: over TLS with the files of its own TLS port. */
function callingOf(
  { aet, timers, tls }: Settings['dicom'],
  around: Pick<Calling, 'onRecord' | 'log'>,
): Calling {
  if (!tls) return { aeTitle: aet, timers, ...around }
  const { certificateFile, keyFile, authoritiesFile, revocationsFile } = tls
  const files = {
    ...{ certificateFile, keyFile },
    ...(authoritiesFile === undefined ? {} : { authoritiesFile }),
    ...(revocationsFile === undefined ? {} : { revocationsFile }),
  }
  return { aeTitle: aet, timers, tls: files, ...around }
}

/** What LMDB gave up only another process can go on with: systemd starts it, since the exit code is not 0. */
const untilStuck = (store: OpenStore, ending: AbortController, log: LevelledLog) => ({
  name: 'store',
  async run(stop: AbortSignal) {
    while (!stop.aborted && !store.isStuck()) await pause(1_000, stop)
    if (!store.isStuck()) return
    const detail = store.trouble()?.detail
    const advice = 'The service ends, to be started again. Check the disk.'
    log.error('catalogue-stuck', { detail, advice })
    ending.abort()
  },
})

const signals = ['SIGTERM', 'SIGINT'] as const

/** Who asks for a conformance statement is nobody in particular. */
const anyCaller = { roles: [], contexts: [], extended: [] } as unknown as AssociateRequest

function taking({ transferSyntaxes }: Offer): (uid: string) => boolean {
  if (transferSyntaxes === 'any') return () => true
  return typeof transferSyntaxes === 'function'
    ? transferSyntaxes
    : uid => transferSyntaxes.includes(uid)
}

/** Orthanc's words for how talkative the log is, and our levels. */
function verbosityOf(log: LevelledLog): Pick<Running, 'verbosity' | 'setVerbosity'> {
  const levels: Record<Verbosity, string> = {
    default: log.level('generic'),
    verbose: 'debug',
    trace: 'trace',
  }
  const part = (category: string) => (category === 'sqlite' ? 'catalog' : category) as LogCategory
  return {
    verbosity(category) {
      const level = log.level(part(category))
      return level === levels.verbose ? 'verbose' : level === levels.trace ? 'trace' : 'default'
    },
    setVerbosity: (category, verbosity) => log.setLevel(part(category), levels[verbosity]),
  }
}

/** Why no image would be taken now, in sentences for a person. */
function obstaclesOf(archive: Archive): string[] {
  const readiness = archive.readiness()
  return readiness === 'receiving' ? [] : [new Fault(readiness.refused).advice]
}
