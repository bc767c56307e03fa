/**
 * The one program, and the only place where the parts meet: read the settings, build, run, and stop
 * in reverse. Nothing imports this file.
 *
 * Exit codes are those of sysexits.h, so that systemd can tell what only a person can mend (a wrong
 * setting: 78) from what another start may mend (75).
 */
import { randomBytes } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { z } from 'zod'
import { adminRoutes, counted, watch } from './doors/admin/admin.ts'
import {
  createEncoding,
  createTidying,
  type Encoding,
  labelling,
  orthancRoutes,
  orthancSettings,
  type Running,
  sweepAttachments,
  type Translated,
  translated,
  type Verbosity,
} from './doors/orthanc/orthanc.ts'
import {
  createAcceptance,
  createConnectionLog,
  createScp,
  keepImage,
  scpSettings,
} from './doors/scp/scp.ts'
import {
  createForward,
  delayAfter,
  type Forward,
  forwardSettings,
} from './duties/forward/forward.ts'
import { createJobs, jobsSettings } from './duties/jobs/jobs.ts'
import {
  type Calling,
  type Commitments,
  createAsking,
  createNodeServices,
  nodesSettings,
  openNodes,
} from './duties/nodes/nodes.ts'
import { Fault, type FaultCode, faultOf } from './faults.ts'
import { type Archive, archiveSettings, openArchive } from './holdings/archive/archive.ts'
import { type Instance, type OpenStore, openStore } from './holdings/catalog/catalog.ts'
import {
  claimDataFolder,
  holderOfDataFolder,
  openBlobs,
  storageSettings,
} from './holdings/storage/storage.ts'
import {
  loadSettings,
  type Option,
  readCommentedJson,
  readOptions,
  twinOf,
} from './host/config/config.ts'
import { createMetrics, pause, runServices } from './host/health/health.ts'
import { createHttpServer, httpSettings } from './host/http/http.ts'
import { createLog, type LevelledLog, type Log, type LogCategory } from './log.ts'
import type { AssociateRequest, Offer } from './standard/dimse/dimse.ts'
import { convertible, createTranscoder } from './standard/pixels/pixels.ts'

const { version } = JSON.parse(
  readFileSync(join(import.meta.dirname, '../package.json'), 'utf8'),
) as { version: string }

const settingsSchema = z.strictObject({
  dicom: scpSettings.prefault({}),
  http: httpSettings.extend({ orthanc: orthancSettings.prefault({}) }).prefault({}),
  archive: archiveSettings.extend({ storage: storageSettings.prefault({}) }).prefault({}),
  forward: forwardSettings.prefault({}),
  nodes: nodesSettings.prefault([]),
  jobs: jobsSettings.prefault({}),
})
type Settings = z.output<typeof settingsSchema>

const logLevels = ['debug', 'info', 'warn', 'error']

/** What every command needs that touches the data folder. */
const keepingOptions: Record<string, Option> = {
  data: { help: 'DIR  where everything is kept (default ./data)' },
  config: { help: 'FILE  settings, JSON' },
  'orthanc-config': { help: 'FILE  an Orthanc configuration, or a folder of them; --config wins' },
  'log-level': { help: 'L  debug, info, warn or error (default info)' },
}

const serveOptions: Record<string, Option> = {
  ...keepingOptions,
  'http-port': {
    help: 'N  HTTP port, 0 for a free one (default 8042)',
    sets: ['http', 'port'],
    number: true,
  },
  'http-host': { help: 'A  HTTP address (default 127.0.0.1)', sets: ['http', 'host'] },
  'dicom-port': {
    help: 'N  DICOM port, 0 for a free one (default 11112)',
    sets: ['dicom', 'port'],
    number: true,
  },
}

const commands: Record<
  string,
  { help: string; options: Record<string, Option>; run(args: string[]): Promise<number> }
> = {
  serve: {
    help: 'receive, keep, serve and relay until SIGTERM',
    options: serveOptions,
    run: serve,
  },
  verify: {
    help: 'read every image again and report what is damaged, missing or unlisted',
    options: keepingOptions,
    run: verify,
  },
  rebuild: {
    help: 'make the whole catalogue again from the images alone',
    options: keepingOptions,
    run: rebuild,
  },
  'import-orthanc': {
    help: 'FILE: print an Orthanc configuration as settings of ours, and on standard error what has no equivalent',
    options: {},
    run: importOrthanc,
  },
  version: {
    help: 'print the version',
    options: {},
    run: async () => {
      process.stdout.write(`waystation ${version}\n`)
      return 0
    },
  },
}

/** Where the process gets its options from; everything not given here has its default. */
function readSettings(
  args: string[],
  known: Record<string, Option>,
): { data: string; logLevel: string; settings: Settings; without: Translated['without'] } {
  const given = readOptions(known, args, process.env)
  const logLevel = String(given['log-level'] ?? 'info')
  if (!logLevels.includes(logLevel)) {
    throw new Fault('settings-refused', `--log-level is one of ${logLevels.join(', ')}`)
  }
  const over = Object.entries(given).flatMap(([name, value]) => {
    const at = known[name]!.sets
    return at ? [{ at, value }] : []
  })
  const orthanc =
    given['orthanc-config'] === undefined ? undefined : readOrthanc(String(given['orthanc-config']))
  const settings = loadSettings(settingsSchema, {
    ...(given.config === undefined ? {} : { file: String(given.config) }),
    ...(orthanc && { under: orthanc.settings }),
    env: process.env,
    over,
  })
  return {
    data: resolve(String(given.data ?? 'data')),
    logLevel,
    settings,
    without: orthanc?.without ?? [],
  }
}

/** An Orthanc configuration file, or a folder of them, in our own terms. */
function readOrthanc(path: string): Translated {
  const options = readCommentedJson(path, process.env)
  return translated(options, statSync(path).isDirectory() ? path : dirname(resolve(path)))
}

/** The settings are checked, so that what is printed is what `--config` takes. */
async function importOrthanc(args: string[]): Promise<number> {
  const [file, ...more] = args
  if (file === undefined || more.length > 0 || file.startsWith('-')) {
    process.stderr.write('usage: waystation import-orthanc FILE\n')
    return 64
  }
  const { settings, without } = readOrthanc(file)
  loadSettings(settingsSchema, { env: {}, under: settings })
  process.stdout.write(`${JSON.stringify(settings, undefined, 2)}\n`)
  for (const { option, why } of without) process.stderr.write(`${option}: ${why}\n`)
  return 0
}

/** The data folder, claimed by this process alone, with all that is kept in it. */
interface Holdings {
  data: string
  store: OpenStore
  archive: Archive
}

type Read = Pick<ReturnType<typeof readSettings>, 'data' | 'settings'>

/** Opens the data folder, works with it, and leaves it closed whatever happens. */
async function withHoldings(
  { data, settings, log, encoding }: Read & { log: Log; encoding?: Encoding },
  holds: (instance: Instance) => boolean,
  work: (holdings: Holdings) => Promise<void>,
): Promise<void> {
  const claim = await claimDataFolder(data)
  try {
    const store = await openStore({
      folder: join(data, 'catalog'),
      onDamage({ why, aside }) {
        const advice =
          'It was moved aside and is made again from the images. Labels, notes and other things that were written here are lost; everything is owed to its destinations again. Check the disk.'
        log.error('catalogue-damaged', { why, aside, advice })
      },
    })
    try {
      const archive = await openArchive({
        openBlobs: after => openBlobs(settings.archive.storage, join(data, 'blobs'), after),
        settings: settings.archive,
        now: () => new Date(),
        elapsed: () => performance.now(),
        ...{ store, holds, log, pause },
        ...(encoding && { characterSet: encoding.characterSet }),
      })
      try {
        await work({ data, store, archive })
      } finally {
        await archive.close()
      }
    } finally {
      await store.close()
    }
  } finally {
    await claim.release()
  }
}

/** Prints the report as JSON; damage is an error, EX_DATAERR. */
async function verify(args: string[]): Promise<number> {
  const read = readSettings(args, keepingOptions)
  const log = createLog({ level: 'error' })
  let damaged = 0
  await withHoldings({ ...read, log }, everything, async ({ archive }) => {
    const report = await archive.verify()
    damaged = report.damaged.length
    process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`)
  })
  return damaged === 0 ? 0 : 65
}

/** Of a running service it is asked for; it goes on receiving meanwhile. */
async function rebuild(args: string[]): Promise<number> {
  const read = readSettings(args, keepingOptions)
  const log = createLog({ level: read.logLevel })
  const pid = holderOfDataFolder(read.data)
  if (pid !== undefined) {
    process.kill(pid, 'SIGUSR2')
    process.stdout.write(
      `The running service (process ${pid}) makes its catalogue again while it goes on receiving; how that stands: GET /api/archive, and its log.\n`,
    )
    return 0
  }
  await withHoldings({ ...read, log }, everything, async ({ archive }) => {
    await archive.rebuild()
  })
  return 0
}

const pauseSeconds = (seconds: number, stop: AbortSignal) => pause(seconds * 1000, stop)

/** Outside `serve` nobody knows what is owed, so nothing may go. */
const everything = () => true

/** What the relay is given once the doors are there. */
interface Later {
  commitments?: Commitments
}

async function serve(args: string[]): Promise<number> {
  for (;;) {
    const read = readSettings(args, serveOptions)
    const log = createLog({ level: read.logLevel })
    for (const each of read.without) log.info('orthanc-option-without-equivalent', { ...each })
    const encoding = createEncoding(read.settings.http.orthanc.defaultEncoding)
    // The relay stands on the archive, and the archive asks the relay before it lets anything go.
    let forward: Forward | undefined
    const holds = ({ id }: Instance) => forward?.owes(id) ?? true
    // Nodes are called over the doors' settings, and so are there later than the relay.
    const later: Later = {}
    let ending: Ending = 'stop'
    await withHoldings({ ...read, log, encoding }, holds, async holdings => {
      forward = createForward({
        ...{ archive: holdings.archive, store: holdings.store, log: log.of('jobs') },
        pause: pauseSeconds,
        settings: read.settings.forward,
        aeTitle: read.settings.dicom.aet,
        now: Date.now,
        random: Math.random,
        commitments: () => later.commitments,
        labels: labelling(holdings.store.space('orthanc')),
      })
      // What another start would refuse must not stop this one.
      const readable = () => void readSettings(args, serveOptions)
      ending = await serveFrom(
        { ...holdings, forward, encoding, readable, later },
        read.settings,
        log,
      )
    })
    log.info(ending === 'stop' ? 'stopped' : 'restarting')
    if (ending === 'stop') return 0
  }
}

type Ending = Parameters<Running['stop']>[0]

/** The doors, and everything long-lived, from the first to the last byte. */
async function serveFrom(
  holdings: Holdings & {
    forward: Forward
    encoding: Encoding
    readable: () => void
    later: Later
  },
  settings: Settings,
  log: LevelledLog,
): Promise<Ending> {
  const { data, store, archive, forward, encoding } = holdings
  const { dicom, http: web } = settings
  const now = () => new Date()
  const metrics = createMetrics()
  const intake = counted(archive, metrics)
  const connections = createConnectionLog()
  const onRecord = connections.add
  const nodes = openNodes({ settings: settings.nodes, store: store.space('nodes'), log })
  const acceptance = createAcceptance(dicom)
  const calling = callingOf(dicom, { onRecord, log: log.of('dicom') })
  const nodeServices = createNodeServices({
    ...{ nodes, archive, store, calling, now, pause: pauseSeconds, random: randomBytes },
    waitAfter: failures => delayAfter(failures, settings.forward.backoff, Math.random),
    elapsed: () => performance.now(),
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
    ...{ archive, forward, now },
  })
  const system = () => ({
    dicomAet: dicom.aet,
    dicomPort: listening.dicom ?? dicom.port,
    httpPort: listening.http ?? web.port,
    httpSecure: web.tls !== undefined,
  })
  const jobs = createJobs({
    ...{ store: store.space('jobs'), settings: settings.jobs, now, log: log.of('jobs') },
    blobs: await openBlobs(settings.archive.storage, join(data, 'jobs')),
    elapsed: () => performance.now(),
    hasRoom: () => archive.readiness() === 'receiving',
  })
  const attachments = await openBlobs(settings.archive.storage, join(data, 'attachments'))
  const written = { archive, store: store.space('orthanc'), attachments }
  await sweepAttachments(written)
  const app = orthancRoutes({
    network: { nodes, asking, commitments: nodeServices.commitments },
    conversion: { convertible, transcode: transcoder.transcode },
    ...{ archive: intake, jobs, limits: web.limits, system, now, random: randomBytes, beside },
    ...{ store: written.store, attachments },
    settings: web.orthanc,
    log: log.of('http'),
    running: {
      ...{ acceptance, encoding, ...verbosityOf(log) },
      negotiates(abstractSyntax) {
        const offer = scp.offers(abstractSyntax, anyCaller)
        return offer && { callerMayBeScp: offer.callerMayBeScp ?? false, takes: taking(offer) }
      },
      figures: () => [],
      stop(how) {
        if (how === 'restart') holdings.readable()
        ending = how
        stop.abort()
      },
    },
  })
  const http = createHttpServer({
    ...{ host: web.host, port: web.port, limits: web.limits, app, log },
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
  process.on('SIGUSR2', () => void archive.rebuild().catch(() => undefined))
  for (const signal of signals) process.once(signal, end)
  await runServices(
    [
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
  await transcoder.close()
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

/** Exit codes of sysexits.h by what went wrong at start; everything else is worth another start. */
const exitCodes: Partial<Record<FaultCode, number>> = {
  'settings-refused': 78,
  'data-folder-refused': 78,
  'port-taken': 69,
  'storage-full': 74,
  'storage-failed': 74,
}

function usage(): string {
  const list = Object.entries(commands).map(([name, { help }]) => `  ${name.padEnd(12)}${help}`)
  return `waystation ${version}\n\nusage: waystation COMMAND [options]\n\n${list.join('\n')}\n\nwaystation COMMAND --help tells its options.\n`
}

function usageOf(name: string): string {
  const { help, options } = commands[name]!
  const list = Object.entries(options).map(
    ([option, { help: text }]) => `  --${option} ${text}\n      or ${twinOf(option)}`,
  )
  return `waystation ${name}: ${help}\n\n${list.join('\n')}\n`
}

async function main([name = '--help', ...args]: string[]): Promise<number> {
  if (name === '--help' || name === 'help') {
    process.stdout.write(usage())
    return 0
  }
  const command = commands[name]
  if (!command) {
    process.stderr.write(`waystation: there is no command "${name}"\n\n${usage()}`)
    return 64
  }
  if (args.includes('--help')) {
    process.stdout.write(usageOf(name))
    return 0
  }
  try {
    return await command.run(args)
  } catch (error) {
    const fault = faultOf(error)
    const sentences = fault.detail.split('; ').map(each => `  ${each}`)
    process.stderr.write(`waystation: ${fault.advice}\n${sentences.join('\n')}\n`)
    if (fault.code === 'internal')
      process.stderr.write(`${(fault.cause as Error | undefined)?.stack ?? fault.stack}\n`)
    return exitCodes[fault.code] ?? 75
  }
}

// A socket that still waits for its peer to close must not hold up the stop: all is on disk by now.
process.exit(await main(process.argv.slice(2)))
