/**
 * The one program, and the only place where the parts meet: read the settings, build, run, and stop
 * in reverse. Nothing imports this file.
 *
 * Exit codes are those of sysexits.h, so that systemd can tell what only a person can mend (a wrong
 * setting: 78) from what another start may mend (75).
 */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { adminRoutes } from './doors/admin/admin.ts'
import { orthancRoutes, orthancSettings } from './doors/orthanc/orthanc.ts'
import { createConnectionLog, createScp, scpSettings } from './doors/scp/scp.ts'
import { createForward, type Forward, forwardSettings } from './duties/forward/forward.ts'
import { Fault, type FaultCode, faultOf } from './faults.ts'
import {
  type Archive,
  archiveSettings,
  openArchive,
  type Received,
} from './holdings/archive/archive.ts'
import { type OpenStore, openStore } from './holdings/catalog/catalog.ts'
import { openBlobs, storageSettings } from './holdings/storage/storage.ts'
import { loadSettings, type Option, readOptions, twinOf } from './host/config/config.ts'
import { createMetrics, type Metrics, pause, runServices } from './host/health/health.ts'
import { createHttpServer, httpSettings } from './host/http/http.ts'
import { createLog, type Log } from './log.ts'

const { version } = JSON.parse(
  readFileSync(join(import.meta.dirname, '../package.json'), 'utf8'),
) as { version: string }

const settingsSchema = z.strictObject({
  dicom: scpSettings.prefault({}),
  http: httpSettings.extend({ orthanc: orthancSettings.prefault({}) }).prefault({}),
  archive: archiveSettings.extend({ storage: storageSettings.prefault({}) }).prefault({}),
  forward: forwardSettings.prefault({}),
})
type Settings = z.output<typeof settingsSchema>

const serveOptions: Record<string, Option> = {
  data: { help: 'DIR  where everything is kept (default ./data)' },
  config: { help: 'FILE  settings, JSON' },
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
  'log-level': { help: 'L  debug, info, warn or error (default info)' },
}

const commands: Record<
  string,
  { help: string; options: Record<string, Option>; run(args: string[]): Promise<void> }
> = {
  serve: {
    help: 'receive, keep, serve and relay until SIGTERM',
    options: serveOptions,
    run: serve,
  },
  version: {
    help: 'print the version',
    options: {},
    run: async () => void process.stdout.write(`waystation ${version}\n`),
  },
}

/** Where the process gets its options from; everything not given here has its default. */
function readSettings(args: string[]): { data: string; logLevel: string; settings: Settings } {
  const given = readOptions(serveOptions, args, process.env)
  const over = Object.entries(given).flatMap(([name, value]) => {
    const at = serveOptions[name]!.sets
    return at ? [{ at, value }] : []
  })
  const settings = loadSettings(settingsSchema, {
    ...(given.config === undefined ? {} : { file: String(given.config) }),
    env: process.env,
    over,
  })
  return {
    data: resolve(String(given.data ?? 'data')),
    logLevel: String(given['log-level'] ?? 'info'),
    settings,
  }
}

async function serve(args: string[]): Promise<void> {
  const { data, logLevel, settings } = readSettings(args)
  const log = createLog({ level: logLevel })
  const now = () => new Date()
  const store = await openStore({ folder: join(data, 'catalog') })
  try {
    await serveFrom(store, { data, settings, log, now })
  } finally {
    await store.close()
  }
  log.info('stopped')
}

async function serveFrom(
  store: OpenStore,
  { data, settings, log, now }: { data: string; settings: Settings; log: Log; now: () => Date },
): Promise<void> {
  const { dicom, http: web } = settings
  const metrics = createMetrics()
  // The relay stands on the archive, and the archive asks the relay before it lets anything go.
  let forward: Forward | undefined
  const archive = await openArchive({
    openBlobs: after => openBlobs(settings.archive.storage, join(data, 'blobs'), after),
    store,
    settings: settings.archive,
    now,
    elapsed: () => performance.now(),
    holds: instance => forward?.owes(instance.id) ?? true,
    ...{ log, pause },
  })
  forward = createForward({
    ...{ archive, store, log, pause },
    settings: settings.forward,
    aeTitle: dicom.aet,
    now: Date.now,
    random: Math.random,
  })

  const intake = counted(archive, metrics)
  const connections = createConnectionLog()
  const onRecord = connections.add
  const scp = createScp({ settings: dicom, archive: intake, onRecord, log, now })
  watch(metrics, { archive, forward, associations: scp.associations, data })

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
    forward,
  })
  const system = () => ({
    name: 'Waystation',
    dicomAet: dicom.aet,
    dicomPort: listening.dicom ?? dicom.port,
    httpPort: listening.http ?? web.port,
    httpSecure: web.tls !== undefined,
  })
  const app = orthancRoutes({
    ...{ archive: intake, limits: web.limits, system, now, random: randomBytes, log, beside },
    store: store.space('orthanc'),
    settings: web.orthanc,
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
  const stop = new AbortController()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort())
  try {
    await runServices([...archive.services, forward, http, scp], {
      ...{ stop: stop.signal, log },
      pause: (seconds, over) => pause(seconds * 1000, over),
    })
  } finally {
    await archive.close()
  }
}

/** Why no image would be taken now, in sentences for a person. */
function obstaclesOf(archive: Archive): string[] {
  const readiness = archive.readiness()
  return readiness === 'receiving' ? [] : [new Fault(readiness.refused).advice]
}

/** What Prometheus can ask; every figure is read when it does. */
function watch(
  metrics: Metrics,
  parts: { archive: Archive; forward: Forward; associations: () => number; data: string },
): void {
  const { archive, forward, associations, data } = parts
  const totals = () => archive.catalog.totals()
  metrics.gauge('instances', 'Instances kept', () => totals().instances)
  metrics.gauge('studies', 'Studies kept', () => totals().studies)
  metrics.gauge('bytes', 'Bytes of the instances kept', () => totals().bytes)
  metrics.gauge('associations', 'Incoming associations living now', associations)

  const disk = () => statfs(data)
  metrics.gauge('disk_free_bytes', 'Free bytes of the data volume', async () => {
    const { bavail, bsize } = await disk()
    return bavail * bsize
  })
  metrics.gauge('disk_bytes', 'Size of the data volume in bytes', async () => {
    const { blocks, bsize } = await disk()
    return blocks * bsize
  })

  const byState = (figure: 'deliveries' | 'bytes') =>
    forward.destinations().flatMap(({ name, sums }) =>
      Object.entries(sums).map(([state, sum]) => ({
        labels: { destination: name, state },
        value: sum[figure],
      })),
    )
  const labels = ['destination', 'state'] as const
  metrics.gauge('deliveries', 'Deliveries', () => byState('deliveries'), labels)
  metrics.gauge('delivery_bytes', 'Bytes of deliveries', () => byState('bytes'), labels)
  metrics.gauge(
    'oldest_undelivered_seconds',
    'How long the oldest undelivered instance has been owed',
    () =>
      forward
        .destinations()
        .map(each => ({ labels: { destination: each.name }, value: each.oldestSeconds ?? 0 })),
    ['destination'],
  )
}

/** The archive, counting what comes in through any door. */
function counted(archive: Archive, metrics: Metrics): Archive {
  const instances = metrics.counter('instances_received_total', 'Instances received and kept')
  const bytes = metrics.counter('bytes_received_total', 'Bytes of the instances received and kept')
  const count = (received: Received): Received => {
    if (received.outcome === 'kept') {
      instances()
      bytes(received.instance.bytes)
    }
    return received
  }
  return {
    ...archive,
    receiveDataset: async (...given) => count(await archive.receiveDataset(...given)),
    receiveFile: async (...given) => count(await archive.receiveFile(...given)),
  }
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
    await command.run(args)
    return 0
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
