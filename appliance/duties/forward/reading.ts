import { setImmediate as turn } from 'node:timers/promises'
import type { Archive } from '../../holdings/archive/archive.ts'
import type { Change, Instance, PublicId } from '../../holdings/catalog/catalog.ts'
import type { Labels } from './facts.ts'
import type { Intake, Targets } from './intake.ts'
import { type Judgement, type Prepared, wholeStudy } from './judgement.ts'
import type { Ledger } from './ledger.ts'
import { asks, type Rule, type Verdict } from './rules.ts'
import type { Standings } from './standing.ts'

/** Reads the change log and owes what the rules say. */
export interface Reading {
  run(stop: AbortSignal): Promise<void>
  /** Whether something of the change log not yet read, or a rule for stable studies, may owe it. */
  mayOwe(instance: PublicId): boolean
}

const changesAtOnce = 256

export function createReading(parts: {
  archive: Pick<Archive, 'catalog' | 'changes'>
  intake: Intake
  ledger: Ledger
  judgement: Judgement
  labels: Labels
  standings: Standings
  rules: () => readonly Rule[]
  /** Whether a destination is in force. */
  known: (destination: string) => boolean
  wake: (destination: string) => void
}): Reading {
  const { archive, intake, ledger, judgement, labels, standings, rules } = parts
  const { catalog } = archive

  /** Many changes in one transaction when there are many. */
  async function take(changes: readonly Change[], stop: AbortSignal): Promise<void> {
    const now = rules()
    const concerned = now.length === 0 ? [] : intake.concernedIn(changes)
    const prepared = await judgement.prepare(concerned, now, stop)
    // Not read is not known: the change is read again after the next start.
    if (stop.aborted) return
    const stat = new Set<string>()
    const studies = new Map<readonly Instance[], Map<PublicId, Verdict>>()
    const targets: Targets = (instance, occasion, study) => {
      const verdict = verdictOf(instance, occasion === 'stable' ? study : undefined)
      // Before the cursor moves past it: a label may be given twice, never forgotten.
      for (const label of verdict.labels) labels.add(instance.study, label)
      const known = verdict.targets.filter(({ destination }) => parts.known(destination))
      for (const { destination, priority, hold } of known) {
        if (priority === 0 && !hold && ledger.urgency(destination) !== 0) stat.add(destination)
      }
      return known
    }
    function verdictOf(instance: Instance, study: readonly Instance[] | undefined): Verdict {
      if (!study) return judgement.verdict(instance, 'arrival', now, prepared)
      const known = studies.get(study) ?? judgeStudy(study, now, prepared)
      studies.set(study, known)
      return known.get(instance.id) as Verdict
    }
    const woken = intake.take(changes, targets)
    for (const name of woken) {
      // STAT does not wait for a destination's next turn to be asked.
      if (stat.has(name)) standings.hurry(name)
      parts.wake(name)
    }
  }

  function judgeStudy(
    study: readonly Instance[],
    now: readonly Rule[],
    prepared: Prepared,
  ): Map<PublicId, Verdict> {
    return wholeStudy(study, now, (each, some) => judgement.verdict(each, 'stable', some, prepared))
  }

  /** Whether a rule will look at it once its study is stable. */
  function awaitsStability(id: PublicId): boolean {
    const later = rules().filter(rule => rule.enabled && rule.on === 'stable')
    if (later.length === 0) return false
    const instance = catalog.instance(id)
    if (!instance || catalog.parent(instance.study)?.stable !== false) return false
    // A study may be taken whole for an image that is yet to come, or be stable as no rule sees yet.
    // Labels may come until then.
    if (later.some(rule => rule.whole || asks(rule, 'label'))) return true
    return judgement.verdict(instance, 'stable', rules()).targets.length > 0
  }

  return {
    async run(stop) {
      for await (const { seq } of archive.changes(intake.after(), stop)) {
        if (seq <= intake.after()) continue
        const changes = catalog.changes(intake.after(), changesAtOnce)
        await take(changes, stop)
        // A backlog must not keep all others waiting until the last of it is read.
        if (changes.length === changesAtOnce) await turn()
      }
    },

    mayOwe(instance) {
      if (rules().length === 0) return false
      if (awaitsStability(instance)) return true
      if (catalog.lastChange() <= intake.after()) return false
      const unread = catalog.changes(intake.after(), changesAtOnce)
      const study = catalog.instance(instance)?.study
      return (
        unread.length === changesAtOnce ||
        unread.some(change => change.id === instance || change.id === study)
      )
    },
  }
}
