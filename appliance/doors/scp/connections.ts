import { type Fault, faultOf } from '../../faults.ts'
import type { Store } from '../../holdings/catalog/catalog.ts'
import type { Log } from '../../log.ts'
import { type ConnectionRecord, numbering } from '../../standard/dimse/dimse.ts'
import {
  createConnectionShelf,
  type Ended,
  type Refusal,
  type RefusedCaller,
} from './connectionShelf.ts'

export type { RefusedCaller } from './connectionShelf.ts'

/**
 * The newest connection records and the callers that were refused, here and after a restart. Both are
 * bounded in number, the records in bytes too: a caller may propose 128 contexts of 60 transfer
 * syntaxes ten thousand times. Past the bytes the oldest records lose their contexts, nothing else.
 *
 * They are answered from memory, and written down some seconds behind: no association waits for it
 * or fails by it, and a power cut takes the records of those seconds.
 */
export interface ConnectionLog {
  readonly name: 'connections'
  add(record: ConnectionRecord): void
  /** Newest first. */
  recent(limit: number): ConnectionRecord[]
  refusedCallers(): RefusedCaller[]
  /** Every record from now on, until `stop`. A follower that falls 1,000 behind misses the oldest. */
  follow(stop: AbortSignal): AsyncIterable<ConnectionRecord>
  /** Writes down what was added, until `stop`, and then the rest. Ends by nothing else. */
  run(stop: AbortSignal): Promise<void>
}

const refusedCallersKept = 1_000
/** A scanner that was refused so long ago, ms, has been mended or is gone. */
const refusedFor = 30 * 24 * 3_600_000
const followerKeeps = 1_000

/** Seconds from one writing to the next, and between the lots of one. */
const every = 5
const betweenLots = 0.5

/** So many associations at most begin while nothing is written: a power cut gives no id twice. */
const idsAhead = 10_000

/** What a context and a transfer syntax of it take in memory, roughly, in bytes. */
const contextBytes = 200
const syntaxBytes = 80

const weightOf = ({ record: { contexts } }: Ended) =>
  contexts.reduce((sum, each) => sum + contextBytes + each.transferSyntaxes.length * syntaxBytes, 0)

export function openConnectionLog(parts: {
  store: Store
  /** Why the store could not write out what it was given last: then it is given nothing more. */
  trouble: () => Fault | undefined
  log: Log
  now: () => number
  pause: (seconds: number, stop: AbortSignal) => Promise<void>
  kept?: number
  contextsBytes?: number
  /** How associations are numbered. */
  ids?: typeof numbering
}): ConnectionLog {
  const { store, trouble, log, now, pause, kept = 10_000, contextsBytes = 32 * 2 ** 20 } = parts
  const { ids = numbering } = parts
  const shelf = createConnectionShelf(store)
  const ring: Ended[] = []
  let next = 0
  let lastNumber = 0
  /** Of all contexts in the ring; those of the records before `lightest` were let go. */
  let weight = 0
  let lightest = 0
  const refused = new Map<string, Refusal>()
  const followers = new Set<(record: ConnectionRecord) => void>()
  let idsBelow = 0

  function noteRefusal(record: ConnectionRecord, number: number): void {
    const { remoteAddress, callingAeTitle = '', calledAeTitle = '', startedAt, sentence } = record
    const caller = { remoteAddress, callingAeTitle, calledAeTitle }
    const attempts = (refused.get(wordsOf(caller))?.attempts ?? 0) + 1
    const refusal = { ...caller, attempts, lastAt: startedAt, sentence, number }
    remember(refusal)
    shelf.putRefused(refusal)
    if (refused.size > refusedCallersKept) forget(refused.values().next().value!)
  }

  function remember(refusal: Refusal): void {
    // Deleted and set again, so that the map's order is that of the last attempts.
    refused.delete(wordsOf(refusal))
    refused.set(wordsOf(refusal), refusal)
  }

  function forget(refusal: Refusal): void {
    refused.delete(wordsOf(refusal))
    shelf.dropRefused(refusal)
  }

  function keep(ended: Ended): void {
    const replaced = ring[next]
    if (replaced) weight -= weightOf(replaced)
    if (replaced && lightest === next) lightest = (next + 1) % kept
    if (replaced) shelf.drop(replaced)
    ring[next] = ended
    next = (next + 1) % kept
    lastNumber = ended.number
    weight += weightOf(ended)
    while (weight > contextsBytes) {
      const { number, record } = ring[lightest]!
      weight -= weightOf(ring[lightest]!)
      const lighter = { number, record: { ...record, contexts: [] } }
      ring[lightest] = lighter
      shelf.put(lighter)
      lightest = (lightest + 1) % kept
    }
  }

  /** What was kept before: a start is never held up by it. */
  function recall(): void {
    try {
      const { damaged, id, ...was } = shelf.read(kept)
      for (const each of was.ended) keep(each)
      for (const each of was.refused) remember(each)
      ids.goOnAfter(id)
      if (damaged > 0) {
        const advice = 'They are left out; all else is there. Check the disk.'
        log.warn('connection-records-damaged', { records: damaged, advice })
      }
    } catch (thrown) {
      const advice = 'Connections are listed from this start on only.'
      log.warn('connection-records-unread', { code: faultOf(thrown).code, advice })
    }
    reachAhead()
    write()
  }

  function reachAhead(): void {
    if (ids.last() + idsAhead / 2 < idsBelow) return
    idsBelow = ids.last() + idsAhead
    shelf.putId(idsBelow)
  }

  let told = false
  /** Whether there is more to be written at once. */
  function write(): boolean {
    if (trouble()) return false
    try {
      const more = shelf.write()
      told = false
      return more
    } catch (thrown) {
      const { code, detail } = faultOf(thrown)
      const advice =
        'Connections since are forgotten at a restart, until the disk takes them again.'
      if (!told) log.warn('connection-records-not-kept', { code, detail, advice })
      told = true
      return false
    }
  }

  function forgetOld(): void {
    for (const refusal of refused.values()) {
      // A time that is none is not old.
      if (!(Date.parse(refusal.lastAt) < now() - refusedFor)) return
      forget(refusal)
    }
  }

  recall()

  return {
    name: 'connections',
    add(record) {
      const ended = { number: lastNumber + 1, record }
      shelf.put(ended)
      keep(ended)
      if (record.direction === 'incoming' && record.outcome === 'rejected') {
        noteRefusal(record, ended.number)
      }
      for (const tell of followers) tell(record)
    },
    recent(limit) {
      const newest: ConnectionRecord[] = []
      for (let back = 1; back <= Math.min(limit, ring.length); back++) {
        newest.push(ring[(next - back + kept) % kept]!.record)
      }
      return newest
    },
    refusedCallers: () => Array.from(refused.values(), ({ number: _, ...told }) => told).reverse(),
    async *follow(stop) {
      const waiting: ConnectionRecord[] = []
      let wake = () => {}
      const tell = (record: ConnectionRecord) => {
        waiting.push(record)
        if (waiting.length > followerKeeps) waiting.shift()
        wake()
      }
      const end = () => wake()
      followers.add(tell)
      stop.addEventListener('abort', end)
      try {
        while (!stop.aborted) {
          while (waiting.length > 0) yield waiting.shift()!
          if (stop.aborted) return
          await new Promise<void>(resolve => {
            wake = resolve
          })
        }
      } finally {
        followers.delete(tell)
        stop.removeEventListener('abort', end)
      }
    },
    async run(stop) {
      let more = false
      while (!stop.aborted) {
        await pause(more ? betweenLots : every, stop)
        forgetOld()
        reachAhead()
        more = write()
      }
      shelf.putId(ids.last())
      while (write());
    },
  }
}

const wordsOf = ({
  remoteAddress,
  callingAeTitle,
  calledAeTitle,
}: Omit<RefusedCaller, 'attempts' | 'lastAt' | 'sentence'>) =>
  [remoteAddress, callingAeTitle, calledAeTitle].join('\n')
