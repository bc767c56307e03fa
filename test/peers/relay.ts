import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import type { Surroundings } from '../../appliance/duties/forward/destinations/surroundings.ts'
import {
  createForward,
  type Forward,
  forwardSettings,
  type State,
} from '../../appliance/duties/forward/forward.ts'
import { type OpenStore, openStore } from '../../appliance/holdings/catalog/catalog.ts'
import { silentLog } from '../../appliance/log.ts'
import { type BadCloud, createBadCloud } from './badCloud.ts'
import { createStandInArchive, type StandInArchive } from './standInArchive.ts'
import { createSteppedTime, type SteppedTime } from './steppedTime.ts'

const root = mkdtempSync(join(tmpdir(), 'waystation-forward-'))
const stores: OpenStore[] = []
after(async () => {
  for (const store of stores) await store.close()
  rmSync(root, { recursive: true })
})

/** A relay over a stand-in archive and bad clouds, that can be stopped and started again. */
export interface Relay {
  held: StandInArchive
  time: SteppedTime
  forward: Forward
  cloud: BadCloud
  clouds: Map<string, BadCloud>
  /** The settings that each destination was opened with last. */
  opened: Map<string, unknown>
  /** What each was given besides. */
  around: Map<string, Surroundings>
  /** Labels by what they are given to. */
  labels: Map<string, Set<string>>
  start(settings?: RelaySettings): void
  stop(): Promise<void>
  /** How many deliveries to a destination are in a state. */
  count(state: State, name?: string): number
}

export interface RelaySettings {
  destinations?: string[]
  /** More of them, as the configuration file would have them. */
  given?: unknown[]
  history?: number
  parallel?: number
  rules?: unknown[]
  link?: unknown
  verify?: 'find'
}

export async function relay(settings: RelaySettings = {}): Promise<Relay> {
  const store = await openStore({ folder: mkdtempSync(join(root, 'store-')) })
  stores.push(store)
  const held = createStandInArchive()
  const time = createSteppedTime()
  const clouds = new Map<string, BadCloud>()
  const opened = new Map<string, unknown>()
  const around = new Map<string, Surroundings>()
  const labels = new Map<string, Set<string>>()
  const addLabel = (id: string, label: string) =>
    void labels.set(id, new Set([...(labels.get(id) ?? []), label]))
  let stopping = new AbortController()
  let running = Promise.resolve()

  const one: Relay = {
    held,
    time,
    clouds,
    opened,
    around,
    labels,
    cloud: undefined as unknown as BadCloud,
    forward: undefined as unknown as Forward,
    start(now = settings) {
      const names = now.destinations ?? ['cloud']
      stopping = new AbortController()
      one.forward = createForward({
        archive: held.archive,
        store,
        settings: forwardSettings.parse({
          destinations: [
            ...names.map(name => ({
              ...{ name, kind: 'dimse', aet: 'CLOUD', host: '127.0.0.1' },
              parallel: now.parallel ?? 1,
              parallelAtLeast: now.parallel ?? 1,
              verify: now.verify ?? 'none',
            })),
            ...(now.given ?? []),
          ],
          rules: now.rules ?? [{ name: 'all', send: names }],
          ...(now.history === undefined ? {} : { history: now.history }),
          ...(now.link === undefined ? {} : { link: now.link }),
        }),
        aeTitle: 'WAYSTATION',
        log: silentLog,
        now: time.now,
        pause: time.pause,
        elapsed: time.passed,
        labels: { of: id => [...(labels.get(id) ?? [])], add: addLabel },
        random: () => 0.5,
        open: (given, besides) => {
          const { name } = given
          opened.set(name, given)
          around.set(name, besides)
          const cloud = clouds.get(name) ?? createBadCloud(name)
          clouds.set(name, cloud)
          return cloud.destination
        },
      })
      one.cloud = clouds.get('cloud') ?? one.cloud
      running = one.forward.run(stopping.signal)
      // What ended it is told by `stop`.
      running.catch(() => undefined)
    },
    async stop() {
      stopping.abort()
      await running
    },
    count: (state, name = 'cloud') =>
      one.forward.destinations().find(each => each.name === name)?.sums[state].deliveries ?? 0,
  }
  one.start()
  return one
}

export function keepStudy(held: StandInArchive, study: number, images: number): void {
  for (let image = 1; image <= images; image++) held.keep({ study, image })
}
