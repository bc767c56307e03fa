import { type FaultCode, faultOf } from '../../faults.ts'
import type { Archive } from '../../holdings/archive/archive.ts'
import type { Instance } from '../../holdings/catalog/catalog.ts'
import type { Log } from '../../log.ts'
import type { Pause } from './bell.ts'
import { type DeepValues, factsOf, type Labels, readDeep } from './facts.ts'
import type { Occasion } from './intake.ts'
import { deepPathsOf, judge, type Rule, type Verdict } from './rules.ts'

/** What rules make of instances: reads what they ask for, and leaves out where each came from. */
export interface Judgement {
  /**
   * Reads what rules ask of these that the catalogue does not keep. A failing disk is waited for, a
   * minute for each image; then the rule that asks is in doubt about it, and all others go on.
   */
  prepare(
    instances: readonly Instance[],
    rules: readonly Rule[],
    stop: AbortSignal,
  ): Promise<Prepared>
  /** Without reading: what it would have to read for counts as not known. */
  verdict(
    instance: Instance,
    occasion: Occasion,
    rules: readonly Rule[],
    prepared?: Prepared,
  ): Verdict
}

export type Prepared = ReadonlyMap<string, DeepValues>

/** What waiting may mend; one bad sector it does not. */
const passing = new Set<FaultCode>(['storage-failed', 'storage-full', 'busy'])
const againAfter = 10
const triesAtMost = 7

export function createJudgement(parts: {
  archive: Pick<Archive, 'catalog' | 'open'>
  labels: Labels
  timeZone: () => string | undefined
  isSource(destination: string, origin: Instance['origin']): boolean
  pause: Pause
  log: Log
}): Judgement {
  const { archive, labels, pause, log } = parts

  async function deepOf(
    instance: Instance,
    paths: ReadonlySet<string>,
    stop: AbortSignal,
  ): Promise<DeepValues | undefined> {
    for (let tries = 1; !stop.aborted; tries++) {
      try {
        return await readDeep(archive.open, instance, paths)
      } catch (error) {
        const { code, detail, advice } = faultOf(error)
        if (code === 'not-found') return undefined
        log.warn('rule-cannot-read', { instance: instance.id, code, detail, advice })
        if (!passing.has(code) || tries >= triesAtMost) return undefined
        await pause(againAfter, stop)
      }
    }
    return undefined
  }

  return {
    async prepare(instances, rules, stop) {
      const paths = deepPathsOf(rules)
      const prepared = new Map<string, DeepValues>()
      if (paths.size === 0) return prepared
      for (const instance of instances) {
        const deep = await deepOf(instance, paths, stop)
        if (deep) prepared.set(instance.id, deep)
      }
      return prepared
    },

    verdict(instance, occasion, rules, prepared) {
      const around = { catalog: archive.catalog, labels, timeZone: parts.timeZone() }
      const facts = factsOf(instance, around, prepared?.get(instance.id))
      const verdict = judge(rules, facts, occasion)
      const targets = verdict.targets.filter(
        ({ destination }) => !parts.isSource(destination, instance.origin),
      )
      return { ...verdict, targets }
    },
  }
}

/**
 * The verdicts of a stable study, image by image; a rule for whole studies that takes one of them
 * takes all that no rule drops.
 */
export function wholeStudy(
  instances: readonly Instance[],
  rules: readonly Rule[],
  verdictOf: (instance: Instance, rules: readonly Rule[]) => Verdict,
): Map<string, Verdict> {
  const widened = rules.map(rule => {
    if (!rule.enabled || !rule.whole || rule.on !== 'stable' || !rule.when) return rule
    const alone = { ...rule, final: false }
    const taken = instances.map(each => verdictOf(each, [alone]))
    const takes = taken.some(
      ({ targets, labels }) => targets.some(each => each.hold !== rule.name) || labels.length > 0,
    )
    const { when: _, ...always } = rule
    return takes ? always : rule
  })
  return new Map(instances.map(each => [each.id, verdictOf(each, widened as readonly Rule[])]))
}
