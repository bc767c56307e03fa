import type { ConnectionRecord } from '../../standard/dimse/dimse.ts'

/** A caller that was turned away, once for each address and pair of AE titles. */
export interface RefusedCaller {
  remoteAddress: string
  callingAeTitle: string
  calledAeTitle: string
  attempts: number
  lastAt: string
  sentence: string
}

/**
 * The newest connection records, in memory: what a technician at the scanner asks about is minutes
 * old. They are bounded in number and in bytes: a caller may propose 128 contexts of 60 transfer
 * syntaxes ten thousand times. Past the bytes the oldest records lose their contexts, nothing else.
 */
export interface ConnectionLog {
  add(record: ConnectionRecord): void
  /** Newest first. */
  recent(limit: number): ConnectionRecord[]
  refusedCallers(): RefusedCaller[]
  /** Every record from now on, until `stop`. A follower that falls 1,000 behind misses the oldest. */
  follow(stop: AbortSignal): AsyncIterable<ConnectionRecord>
}

const refusedCallersKept = 1_000
const followerKeeps = 1_000

/** What a context and a transfer syntax of it take in memory, roughly, in bytes. */
const contextBytes = 200
const syntaxBytes = 80

const weightOf = ({ contexts }: ConnectionRecord) =>
  contexts.reduce((sum, each) => sum + contextBytes + each.transferSyntaxes.length * syntaxBytes, 0)

export function createConnectionLog(kept = 10_000, contextsBytes = 32 * 2 ** 20): ConnectionLog {
  const ring: ConnectionRecord[] = []
  let next = 0
  /** Of all contexts in the ring; those of the records before `lightest` were let go. */
  let weight = 0
  let lightest = 0
  const refused = new Map<string, RefusedCaller>()
  const followers = new Set<(record: ConnectionRecord) => void>()

  function noteRefusal(record: ConnectionRecord): void {
    const { remoteAddress, callingAeTitle = '', calledAeTitle = '', startedAt, sentence } = record
    const key = [remoteAddress, callingAeTitle, calledAeTitle].join('\n')
    const attempts = (refused.get(key)?.attempts ?? 0) + 1
    // Deleted and set again, so that the map's order is that of the last attempts.
    refused.delete(key)
    refused.set(key, {
      remoteAddress,
      callingAeTitle,
      calledAeTitle,
      attempts,
      lastAt: startedAt,
      sentence,
    })
    if (refused.size > refusedCallersKept) refused.delete(refused.keys().next().value!)
  }

  function keep(record: ConnectionRecord): void {
    const replaced = ring[next]
    if (replaced) weight -= weightOf(replaced)
    if (replaced && lightest === next) lightest = (next + 1) % kept
    ring[next] = record
    next = (next + 1) % kept
    weight += weightOf(record)
    while (weight > contextsBytes) {
      const oldest = ring[lightest]!
      weight -= weightOf(oldest)
      ring[lightest] = { ...oldest, contexts: [] }
      lightest = (lightest + 1) % kept
    }
  }

  return {
    add(record) {
      keep(record)
      if (record.direction === 'incoming' && record.outcome === 'rejected') noteRefusal(record)
      for (const tell of followers) tell(record)
    },
    recent(limit) {
      const newest: ConnectionRecord[] = []
      for (let back = 1; back <= Math.min(limit, ring.length); back++) {
        newest.push(ring[(next - back + kept) % kept]!)
      }
      return newest
    },
    refusedCallers: () => [...refused.values()].reverse(),
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
  }
}
