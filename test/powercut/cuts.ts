import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { run } from '../peers/programs.ts'
import { chance } from './chance.ts'
import { makeDataDisk } from './disks.ts'
import { attach, openDrive } from './drive.ts'
import { type DataDisk, type Guest, type Machine, startGuest } from './guest.ts'
import { type Ledger, openLedger } from './ledger.ts'
import { inspect } from './medium.ts'
import { type Door, everyDoor, startTraffic } from './senders.ts'
import { faultsOf, judge } from './verdict.ts'

export interface CutsOptions {
  machine: Machine
  /** For the disks, the images and the guest's console. */
  folder: string
  cuts: number
  seed: number
  /** `volatile` loses what was not flushed, `plain` keeps all that the guest wrote. */
  drive: 'volatile' | 'plain'
  /** Where images are sent; default: four modalities and one upload. */
  doors?: readonly Door[]
  say(line: string): void
}

export interface Outcome {
  cuts: number
  /** Cuts besides, while the machine was starting. */
  cutsAtStart: number
  /** Images answered 0x0000. */
  acknowledged: number
  /** Of those and not removed on request: there and byte-identical after every cut. */
  found: number
  /** Missing, or there with other bytes, after some cut. */
  lost: number
  removed: number
  /** Every objection of every verdict; empty when the promise holds. */
  faults: string[]
  secondsPerCut: number
}

/** Milliseconds that pass between the first C-STORE and the cut, at least and at most. */
const traffic = { least: 500, most: 15_000 }
/** Beside what the service keeps free for itself. */
const megabytesPerCut = 24

/**
 * Starts the machine, lets everybody store, takes its power away, starts it again on the same
 * disk and asks it what it has; `cuts` times. One disk sees all of it, as a clinic's does.
 */
export async function runCuts(options: CutsOptions): Promise<Outcome> {
  const { machine, folder, cuts, seed, say, doors = everyDoor } = options
  const random = chance(seed)
  const image = await makeDataDisk(join(folder, 'data.ext4'), 4096 + cuts * megabytesPerCut)
  // A card or cheap SSD takes about that long to flush.
  const drive = openDrive(image, () => 2 + random() * 28)
  const cable = await attach(drive, join(folder, 'drive.socket'))
  const data: DataDisk = options.drive === 'volatile' ? cable : { file: image }
  const ledger = openLedger()
  const faults: string[] = []
  /** An objection is reported once, not again after each further cut. */
  const objections = new Set<string>()
  const broken = new Set<string>()
  const begun = performance.now()
  let cutsAtStart = 0
  let guest: Guest | undefined

  const boot = async () => {
    // What a start went wrong on is to be looked at: the start itself changes the disk.
    await run('cp', ['--sparse=always', image, join(folder, 'data.before-start.ext4')])
    const consoleFile = join(folder, 'console.log')
    guest = await startGuest(machine, data, { consoleFile, eagerWriteback: random() < 0.5 })
    return guest
  }
  /** The power goes: for the machine at once, for the drive with what its cache held. */
  const cut = async () => {
    const gone = guest?.cut()
    cable.sever()
    const { unflushed, lost, grain } = drive.cut(random)
    await gone
    if (unflushed === 0) return 'nothing unflushed'
    return `drive lost ${lost} of ${unflushed} unflushed sectors in pieces of ${grain}`
  }
  const examine = async (running: Guest, round: number, everything: boolean) => {
    const verdict = await judge(running, ledger, everything)
    for (const fault of faultsOf(verdict).filter(each => !objections.has(each))) {
      objections.add(fault)
      faults.push(`after cut ${round}: ${fault}`)
      say(`  ${fault}`)
    }
    for (const uid of [...verdict.lost, ...verdict.damaged]) broken.add(uid)
    return verdict
  }
  /** A service that does not start has lost everything, for as long as nobody mends it. */
  const comesBack = async (running: Guest, round: number) => {
    const failure = await running.ready().catch((error: Error) => error)
    if (!failure) return true
    faults.push(`after cut ${round} the service does not start: ${failure.message}`)
    for (const { state, sopInstanceUid } of ledger.images.values()) {
      if (state === 'kept') broken.add(sopInstanceUid)
    }
    return false
  }
  const summary = (done: number): Outcome => {
    const secondsPerCut = (performance.now() - begun) / 1000 / Math.max(1, done)
    return { ...tally(ledger, broken), cuts: done, cutsAtStart, faults, secondsPerCut }
  }

  try {
    let bootMilliseconds = 10_000
    for (let round = 1; round <= cuts; round++) {
      if (round > 1 && random() < 0.25) {
        await boot()
        // Half of them as the kernel replays its journal, or the service lists what it finds.
        const byClock = random() < 0.5
        const moment = wait(bootMilliseconds * (byClock ? random() : 1))
        await (byClock ? moment : Promise.race([moment, drive.written(1 + random() * 80)]))
        say(`  cut while starting: ${await cut()}`)
        cutsAtStart++
      }
      const started = performance.now()
      const running = await boot()
      if (!(await comesBack(running, round - 1))) return summary(round - 1)
      bootMilliseconds = performance.now() - started
      const verdict = await examine(running, round - 1, false)
      const before = ledger.acknowledged.size
      const senders = startTraffic({
        guest: running,
        doors,
        ledger,
        folder,
        cut: round,
        random,
      })
      const moment = traffic.least + random() * (traffic.most - traffic.least)
      await Promise.race([wait(moment), senders.ended, running.ended])
      // By the clock most cuts come while the guest computes; half of them come as it writes.
      if (random() < 0.5) await Promise.race([drive.written(1 + random() * 40), wait(1000)])
      senders.leave()
      if (running.console().includes('guest: the service ended')) {
        faults.push(`before cut ${round} the service ended by itself: ${running.console()}`)
      }
      const how = await cut()
      await senders.ended
      say(
        `cut ${round}: ready in ${seconds(bootMilliseconds)}, ${verdict.compared} compared, ` +
          `${ledger.acknowledged.size - before} acknowledged in ${seconds(moment)}; ${how}`,
      )
    }
    const running = await boot()
    if (!(await comesBack(running, cuts))) return summary(cuts)
    const { listed } = await examine(running, cuts, true)
    await running.switchOff()
    drive.cut(random)
    const wrong = await inspect(image, folder, listed)
    faults.push(...wrong.map(each => `on the disk: ${each}`))
    return summary(cuts)
  } finally {
    await guest?.cut()
    await cable.stop()
  }
}

function tally({ acknowledged, images }: Ledger, broken: ReadonlySet<string>) {
  const lost = [...acknowledged].filter(uid => broken.has(uid)).length
  const removed = [...acknowledged].filter(
    uid => !broken.has(uid) && images.get(uid)!.state === 'removed',
  ).length
  return {
    ...{ acknowledged: acknowledged.size, removed, lost },
    found: acknowledged.size - removed - lost,
  }
}

const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(1)} s`
