import { Fault } from '../../faults.ts'
import type { Store } from '../../holdings/catalog/catalog.ts'
import { keys } from './delivery.ts'
import { type DestinationSettings, destinationSettings } from './destinations/kinds.ts'
import { transact } from './draft.ts'
import { type LinkSettings, linkSettings } from './link.ts'
import { type Problem, problemsOf } from './problems.ts'
import { type Rule, ruleSettings } from './rules.ts'
import { emptyMasks, unmasked } from './secrets.ts'
import type { ForwardSettings } from './settings.ts'

/** What is kept of what a person entered: as it was given, so that defaults may change. */
interface Entered {
  rules: Given[]
  destinations: Given[]
  link?: unknown
}
type Given = Readonly<Record<string, unknown>>

/** One rule or destination, from the configuration file or entered at run time. */
export interface Planned<Settings> {
  name: string
  /** Of the configuration file: shown, but changed only there. */
  locked: boolean
  /** As in force; absent when it cannot be. */
  settings?: Settings
  /** Why it is not, or not wholly, in force. */
  problems: Problem[]
}

export type Saved = { saved: string } | { problems: Problem[] }

/**
 * The rules and destinations in force: those of the configuration file, which are locked, and behind
 * them those that were entered at run time, which the store keeps. What is saved is verified as a
 * whole first; every problem is answered at once, and then nothing is saved. What was saved and does
 * not stand any more (after an update, or because the file changed) is shown with its problems.
 */
export interface Plan {
  rules(): readonly Planned<Rule>[]
  destinations(): readonly Planned<DestinationSettings>[]
  link(): LinkSettings
  linkLocked: boolean
  /** Verifies without saving. */
  verifyRule(given: unknown, instead?: string): { rule: Rule } | { problems: Problem[] }
  /** A new one, at the end or before another, or `instead` of one. Faults: `not-found`, `not-allowed`. */
  putRule(given: unknown, where?: { instead?: string; before?: string }): Saved
  removeRule(name: string): void
  /** All that are not locked, in their new order. */
  orderRules(names: readonly string[]): Saved
  /** Faults: `not-found`, `not-allowed`. `stands` is asked whether it could be opened. */
  putDestination(
    given: unknown,
    stands: (settings: DestinationSettings) => Problem[],
    instead?: string,
  ): Saved
  /** Answers problems while rules name it. Faults: `not-found`, `not-allowed`. */
  removeDestination(name: string): Saved
  /** Fault: `not-allowed`. */
  putLink(given: unknown): Saved
  /** Called after each change. */
  onChange(call: () => void): void
}

const nothing: Entered = { rules: [], destinations: [] }

export function openPlan(parts: { store: Store; settings: ForwardSettings }): Plan {
  const { store, settings } = parts
  const listeners: (() => void)[] = []
  let entered = store.get<Entered>(keys.plan) ?? nothing
  let standing = resolve()

  function resolve() {
    const destinations: Planned<DestinationSettings>[] = settings.destinations.map(each => ({
      ...{ name: each.name, locked: true, settings: each, problems: [] },
    }))
    for (const given of entered.destinations) {
      const name = String(given.name)
      const verified = destinationSettings.safeParse(given)
      const problems = verified.success ? [] : problemsOf(verified.error)
      const doubled = destinations.some(each => each.name === name)
      if (doubled) problems.push(taken(name))
      destinations.push({
        ...{ name, locked: false, problems },
        ...(verified.success && !doubled ? { settings: verified.data } : {}),
      })
    }
    const known = new Set(destinations.flatMap(each => (each.settings ? [each.name] : [])))
    const rules: Planned<Rule>[] = settings.rules.map(each => ({
      ...{ name: each.name, locked: true, settings: each, problems: [] },
    }))
    for (const given of entered.rules) {
      const name = String(given.name)
      const verified = ruleSettings.safeParse(given)
      const problems = verified.success
        ? unknownIn(verified.data, known)
        : problemsOf(verified.error)
      const doubled = rules.some(each => each.name === name)
      if (doubled) problems.push(taken(name))
      rules.push({
        ...{ name, locked: false, problems },
        ...(verified.success && !doubled ? { settings: verified.data } : {}),
      })
    }
    const asked = settings.link ?? linkSettings.safeParse(entered.link ?? {}).data
    return { destinations, rules, link: asked ?? linkSettings.parse({}) }
  }

  function change(next: (before: Entered) => Entered): void {
    entered = transact(store, draft => {
      const after = next(draft.get<Entered>(keys.plan) ?? nothing)
      draft.put(keys.plan, after)
      return after
    })
    standing = resolve()
    for (const call of listeners) call()
  }

  function expectOwn(of: readonly Planned<unknown>[], what: string, name: string): void {
    const found = of.filter(each => each.name === name)
    if (found.some(each => !each.locked)) return
    if (found.length === 0) throw new Fault('not-found', `no ${what} is called "${name}"`)
    throw new Fault('not-allowed', `the ${what} "${name}" is set in the configuration file`)
  }

  const plan: Plan = {
    rules: () => standing.rules,
    destinations: () => standing.destinations,
    link: () => standing.link,
    linkLocked: settings.link !== undefined,

    verifyRule(given, instead) {
      const verified = ruleSettings.safeParse(given)
      const known = new Set(
        standing.destinations.flatMap(each => (each.settings ? [each.name] : [])),
      )
      // Also of a rule that is wrong elsewhere: every problem at once.
      const asked = verified.success ? verified.data : looseRule(given)
      const problems = [
        ...(verified.success ? [] : problemsOf(verified.error)),
        ...unknownIn(asked, known),
        ...(asked.name !== instead && standing.rules.some(each => each.name === asked.name)
          ? [taken(asked.name)]
          : []),
      ]
      return problems.length === 0 && verified.success ? { rule: verified.data } : { problems }
    },

    putRule(given, { instead, before } = {}) {
      if (instead !== undefined) expectOwn(standing.rules, 'rule', instead)
      if (before !== undefined) expectOwn(standing.rules, 'rule', before)
      const verified = plan.verifyRule(given, instead)
      if ('problems' in verified) return verified
      const one = given as Given
      change(({ rules, ...rest }) => ({ ...rest, rules: placed(rules, one, instead, before) }))
      return { saved: verified.rule.name }
    },

    removeRule(name) {
      expectOwn(standing.rules, 'rule', name)
      change(({ rules, ...rest }) => ({
        ...rest,
        rules: rules.filter(each => each.name !== name),
      }))
    },

    orderRules(names) {
      const own = entered.rules.map(each => String(each.name))
      const problems = [
        ...own
          .filter(name => !names.includes(name))
          .map(name => ({ path: '', message: `"${name}" is missing` })),
        ...names.flatMap((name, at) =>
          own.includes(name) && names.indexOf(name) === at
            ? []
            : [
                {
                  path: String(at),
                  message: `"${name}" is no rule that can be moved, or is named twice`,
                },
              ],
        ),
      ]
      if (problems.length > 0) return { problems }
      change(({ rules, ...rest }) => ({
        ...rest,
        rules: names.flatMap(name => rules.filter(each => each.name === name)),
      }))
      return { saved: 'rules' }
    },

    putDestination(given, stands, instead) {
      if (instead !== undefined) expectOwn(standing.destinations, 'destination', instead)
      const before = entered.destinations.find(each => each.name === instead)
      const one = unmasked(given, before)
      const verified = destinationSettings.safeParse(one)
      const name = verified.success ? verified.data.name : String((one as Given | null)?.name ?? '')
      const problems = [
        ...emptyMasks(one),
        ...(verified.success ? stands(verified.data) : problemsOf(verified.error)),
      ]
      if (instead === undefined && standing.destinations.some(each => each.name === name)) {
        problems.push(taken(name))
      }
      if (instead !== undefined && name !== instead) {
        problems.push({
          path: 'name',
          message: `the name stays "${instead}": what is owed is owed to it; a new name is a new destination`,
        })
      }
      if (problems.length > 0) return { problems }
      change(({ destinations, ...rest }) => ({
        ...rest,
        destinations: placed(destinations, one as Given, instead),
      }))
      return { saved: name }
    },

    removeDestination(name) {
      expectOwn(standing.destinations, 'destination', name)
      const users = standing.rules.filter(each => each.settings?.send.includes(name))
      if (users.length > 0) {
        return {
          problems: users.map(each => ({
            path: 'name',
            message: `the rule "${each.name}" sends to it; change the rule first`,
          })),
        }
      }
      change(({ destinations, ...rest }) => ({
        ...rest,
        destinations: destinations.filter(each => each.name !== name),
      }))
      return { saved: name }
    },

    putLink(given) {
      if (plan.linkLocked) {
        throw new Fault('not-allowed', 'the link is set in the configuration file')
      }
      const verified = linkSettings.safeParse(given)
      if (!verified.success) return { problems: problemsOf(verified.error) }
      change(before => ({ ...before, link: given }))
      return { saved: 'link' }
    },

    onChange: call => void listeners.push(call),
  }
  return plan
}

function placed(all: Given[], one: Given, instead?: string, before?: string): Given[] {
  const at = all.findIndex(each => each.name === instead)
  if (before === undefined && at >= 0) return all.with(at, one)
  const others = all.filter(each => each.name !== instead)
  const place = before === undefined ? -1 : others.findIndex(each => each.name === before)
  return place < 0 ? [...others, one] : others.toSpliced(place, 0, one)
}

const taken = (name: string): Problem => ({
  path: 'name',
  message: `"${name}" is already the name of another`,
})

function unknownIn({ send }: Pick<Rule, 'send'>, known: ReadonlySet<string>): Problem[] {
  return send.flatMap((name, at) =>
    known.has(name)
      ? []
      : [
          {
            path: `send.${at}`,
            message: `no destination is called "${name}"; known: ${[...known].join(', ') || 'none'}`,
          },
        ],
  )
}

/** As much of a rule as can be told of something that is none. */
function looseRule(given: unknown): Pick<Rule, 'name' | 'send'> {
  const { name, send } = (typeof given === 'object' && given !== null ? given : {}) as Given
  return {
    name: typeof name === 'string' ? name : '',
    send: Array.isArray(send) ? send.filter(each => typeof each === 'string') : [],
  }
}
