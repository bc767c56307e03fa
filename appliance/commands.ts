/** What the program can be told to do; each command answers its exit code. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  keepingOptions,
  readOrthanc,
  readSettings,
  type Settings,
  serveOptions,
  settingsSchema,
} from './configuration.ts'
import {
  createEncoding,
  createMeasures,
  type Encoding,
  labelling,
} from './doors/orthanc/orthanc.ts'
import { openConnectionLog } from './doors/scp/scp.ts'
import { createForward, type Forward } from './duties/forward/forward.ts'
import { faultOf } from './faults.ts'
import { openArchive, type Took } from './holdings/archive/archive.ts'
import { type Instance, openStore } from './holdings/catalog/catalog.ts'
import { claimDataFolder, holderOfDataFolder, openBlobs } from './holdings/storage/storage.ts'
import { loadSettings, type Option } from './host/config/config.ts'
import { pause } from './host/health/health.ts'
import { createLog, type Log } from './log.ts'
import { type Ending, type Holdings, type Later, pauseSeconds, serveFrom } from './service.ts'

export const { version } = JSON.parse(
  readFileSync(join(import.meta.dirname, '../package.json'), 'utf8'),
) as { version: string }

export const commands: Record<
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

type Read = { data: string; settings: Settings }

/** Opens the data folder, works with it, and leaves it closed whatever happens. */
async function withHoldings(
  { data, settings, log, encoding, took }: Read & { log: Log; encoding?: Encoding; took?: Took },
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
        ...(took && { took }),
      }).catch((thrown: unknown) => {
        // What it begins with is lost: the next start makes it again from the images.
        if (faultOf(thrown).code === 'catalogue-damaged') store.disown()
        throw thrown
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

/** Outside `serve` nobody knows what is owed, so nothing may go. */
const everything = () => true

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
    const measures = createMeasures(() => performance.now())
    const { took } = measures
    let ending: Ending = 'stop'
    await withHoldings({ ...read, log, encoding, took }, holds, async holdings => {
      const { store } = holdings
      const connections = openConnectionLog({
        ...{ store: store.space('connections'), trouble: store.trouble, now: Date.now },
        ...{ pause: pauseSeconds, log: log.of('dicom') },
      })
      forward = createForward({
        ...{ archive: holdings.archive, store, log: log.of('jobs') },
        pause: pauseSeconds,
        settings: read.settings.forward,
        aeTitle: read.settings.dicom.aet,
        now: Date.now,
        random: Math.random,
        commitments: () => later.commitments,
        onRecord: connections.add,
        labels: labelling(store.space('orthanc')),
      })
      // What another start would refuse must not stop this one.
      const readable = () => void readSettings(args, serveOptions)
      ending = await serveFrom(
        { ...holdings, forward, connections, encoding, measures, readable, later, version },
        read.settings,
        log,
      )
    })
    log.info(ending === 'stop' ? 'stopped' : 'restarting')
    if (ending === 'stop') return 0
  }
}
