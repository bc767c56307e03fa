import { z } from 'zod'
import { condition, holds, leavesOf } from './conditions.ts'
import type { Priority } from './delivery.ts'
import { type Facts, isDeep } from './facts.ts'
import type { Occasion, Target } from './intake.ts'

export const priorities = { stat: 0, normal: 1, 'off-peak': 2 } as const satisfies Record<
  string,
  Priority
>

/** Orthanc's alphabet of labels. */
const label = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, 'a label is 1 to 64 letters, digits, "_" and "-"')

export const ruleName = z
  .string()
  .regex(/^[^/\\\p{C}]{1,64}$/u, 'a name is up to 64 characters without "/" and "\\"')

export const ruleSettings = z
  .strictObject({
    name: ruleName.describe('What the rule is called.'),
    enabled: z.boolean().default(true).describe('Whether it is asked at all.'),
    when: condition.optional().describe('What it takes; without it everything.'),
    on: z
      .enum(['arrival', 'stable'])
      .default('arrival')
      .describe('Whether it looks at images as they come, or once their study is stable.'),
    whole: z
      .boolean()
      .default(false)
      .describe('With "on": "stable": one image that it takes takes the whole study along.'),
    send: z
      .array(z.string())
      .default([])
      .describe('Names of the destinations that get what the rule takes.'),
    priority: z
      .enum(['stat', 'normal', 'off-peak'])
      .default('normal')
      .describe('What goes first: stat even interrupts a study under way, between two images.'),
    label: z
      .array(label)
      .default([])
      .describe('Labels that the study gets to which an image belongs that the rule takes.'),
    hold: z.boolean().default(false).describe('Held until a person releases or rejects it.'),
    drop: z
      .boolean()
      .default(false)
      .describe('Send what it takes nowhere, whatever other rules say.'),
    final: z
      .boolean()
      .default(false)
      .describe('Rules further down are not asked about what this one takes.'),
  })
  .superRefine((rule, context) => {
    const complain = (key: string, message: string) =>
      context.addIssue({ code: 'custom', path: [key], message })
    if (rule.drop && (rule.send.length > 0 || rule.hold)) {
      complain('send', 'a rule either sends to at least one destination or drops')
    }
    if (!rule.drop && rule.send.length === 0 && rule.label.length === 0) {
      complain('send', 'a rule either sends to at least one destination or drops, or labels')
    }
    if (rule.hold && rule.send.length === 0) complain('hold', 'nothing is sent that could be held')
    if (rule.whole && rule.on !== 'stable') {
      complain('whole', 'a study is whole once it is stable: this needs "on": "stable"')
    }
    if (rule.on === 'arrival' && !rule.drop && asks(rule, 'stable')) {
      complain('when', 'on arrival no study is stable: to ask for that needs "on": "stable"')
    }
    if (new Set(rule.send).size < rule.send.length) complain('send', 'a destination is named twice')
  })

export type Rule = z.output<typeof ruleSettings>

/** Whether it asks for labels, or for stability, anywhere in its condition. */
export function asks({ when }: Pick<Rule, 'when'>, what: 'label' | 'stable'): boolean {
  return when !== undefined && [...leavesOf(when)].some(leaf => leaf[what] !== undefined)
}

/** What the rules make of one image on one occasion. */
export interface Verdict {
  targets: Target[]
  /** For its study. */
  labels: string[]
  /** A rule drops it. */
  dropped: boolean
}

/**
 * Where the rules send an image on an occasion: each destination once, as urgent as the most urgent
 * rule that takes it, and held only if all of them hold. A rule that drops wins over all. Where a
 * rule cannot tell, what depends on it is held for a person, with that as the reason.
 */
export function judge(rules: readonly Rule[], facts: Facts, occasion: Occasion): Verdict {
  const targets = new Map<string, Target>()
  const labels = new Set<string>()
  let doubtfulDrop: string | undefined
  for (const rule of rules) {
    if (!rule.enabled || (!rule.drop && rule.on !== occasion)) continue
    const takes = rule.when ? holds(rule.when, facts, occasion) : true
    if (takes === false) continue
    if (rule.drop) {
      if (takes) return { targets: [], labels: [...labels], dropped: true }
      doubtfulDrop ??= rule.name
      continue
    }
    const priority = priorities[rule.priority]
    for (const destination of rule.send) {
      const before = targets.get(destination)
      const holdsIt = takes === undefined ? rule.name : rule.hold
      targets.set(destination, {
        destination,
        priority: Math.min(priority, before?.priority ?? priority) as Priority,
        hold: before ? laxer(before.hold ?? false, holdsIt) : holdsIt,
      })
    }
    if (takes) for (const each of rule.label) labels.add(each)
    if (takes && rule.final) break
  }
  const answer = [...targets.values()]
  return {
    targets:
      doubtfulDrop === undefined ? answer : answer.map(each => ({ ...each, hold: doubtfulDrop })),
    labels: [...labels],
    dropped: false,
  }
}

/** Not held before held by a rule before held by a doubt. */
function laxer(one: boolean | string, other: boolean | string): boolean | string {
  if (!one || !other) return false
  return one === true ? one : other
}

/** Tags that rules ask for and that the catalogue does not keep. */
export function deepPathsOf(rules: readonly Rule[]): Set<string> {
  const paths = rules
    .filter(rule => rule.enabled && rule.when)
    .flatMap(rule => [...leavesOf(rule.when as NonNullable<Rule['when']>)])
    .flatMap(leaf => Object.keys(leaf.tags ?? {}))
  return new Set(paths.filter(isDeep))
}
