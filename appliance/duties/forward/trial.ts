import { setImmediate as turn } from 'node:timers/promises'
import type { Catalog, Instance, PublicId } from '../../holdings/catalog/catalog.ts'
import { isKnownDate } from './facts.ts'
import { type Judgement, wholeStudy } from './judgement.ts'
import type { Rule } from './rules.ts'

/** Which stored images are looked at: those of studies, or those that arrived since a time. */
export interface Past {
  studies?: readonly PublicId[]
  /** ms. What came under a clock without a date may have come since: it is looked at too. */
  since?: number
}

/** What would have gone where; nothing is sent. */
export interface TrialReport {
  instances: number
  destinations: Record<string, { instances: number; bytes: number; held: number; stat: number }>
  dropped: number
  /** Taken by no rule. */
  untouched: number
  /** The first thousand studies of which anything would go somewhere, be labelled or dropped. */
  studies: {
    study: PublicId
    destinations: Record<string, number>
    labels: string[]
    dropped: number
  }[]
}

const studiesAtMost = 1000

/** Whether it came before then (ms), as far as the box knew the date. */
export function isBefore(time = '', since?: number): boolean {
  const at = Date.parse(time)
  return since !== undefined && isKnownDate(at) && at < since
}

/** The stored images of the past asked for, study by study; lets others work between them. */
export async function* pastStudies(
  catalog: Catalog,
  { studies, since }: Past,
  stop: AbortSignal,
): AsyncGenerator<{ study: PublicId; instances: Instance[] }> {
  for (const study of studies ?? catalog.ids('Study')) {
    if (stop.aborted) return
    await turn()
    if (isBefore(catalog.parent(study)?.lastUpdate, since)) continue
    const instances = [...catalog.instancesOf(study)].filter(
      each => !isBefore(each.origin.at, since),
    )
    if (instances.length > 0) yield { study, instances }
  }
}

/** What these rules would have made of the past, on arrival and once stable. */
export async function tryRules(
  parts: { catalog: Catalog; judgement: Judgement },
  rules: readonly Rule[],
  past: Past,
  stop: AbortSignal,
): Promise<TrialReport> {
  const { catalog, judgement } = parts
  const report: TrialReport = {
    ...{ instances: 0, destinations: {}, dropped: 0, untouched: 0, studies: [] },
  }
  for await (const { study, instances } of pastStudies(catalog, past, stop)) {
    const prepared = await judgement.prepare(instances, rules, stop)
    const later = wholeStudy(instances, rules, (each, some) =>
      judgement.verdict(each, 'stable', some, prepared),
    )
    const of: TrialReport['studies'][number] = { study, destinations: {}, labels: [], dropped: 0 }
    const labels = new Set<string>()
    for (const instance of instances) {
      report.instances++
      const arrival = judgement.verdict(instance, 'arrival', rules, prepared)
      const stable = later.get(instance.id) ?? arrival
      for (const each of [...arrival.labels, ...stable.labels]) labels.add(each)
      if (arrival.dropped) {
        report.dropped++
        of.dropped++
        continue
      }
      const targets = new Map(
        [...stable.targets, ...arrival.targets].map(each => [each.destination, each]),
      )
      if (targets.size === 0) report.untouched++
      for (const [destination, { hold, priority }] of targets) {
        const sum = report.destinations[destination] ?? { instances: 0, bytes: 0, held: 0, stat: 0 }
        report.destinations[destination] = sum
        sum.instances++
        sum.bytes += instance.bytes
        if (hold) sum.held++
        if (priority === 0) sum.stat++
        of.destinations[destination] = (of.destinations[destination] ?? 0) + 1
      }
    }
    of.labels = [...labels]
    const something = Object.keys(of.destinations).length + of.labels.length + of.dropped > 0
    if (something && report.studies.length < studiesAtMost) report.studies.push(of)
  }
  return report
}
