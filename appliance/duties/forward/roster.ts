import type { Store } from '../../holdings/catalog/catalog.ts'
import type { Log } from '../../log.ts'
import type { Ledger } from './ledger.ts'
import { whyRemoved } from './moves.ts'
import type { Plan } from './plan.ts'
import { destinationsIn } from './shelves.ts'
import type { Standings } from './standing.ts'
import type { Verification } from './verification.ts'

/** Which destinations there are and were: what comes into the settings, and what leaves them. */
export interface Roster {
  /** Of those in the settings, and of those that anything is kept of. */
  names(): ReadonlySet<string>
  /** At the start: makes good what changed in the settings while the box was not running. */
  settle(): void
  /** It is in the settings: what was withdrawn because it was not is owed again. */
  reinstate(name: string): void
  /** It is in the settings no more: what it was owed is withdrawn. */
  retire(name: string): void
}

export function openRoster(parts: {
  store: Store
  plan: Plan
  ledger: Ledger
  verification: Verification
  standings: Standings
  log: Log
}): Roster {
  const { store, plan, ledger, verification, standings, log } = parts

  /** Whether its settings are such that nothing is verified there; of broken ones nobody knows. */
  const verifiesNothing = (name: string) =>
    plan.destinations().every(each => each.name !== name || each.settings?.verify === 'none')

  const roster: Roster = {
    names: () => new Set([...plan.destinations().map(each => each.name), ...destinationsIn(store)]),

    settle() {
      for (const { name, problems } of [...plan.rules(), ...plan.destinations()]) {
        for (const { path, message } of problems) {
          log.error('rule-or-destination-refused', {
            ...{ name, path, detail: message },
            advice: 'It is not in force as it is; enter it again.',
          })
        }
      }
      for (const { name } of plan.destinations()) roster.reinstate(name)
      for (const name of roster.names()) {
        if (verifiesNothing(name)) verification.waive(name)
        if (!plan.destinations().some(each => each.name === name)) roster.retire(name)
      }
    },

    reinstate(name) {
      if (standings.restore(name)) ledger.reinstate(name, whyRemoved.code)
      if (verifiesNothing(name)) verification.waive(name)
    },

    retire(name) {
      if (standings.of(name).removed) return
      const withdrawn = ledger.withdraw({ destination: name }, whyRemoved)
      standings.remove(name)
      log.warn('destination-removed', { destination: name, withdrawn, advice: whyRemoved.advice })
    },
  }
  return roster
}
