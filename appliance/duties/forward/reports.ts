import { Fault, faultOf } from '../../faults.ts'
import type { Store } from '../../holdings/catalog/catalog.ts'
import type { Doing } from './courier.ts'
import { oldestOpen, sumsOf } from './deliveries.ts'
import { keys, type State, type Sum } from './delivery.ts'
import { type Receipt, type Why, whyOf } from './destinations/destination.ts'
import type { Served } from './fleet.ts'
import type { Problem } from './problems.ts'
import type { Standings } from './standing.ts'

/** How one destination and what is owed to it stand. */
export interface DestinationReport {
  name: string
  kind: string
  /** `removed`: no longer in the settings, and known only by what was once owed to it. */
  state: Doing | 'removed' | 'misconfigured'
  sums: Record<State, Sum>
  /** Of what is owed or being sent. By this box's clock; absent when there is none. */
  oldestSeconds?: number
  /** Failures in a row. */
  failures: number
  nextAttemptSeconds?: number
  why?: Why
  /** ms by this box's clock. */
  answeredAt?: number
  pausedAt?: number
  /** When the certificate that it showed last ends, ms. */
  peerCertificateEnds?: number
  /** Why nothing is sent though it is well: a window, a budget. */
  heldBack?: Why
  /** Parked by a rule, for a person to look at. */
  held: number
  /** Owed, and paused by a person, one by one or as a study. */
  paused: number
  /** Connections under way, how many are worth it as measured, and the most that settings allow. */
  connections: number
  parallel: number
  parallelAtMost: number
  /** Over the last half minute. */
  bytesPerSecond: number
  /** From the last byte of an image to its answer, seconds, smoothed. */
  answerSeconds?: number
}

/** Receipts since the start of the program. */
export interface ReceiptCount {
  destination: string
  outcome: Receipt['outcome']
  /** Why it was not accepted; absent when it was. */
  reason?: string
  receipts: number
  bytes: number
}

/** Answers how destinations stand, and counts receipts. */
export interface Reports {
  of(name: string): DestinationReport
  count(destination: string, receipt: Receipt, bytes: number): void
  receipts(): ReceiptCount[]
  whyOf(error: unknown): Why
}

export function createReports(parts: {
  store: Store
  standings: Standings
  now: () => number
  served: (name: string) => Served | undefined
  /** What is wrong with its settings; `undefined` when there are none. */
  problemsOf: (name: string) => readonly Problem[] | undefined
}): Reports {
  const { store, standings, now } = parts
  const counts = new Map<string, ReceiptCount>()
  return {
    of(name) {
      const { failures, notBefore, why, answeredAt, paused: pausedAt } = standings.of(name)
      const oldest = oldestOpen(store, name)
      const one = parts.served(name)
      const heldBack = one?.courier?.heldBack()
      const problems = one ? undefined : parts.problemsOf(name)
      const told = one?.misconfigured ?? (problems && refusedBy(problems)) ?? why
      const answerSeconds = one?.tempo.answerSeconds()
      return {
        name,
        kind: one?.settings.kind ?? 'unknown',
        state: one
          ? (one.courier?.doing() ?? 'misconfigured')
          : problems
            ? 'misconfigured'
            : 'removed',
        sums: sumsOf(store, name),
        held: store.count({ under: keys.shelf(name, 'held') }),
        paused: store.count({ under: keys.shelf(name, 'paused') }),
        failures,
        connections: one?.courier?.connections() ?? 0,
        parallel: one?.tempo.level() ?? 0,
        parallelAtMost: one?.settings.parallel ?? 0,
        bytesPerSecond: Math.round(one?.tempo.throughput() ?? 0),
        ...(answerSeconds === undefined ? {} : { answerSeconds }),
        ...(oldest ? { oldestSeconds: Math.max(0, (now() - oldest.owedAt) / 1000) } : {}),
        ...(notBefore === undefined ? {} : { nextAttemptSeconds: standings.secondsToWait(name) }),
        ...(told ? { why: told } : {}),
        ...(heldBack ? { heldBack } : {}),
        ...(answeredAt === undefined ? {} : { answeredAt }),
        ...(pausedAt === undefined ? {} : { pausedAt }),
        ...(one?.certificateEnds === undefined ? {} : { peerCertificateEnds: one.certificateEnds }),
      }
    },

    count(destination, { outcome, why }, bytes) {
      const reason = outcome === 'accepted' ? undefined : why?.code
      const key = `${outcome} ${reason} ${destination}`
      const before = counts.get(key) ?? { destination, outcome, receipts: 0, bytes: 0 }
      counts.set(key, {
        ...before,
        ...(reason === undefined ? {} : { reason }),
        receipts: before.receipts + 1,
        bytes: before.bytes + bytes,
      })
    },
    receipts: () => [...counts.values()],
    whyOf: error => whyOf(faultOf(error)),
  }
}

/** Settings that were good once, and are not in force any more. */
function refusedBy(problems: readonly Problem[]): Why {
  const detail = problems.map(({ path, message }) => (path ? `${path}: ${message}` : message))
  return whyOf(new Fault('settings-refused', detail.join('; ')))
}
