import { after } from 'node:test'
import { openConnectionLog } from '../../appliance/doors/scp/scp.ts'
import type { Fault } from '../../appliance/faults.ts'
import { keyOf, openStore, type Store } from '../../appliance/holdings/catalog/catalog.ts'
import { type Log, silentLog } from '../../appliance/log.ts'
import type { ConnectionRecord } from '../../appliance/standard/dimse/dimse.ts'
import { freshFolders } from './holdings.ts'

const freshFolder = freshFolders(after)

export function record(id: number, over: Partial<ConnectionRecord> = {}): ConnectionRecord {
  return {
    id,
    direction: 'incoming',
    remoteAddress: '10.0.0.7',
    remotePort: 1000 + id,
    secure: false,
    callingAeTitle: 'CT01',
    calledAeTitle: 'ORTHANC',
    contexts: [],
    requests: {},
    bytesReceived: 0,
    bytesSent: 0,
    startedAt: `2026-01-01T00:00:0${id % 10}Z`,
    durationMs: 1,
    outcome: 'released',
    sentence: '',
    ...over,
  }
}

interface Options {
  folder?: string
  kept?: number
  contextsBytes?: number
  now?: number
  /** What the store does with commits, instead of taking them. */
  commit?: (take: Store['commit']) => Store['commit']
  trouble?: () => Fault | undefined
  log?: Log
}

/** The log on a real store; time passes when the test says so. */
export async function opened(options: Options = {}) {
  const folder = options.folder ?? (await freshFolder())
  const store = await openStore({ folder, ahead: 0 })
  const space = store.space('connections')
  const commit = options.commit?.(space.commit) ?? space.commit
  let waiting = Promise.withResolvers<void>()
  let asleep = Promise.withResolvers<number>()
  let lastId = 0
  const { kept, contextsBytes } = options
  const connections = openConnectionLog({
    store: { ...space, commit },
    trouble: options.trouble ?? store.trouble,
    log: options.log ?? silentLog,
    now: () => options.now ?? Date.parse('2026-01-02'),
    pause(seconds, stop) {
      asleep.resolve(seconds)
      stop.addEventListener('abort', () => waiting.resolve())
      return waiting.promise
    },
    ids: {
      last: () => lastId,
      goOnAfter(id) {
        lastId = id
      },
    },
    ...(kept && { kept }),
    ...(contextsBytes && { contextsBytes }),
  })
  const stop = new AbortController()
  const done = connections.run(stop.signal)
  return {
    ...{ folder, store, space, connections },
    ids: () => connections.recent(20_000).map(({ id }) => id),
    lastId: () => lastId,
    add(...records: ConnectionRecord[]) {
      for (const each of records) {
        lastId = Math.max(lastId, each.id)
        connections.add(each)
      }
    },
    /** The seconds that it waits now pass; answers how long it waits then. */
    async passes() {
      const before = waiting
      waiting = Promise.withResolvers()
      asleep = Promise.withResolvers()
      before.resolve()
      return asleep.promise
    },
    keptIn: () => Array.from(space.range<{ record: ConnectionRecord }>({ under: keyOf('ended') })),
    /** As a power cut would: what was not written down is lost. */
    async cut() {
      await store.close()
    },
    async stop() {
      stop.abort()
      await done
      await store.close()
    },
  }
}
