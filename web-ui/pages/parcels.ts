import type { DeliveryAnswer, DestinationAnswer } from '../api/api.ts'

/** Deliveries of one study to one destination that stand alike, for the same reason: one line. */
export interface Bundle {
  key: string
  study: string
  destination: string
  state: DeliveryAnswer['state']
  paused: boolean
  /** By a rule, for a person to look at. */
  held: boolean
  priority: DeliveryAnswer['priority']
  why?: DeliveryAnswer['why']
  status?: number
  images: number
  bytes: number
  failures: number
  /** When the first was owed, and the last moved. */
  owedAt: string
  movedAt: string
  notBefore?: string
}

/** In the order in which the first of each was given. */
export function bundlesOf(deliveries: readonly DeliveryAnswer[]): Bundle[] {
  const bundles = new Map<string, Bundle>()
  for (const each of deliveries) {
    const { study, destination, state, priority, why, status, notBefore } = each
    const paused = each.paused === true
    const held = each.review === true
    const key = JSON.stringify([
      study,
      destination,
      state,
      paused,
      held,
      priority,
      why?.code,
      why?.detail,
    ])
    const before = bundles.get(key)
    if (!before) {
      bundles.set(key, {
        ...{ key, study, destination, state, priority, paused, held },
        ...{ images: 1, bytes: each.bytes, failures: each.failures },
        ...{ owedAt: each.owedAt, movedAt: each.movedAt },
        ...(why ? { why } : {}),
        ...(status === undefined ? {} : { status }),
        ...(notBefore === undefined ? {} : { notBefore }),
      })
      continue
    }
    before.images++
    before.bytes += each.bytes
    before.failures = Math.max(before.failures, each.failures)
    if (each.owedAt < before.owedAt) before.owedAt = each.owedAt
    if (each.movedAt > before.movedAt) before.movedAt = each.movedAt
    if (notBefore !== undefined && notBefore < (before.notBefore ?? '~'))
      before.notBefore = notBefore
  }
  return [...bundles.values()]
}

/** One list of two, with what is parked first, and nothing twice. */
export function firstParked(
  page: readonly DeliveryAnswer[],
  parked: readonly DeliveryAnswer[],
): DeliveryAnswer[] {
  const keyOf = ({ instance, destination }: DeliveryAnswer) => `${instance} ${destination}`
  const first = new Set(parked.map(keyOf))
  return [...parked, ...page.filter(each => !first.has(keyOf(each)))]
}

/** What is still to reach a destination without anyone's help. */
export function openOf({ counts, bytes }: DestinationAnswer): { owed: number; bytes: number } {
  const sum = (of: Readonly<Record<string, number>> = {}) =>
    (of.owed ?? 0) + (of.sending ?? 0) + (of.sent ?? 0)
  return { owed: sum(counts), bytes: sum(bytes) }
}
