import { faultOf } from '../../faults.ts'
import type { Instance, Origin, PublicId } from '../../holdings/catalog/catalog.ts'
import type { Bytes } from '../../holdings/storage/storage.ts'
import type { Log } from '../../log.ts'
import { type Bell, createBell, type Pause } from './bell.ts'
import { type Courier, createCourier } from './courier.ts'
import { type Destination, type Receipt, type Why, whyOf } from './destinations/destination.ts'
import type { DestinationSettings, openDestination } from './destinations/kinds.ts'
import type { Governor } from './governor.ts'
import type { Ledger } from './ledger.ts'
import type { Standings } from './standing.ts'
import { createTempo, type Tempo } from './tempo.ts'
import type { Verification } from './verification.ts'

/** One destination with the courier that serves it. */
export interface Served {
  settings: DestinationSettings
  bell: Bell
  tempo: Tempo
  /** Absent when it could not be opened, for the reason beside. */
  destination?: Destination
  courier?: Courier
  misconfigured?: Why
  /** When its own certificate ends, ms; known from the first connection over TLS. */
  certificateEnds?: number
}

/** The couriers, one for each destination in force; they come and go as settings change. */
export interface Fleet {
  served: ReadonlyMap<string, Served>
  isSource(destination: string, origin: Origin): boolean
  /** Runs all couriers, also those that come later, until `stop`. */
  run(stop: AbortSignal): Promise<void>
  /** Puts couriers in line with settings; one that changes ends with its image under way first. */
  arrange(settings: readonly DestinationSettings[]): Promise<void>
}

export function createFleet(parts: {
  open: typeof openDestination
  aeTitle: string
  ledger: Ledger
  verification: Verification
  standings: Standings
  governor: Governor
  instance(id: PublicId): Instance | undefined
  openInstance(instance: PublicId, range?: { from: number; to: number }): Bytes
  elapsed: () => number
  pause: Pause
  log: Log
  onReceipt(destination: string, receipt: Receipt, bytes: number): void
}): Fleet {
  const { ledger, verification, standings, governor, elapsed, pause, log } = parts
  const served = new Map<string, Served>()
  const running = new Map<string, { end: AbortController; done: Promise<void> }>()
  let over: AbortSignal | undefined
  let arranging = Promise.resolve()

  function serve(settings: DestinationSettings): void {
    const bell = createBell(pause)
    const tempo = createTempo({
      ...{ least: settings.parallelAtLeast, most: settings.parallel, elapsed },
    })
    const one: Served = { settings, bell, tempo }
    served.set(settings.name, one)
    try {
      one.destination = parts.open(settings, {
        ...{ aeTitle: parts.aeTitle, log },
        rate: () => governor.rate(settings),
        onCertificate: ends => {
          one.certificateEnds = ends
        },
      })
    } catch (error) {
      one.misconfigured = whyOf(faultOf(error))
      const { code, detail, advice } = one.misconfigured
      log.error('destination-misconfigured', { destination: settings.name, code, detail, advice })
      return
    }
    one.courier = createCourier({
      ...{ ledger, verification, standings, governor, tempo, bell, elapsed, pause, log },
      destination: one.destination,
      carried: settings,
      instance: parts.instance,
      open: parts.openInstance,
      onReceipt: parts.onReceipt,
    })
  }

  function begin(name: string): void {
    const courier = served.get(name)?.courier
    if (!over || over.aborted || !courier || running.has(name)) return
    const end = new AbortController()
    running.set(name, { end, done: courier.run(AbortSignal.any([over, end.signal])) })
  }

  async function endOf(name: string): Promise<void> {
    const one = running.get(name)
    one?.end.abort()
    await one?.done
    running.delete(name)
    served.delete(name)
  }

  async function arrangeNow(settings: readonly DestinationSettings[]): Promise<void> {
    const wanted = new Map(settings.map(each => [each.name, each]))
    const leaving = [...served].filter(
      ([name, one]) => JSON.stringify(wanted.get(name)) !== JSON.stringify(one.settings),
    )
    await Promise.all(leaving.map(([name]) => endOf(name)))
    for (const [name, each] of wanted) {
      if (!served.has(name)) serve(each)
      begin(name)
    }
  }

  return {
    served,
    isSource: (name, origin) => served.get(name)?.destination?.isSource(origin) === true,

    async run(stop) {
      over = stop
      for (const name of served.keys()) begin(name)
      await new Promise<void>(resolve => {
        if (stop.aborted) resolve()
        else stop.addEventListener('abort', () => resolve(), { once: true })
      })
      await arranging
      await Promise.allSettled([...running.values()].map(each => each.done))
      running.clear()
    },

    arrange(settings) {
      // Before anything runs it takes effect within the call.
      if (running.size === 0 && served.size === 0) {
        for (const each of settings) serve(each)
        for (const name of served.keys()) begin(name)
        return arranging
      }
      arranging = arranging.then(() => arrangeNow(settings))
      return arranging
    },
  }
}
