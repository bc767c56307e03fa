import type { Instance } from '../../holdings/catalog/catalog.ts'
import type { Target } from './ledger.ts'
import type { Rule } from './settings.ts'

/** Where the rules send an instance: every destination that any of them names, once. */
export function targetsOf(rules: readonly Rule[], _instance: Instance): Target[] {
  const names = new Set(rules.flatMap(rule => rule.send))
  return [...names].map(destination => ({ destination, priority: 1 }))
}
