import type { RuleAnswer } from '../api/api.ts'
import { list } from '../elements/words.ts'
import { conditionWords, type Json } from './conditions.ts'

/** A rule as it is saved. */
export interface RuleDraft {
  name: string
  enabled: boolean
  when?: Json
  on: 'arrival' | 'stable'
  whole: boolean
  send: readonly string[]
  priority: 'stat' | 'normal' | 'off-peak'
  label: readonly string[]
  hold: boolean
  drop: boolean
  final: boolean
}

export const newRule: RuleDraft = {
  ...{ name: '', enabled: true, on: 'arrival', whole: false, send: [], priority: 'normal' },
  ...{ label: [], hold: false, drop: false, final: false },
}

/** One that cannot be followed has no settings: then it is begun anew under its name. */
export function draftOf({ locked: _, problems: __, ...rule }: RuleAnswer): RuleDraft {
  return { ...newRule, ...(rule as Partial<RuleDraft>), name: rule.name }
}

/** What a rule does, in a sentence. */
export function ruleSentence(rule: RuleDraft): string {
  const occasion = rule.on === 'stable' ? 'Once a study is stable' : 'As images come'
  const taken = rule.whole ? 'the whole study, when one image of it has:' : 'those where'
  const which = rule.when === undefined ? 'all of them' : `${taken} ${conditionWords(rule.when)}`
  const deeds = deedsOf(rule).join('; ')
  return `${occasion}, ${which}: ${deeds || 'nothing yet; choose a destination, a label, or to drop them'}.`
}

function deedsOf({ drop, send, label, hold, priority, final }: RuleDraft): string[] {
  const urgency = { stat: ' before all else (STAT)', normal: '', 'off-peak': ' off-peak' }[priority]
  return [
    ...(drop ? ['send nowhere, whatever other rules say'] : []),
    ...(send.length > 0
      ? [`${hold ? 'hold for review, then ' : ''}send to ${list(send)}${urgency}`]
      : []),
    ...(label.length > 0 ? [`label the study ${list(label)}`] : []),
    ...(final ? ['ask no further rule'] : []),
  ]
}
