import { execFileSync } from 'node:child_process'
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { temporaryFolder } from '../whole/box.ts'
import { measureCatalog } from './catalog.ts'
import { measureFinding } from './finding.ts'
import { measureRelaying } from './relaying.ts'
import { measureRest } from './rest.ts'
import { measureRetrieving } from './retrieving.ts'
import { measureSending } from './sending.ts'
import { orthanc, type Server, storescp, waystation } from './servers.ts'
import { makeWorks, send, type Work } from './works.ts'

/**
 * `npm run bench [-- --runs 5]`: what receiving and sending cost, against DCMTK and Debian's Orthanc,
 * interleaved in one run because machines are shared and noisy: read the ratios, not the seconds.
 * Every answer of ours is durable; storescp's are not, Orthanc syncs its files. Last come
 * the figures of a catalogue of a million instances (`--instances`, `--held`), which takes some
 * minutes and 3 GB of disk to make. `--only retrieving,finding` measures just these; `--only servers`
 * all but the catalogue.
 */
const { values: options } = parseArgs({
  options: {
    runs: { type: 'string', default: '5' },
    only: { type: 'string' },
    instances: { type: 'string', default: '1000000' },
    held: { type: 'string', default: '200000' },
  },
})
const withServers = ['receiving', 'sending', 'rest', 'retrieving', 'finding', 'relaying']
const every = [...withServers, 'catalog']
const wanted = new Set(
  options.only?.split(',').flatMap(name => (name === 'servers' ? withServers : [name])) ?? every,
)
const unknown = [...wanted].filter(name => !every.includes(name))
if (unknown.length > 0)
  throw new Error(`--only takes "servers" and ${every.join(', ')}; not ${unknown.join(', ')}`)
const runs = Number(options.runs)
const say = (line = '') => process.stdout.write(`${line}\n`)

interface Figure {
  seconds: number
  cpuMilliseconds: number
  peakMegabytes: number
}

const median = (numbers: readonly number[]) =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!

/** What one durable file of 526 KB costs on this disk: create, write, fsync, rename, directory fsync. */
function diskFloor(folder: string): number {
  const bytes = Buffer.alloc(526_000, 7)
  mkdirSync(join(folder, 'floor'))
  const directory = openSync(join(folder, 'floor'), 'r')
  const times = Array.from({ length: 100 }, (_, index) => {
    const begun = performance.now()
    const file = openSync(join(folder, 'floor', `${index}.part`), 'w')
    writeSync(file, bytes)
    fsyncSync(file)
    closeSync(file)
    renameSync(join(folder, 'floor', `${index}.part`), join(folder, 'floor', `${index}`))
    fsyncSync(directory)
    return performance.now() - begun
  })
  closeSync(directory)
  return median(times)
}

async function measure(server: Server, work: Work): Promise<Figure> {
  server.forgetPeak()
  const cpu = server.cpuSeconds()
  const seconds = await send(work, server.dicomPort, 'anew')
  return {
    seconds,
    cpuMilliseconds: ((server.cpuSeconds() - cpu) * 1000) / work.instances,
    peakMegabytes: server.peakMegabytes(),
  }
}

async function compare(work: Work, servers: readonly Server[], repeats: number): Promise<void> {
  const figures = new Map<Server, Figure[]>(servers.map(each => [each, []]))
  for (let run = 0; run < repeats; run++) {
    // Each run begins with another server, so that none always comes after the same one.
    const order = servers.map((_, index) => servers[(index + run) % servers.length]!)
    for (const server of order) figures.get(server)!.push(await measure(server, work))
  }
  // Deleting slows what is written next on the same disk, whoever writes it: so never between runs.
  for (const server of servers) await server.empty()
  execFileSync('sync')
  say(`\n### ${work.name}\n`)
  say('| server | instances/s | MB/s | CPU ms/instance | peak MB | Waystation is |')
  say('|---|---:|---:|---:|---:|---:|')
  const secondsOf = (server: Server) => median(figures.get(server)!.map(each => each.seconds))
  const own = secondsOf(servers[0]!)
  for (const server of servers) {
    const all = figures.get(server)!
    const seconds = secondsOf(server)
    const ratio = server === servers[0] ? '' : `${(seconds / own).toFixed(2)} × as fast`
    say(
      `| ${server.name} | ${(work.instances / seconds).toFixed(work.instances > 9 ? 0 : 2)} | ${(work.megabytes / seconds).toFixed(0)} | ${median(all.map(each => each.cpuMilliseconds)).toFixed(2)} | ${Math.max(...all.map(each => each.peakMegabytes)).toFixed(0)} | ${ratio} |`,
    )
  }
}

const folder = temporaryFolder()
const started: Server[] = []
const begin = async (starting: Promise<Server>) => {
  const server = await starting
  started.push(server)
  return server
}

async function measureReceiving(works: ReturnType<typeof makeWorks>): Promise<void> {
  const box = await begin(waystation(folder.path))
  const plain = await begin(storescp(folder.path, false))
  const forking = await begin(storescp(folder.path, true))
  const orthancs: Server[] = []
  try {
    orthancs.push(await begin(orthanc(folder.path, true)), await begin(orthanc(folder.path, false)))
  } catch (error) {
    say(`Orthanc is left out (apt-get install orthanc): ${(error as Error).message.slice(0, 200)}`)
  }
  const [quick] = orthancs
  for (const server of started) await send(works.warmUp, server.dicomPort)

  await compare(works.ct, [box, plain, ...(quick ? [quick] : [])], runs)
  await compare(works.ctFour, [box, forking, ...(quick ? [quick] : [])], runs)
  await compare(works.small, [box, forking, ...(quick ? [quick] : [])], runs)
  await compare(works.large, [box, plain, ...(quick ? [quick] : [])], Math.min(runs, 3))
  // As shipped one run of 300 takes a quarter of a minute: once is enough to see it.
  if (orthancs[1])
    await compare(
      { ...works.ct, name: `${works.ct.name}, Orthanc as shipped` },
      [box, orthancs[1]],
      1,
    )
  // What is measured next should have the machine to itself.
  for (const server of started.splice(0)) await server.stop()
}

async function measureServers(): Promise<void> {
  const works = makeWorks(folder.path)
  if (wanted.has('receiving')) await measureReceiving(works)
  if (wanted.has('sending')) await measureSending(works.ct, runs, folder.path, say)
  if (wanted.has('rest')) await measureRest(folder.path, runs, say)
  if (wanted.has('retrieving'))
    await measureRetrieving(works.ct, runs, join(folder.path, 'retrieving'), say)
  if (wanted.has('finding')) await measureFinding(runs, folder.path, say)
  if (wanted.has('relaying')) await measureRelaying(join(folder.path, 'relaying'), say)
}

try {
  say(
    `${cpus().length} cores (${cpus()[0]!.model}), ${Math.round(totalmem() / 2 ** 30)} GB, ${new Date().toISOString().slice(0, 10)}, medians of ${runs}`,
  )
  say(
    `disk floor (create, write 526 KB, fsync, rename, directory fsync): ${diskFloor(folder.path).toFixed(2)} ms`,
  )
  await measureServers()
  if (wanted.has('catalog')) {
    const [instances, held] = [Number(options.instances), Number(options.held)]
    await measureCatalog({ folder: join(folder.path, 'catalog'), runs, instances, held, say })
  }
} finally {
  for (const server of started) await server.stop()
  folder.remove()
}
