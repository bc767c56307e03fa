import { mkdirSync } from 'node:fs'
import { accepting, end, freePort, run, start } from '../peers/programs.ts'
import { figuresOf, orthanc, type Server, waystation } from './servers.ts'
import { getStudy } from './sink.ts'
import { send, type Work } from './works.ts'

const studyLevel = ['-k', 'QueryRetrieveLevel=STUDY']
const destinationAet = 'BENCHDEST'
const notThere = '9.9.9'

/** How all of a work is asked for: by every study of it, one after the other. */
type Retrieve = (server: Server, study: string) => Promise<unknown>

/** DCMTK's getscu, which drops what it gets. */
const byGet: Retrieve = ({ dicomPort }, study) =>
  run('getscu', [
    ...['-S', '--ignore', '-pdu', '131072', '-aet', 'BENCH', '-aec', 'ANY-SCP'],
    ...[...studyLevel, '-k', `StudyInstanceUID=${study}`, '127.0.0.1', String(dicomPort)],
  ])

/** A receiver that answers at once and drops what comes, so that it is no bound. */
const bySink: Retrieve = ({ dicomPort }, study) => getStudy(dicomPort, study)

/** DCMTK's movescu, to a storescp that drops what it gets. */
const byMove: Retrieve = ({ dicomPort }, study) =>
  run('movescu', [
    ...['-S', '-aet', 'BENCH', '-aec', 'ANY-SCP', '-aem', destinationAet],
    ...[...studyLevel, '-k', `StudyInstanceUID=${study}`, '127.0.0.1', String(dicomPort)],
  ])

/**
 * C-GET and C-MOVE of what was stored, Waystation against Orthanc as Debian ships it and against one
 * that is told TCP_NODELAY=1, as are the clients; servers of their own, since a C-MOVE needs a known
 * destination.
 *
 * What the receiver needs of CPU for each image is a bound: an image is answered when it was read, and
 * the next one is sent when the last is answered, so that no sender is faster than that. And DCMTK's
 * clients need 45 ms of CPU to start: each is also timed asking for what is not there, and the net
 * rate leaves that out.
 */
export async function measureRetrieving(
  work: Work,
  runs: number,
  folder: string,
  say: (line?: string) => void,
): Promise<void> {
  const port = await freePort()
  const destination = start('storescp', [
    ...['--ignore', '--fork', '-pdu', '131072', '-aet', destinationAet, String(port)],
  ])
  const servers: Server[] = []
  try {
    await accepting(port, destination)
    const nodes = [{ name: 'bench', aet: destinationAet, host: '127.0.0.1', port }]
    mkdirSync(folder, { recursive: true })
    servers.push(await waystation(folder, { nodes }))
    const modalities = { DicomModalities: { bench: [destinationAet, '127.0.0.1', port] } }
    const open = {
      DicomCheckCalledAet: false,
      DicomAlwaysAllowGet: true,
      DicomAlwaysAllowMove: true,
    }
    for (const noDelay of [true, false])
      servers.push(await orthanc(folder, noDelay, { ...modalities, ...open }))
    for (const server of servers) await send(work, server.dicomPort)
    for (const [name, retrieve] of [
      ['C-GET, getscu', byGet],
      ['C-GET, a receiver that is no bound', bySink],
      ['C-MOVE, movescu to storescp', byMove],
    ] as const)
      await compare(name, retrieve)
  } finally {
    for (const server of servers) await server.stop()
    await end(destination)
  }

  async function compare(name: string, retrieve: Retrieve): Promise<void> {
    const studies = new Set(work.senders.flat().map(each => each.studyInstanceUid))
    const seconds = new Map<Server, number[]>(servers.map(each => [each, []]))
    const cpu = new Map<Server, number[]>(servers.map(each => [each, []]))
    const nothing = new Map<Server, number[]>(servers.map(each => [each, []]))
    const taking = new Map<Server, number[]>(servers.map(each => [each, []]))
    const receivers = [figuresOf('self'), figuresOf(destination.child.pid!)]
    const receiving = () => receivers.reduce((sum, each) => sum + each.cpuSeconds(), 0)
    // Once unmeasured: code that was never run is slow, pages that were never read are.
    for (const server of servers) for (const study of studies) await retrieve(server, study)
    for (let at = 0; at < runs; at++)
      // Each run begins with another server, so that none always comes after the same one.
      for (const [place] of servers.entries()) {
        const server = servers[(place + at) % servers.length]!
        const started = performance.now()
        // Here in this process nothing has to start.
        if (retrieve !== bySink) for (const _ of studies) await askForNothing(retrieve, server)
        nothing.get(server)!.push((performance.now() - started) / 1000)
        const [before, receiverBefore] = [server.cpuSeconds(), receiving()]
        const begun = performance.now()
        for (const study of studies) await retrieve(server, study)
        seconds.get(server)!.push((performance.now() - begun) / 1000)
        cpu.get(server)!.push(((server.cpuSeconds() - before) * 1000) / work.instances)
        taking.get(server)!.push(((receiving() - receiverBefore) * 1000) / work.instances)
      }
    say(`\n### retrieving ${work.instances} CT by ${name}\n`)
    say(
      '| server | instances/s | MB/s | CPU ms/instance | receiver’s | Waystation is | net instances/s | net |',
    )
    say('|---|---:|---:|---:|---:|---:|---:|---:|')
    const own = median(seconds.get(servers[0]!)!)
    const net = (server: Server) => median(seconds.get(server)!) - median(nothing.get(server)!)
    for (const server of servers) {
      const took = median(seconds.get(server)!)
      const times = (theirs: number, ours: number) =>
        server === servers[0] ? '' : `${(theirs / ours).toFixed(2)} × as fast`
      const ratio = times(took, own)
      const netRatio = times(net(server), net(servers[0]!))
      say(
        `| ${server.name} | ${(work.instances / took).toFixed(0)} | ${(work.megabytes / took).toFixed(0)} | ${median(cpu.get(server)!).toFixed(2)} | ${median(taking.get(server)!).toFixed(2)} | ${ratio} | ${(work.instances / net(server)).toFixed(0)} | ${netRatio} |`,
      )
    }
  }
}

/** Orthanc answers a C-MOVE of what is not there as a failure; that takes its time all the same. */
const askForNothing = (retrieve: Retrieve, server: Server) =>
  retrieve(server, notThere).catch(() => undefined)

const median = (numbers: readonly number[]) =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!
