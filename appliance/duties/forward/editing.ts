import { Fault } from '../../faults.ts'
import type { Catalog, Store } from '../../holdings/catalog/catalog.ts'
import type { Backfill, Backfills } from './backfill.ts'
import type { Why } from './destinations/destination.ts'
import { certificatesEnding, type DestinationSettings, obstaclesTo } from './destinations/kinds.ts'
import type { Fleet } from './fleet.ts'
import type { Governor, LinkReport } from './governor.ts'
import type { Judgement } from './judgement.ts'
import type { LinkSettings } from './link.ts'
import type { Plan, Planned, Saved } from './plan.ts'
import type { Problem } from './problems.ts'
import type { Rule } from './rules.ts'
import { masked } from './secrets.ts'
import type { Standings } from './standing.ts'
import { type Past, type TrialReport, tryRules } from './trial.ts'

/** A destination's settings, and its certificates that end within a month. */
export interface Configured extends Planned<DestinationSettings> {
  certificatesEnding: { file: string; days: number }[]
}

/** What a person changes and tries while the relay runs. */
export interface Editing {
  /** The rules and destinations in force, those of the configuration file locked; secrets masked. */
  rules(): readonly Planned<Rule>[]
  configured(): readonly Configured[]
  link(): { locked: boolean; settings: LinkSettings; report: LinkReport }
  /** Verified as a whole first; durable when they resolve. Faults: `not-found`, `not-allowed`. */
  saveRule(given: unknown, where?: { instead?: string; before?: string }): Promise<Saved>
  removeRule(name: string): Promise<void>
  orderRules(names: readonly string[]): Promise<Saved>
  saveDestination(given: unknown, instead?: string): Promise<Saved>
  removeDestination(name: string): Promise<Saved>
  saveLink(given: unknown): Promise<Saved>
  /** What the rules in force, or one that is not saved, would have made of what is stored. */
  trial(
    past: Past,
    rule?: { given: unknown } | { name: string },
  ): Promise<TrialReport | { problems: Problem[] }>
  /** Owes a destination what arrived since then (ms), by the rules. Faults: `not-found`, `request-malformed`. */
  backfill(destination: string, since: number): Promise<void>
  backfills(): Backfill[]
  /** Whether a destination would take anything now: why not, if not. Fault: `not-found`. */
  probe(destination: string): Promise<Why | undefined>
}

/** The longest that the question whether a destination is there may take, ms. */
const probeAtMost = 120_000

export function createEditing(parts: {
  plan: Plan
  fleet: Fleet
  governor: Governor
  standings: Standings
  catalog: Catalog
  judgement: Judgement
  backfills: Backfills
  store: Store
  /** Throws why a destination could not be opened with these settings. */
  opens(settings: DestinationSettings): void
  reinstate(destination: string): void
  retire(destination: string): void
  wake(destination: string): void
  now: () => number
  whyOf(error: unknown): Why
}): Editing {
  const { plan, fleet, governor, standings, catalog, judgement, backfills, store } = parts
  const { reinstate, retire, wake, whyOf } = parts
  const inForce = () => plan.rules().flatMap(each => each.settings ?? [])
  const arrange = () => fleet.arrange(plan.destinations().flatMap(each => each.settings ?? []))

  function expectKnown(name: string) {
    const one = fleet.served.get(name)
    if (!one) throw new Fault('not-found', `no destination is called "${name}"`)
    return one
  }

  async function kept<T>(answer: T): Promise<T> {
    await store.flushed()
    return answer
  }

  return {
    rules: plan.rules,
    configured: () =>
      plan.destinations().map(each => ({
        ...each,
        ...(each.settings ? { settings: masked(each.settings) } : {}),
        certificatesEnding: each.settings ? certificatesEnding(each.settings, parts.now()) : [],
      })),
    link: () => ({ locked: plan.linkLocked, settings: plan.link(), report: governor.report() }),
    saveRule: async (given, where) => kept(plan.putRule(given, where)),
    removeRule: async name => kept(plan.removeRule(name)),
    orderRules: async given => kept(plan.orderRules(given)),
    saveLink: async given => kept(plan.putLink(given)),

    async saveDestination(given, instead) {
      const stands = (each: DestinationSettings): Problem[] => {
        try {
          parts.opens(each)
          return obstaclesTo(each, parts.now())
        } catch (error) {
          return [{ path: '', message: error instanceof Fault ? error.detail : String(error) }]
        }
      }
      const saved = plan.putDestination(given, stands, instead)
      if ('problems' in saved) return saved
      reinstate(saved.saved)
      await arrange()
      wake(saved.saved)
      return kept(saved)
    },

    async removeDestination(name) {
      const removed = plan.removeDestination(name)
      if ('problems' in removed) return removed
      await arrange()
      retire(name)
      wake(name)
      return kept(removed)
    },

    async trial(past, rule) {
      let asked: readonly Rule[] = inForce()
      if (rule && 'name' in rule) {
        asked = asked.filter(each => each.name === rule.name)
        if (asked.length === 0) throw new Fault('not-found', `no rule is called "${rule.name}"`)
      } else if (rule) {
        const name = (rule.given as { name?: unknown } | null)?.name
        const verified = plan.verifyRule(rule.given, typeof name === 'string' ? name : undefined)
        if ('problems' in verified) return verified
        asked = [verified.rule]
      }
      return tryRules({ catalog, judgement }, asked, past, new AbortController().signal)
    },

    async backfill(destination, since) {
      expectKnown(destination)
      if (!inForce().some(each => each.enabled && each.send.includes(destination))) {
        throw new Fault('request-malformed', `no rule sends anything to "${destination}" yet`)
      }
      backfills.begin(destination, since)
      await store.flushed()
    },
    backfills: backfills.list,

    async probe(name) {
      const { destination, misconfigured } = expectKnown(name)
      if (!destination) return misconfigured
      try {
        await destination.probe(AbortSignal.timeout(probeAtMost))
        standings.hurry(name)
        wake(name)
        return undefined
      } catch (error) {
        return whyOf(error)
      }
    },
  }
}
