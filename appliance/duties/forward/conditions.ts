import { z } from 'zod'
import type { Facts } from './facts.ts'
import type { Occasion } from './intake.ts'
import { trouble } from './tagPaths.ts'
import { isWithin, windowExpression } from './window.ts'

const patterns = z
  .union([z.string(), z.array(z.string()).min(1)])
  .transform(given => (typeof given === 'string' ? [given] : given))
  .describe('One or several; "*" stands for anything, "?" for one character; case is ignored.')

const bounds = z
  .strictObject({
    from: z.union([z.string(), z.number()]).transform(String).optional(),
    to: z.union([z.string(), z.number()]).transform(String).optional(),
    present: z.boolean().optional(),
  })
  .refine(given => Object.keys(given).length > 0, 'name "from", "to" or "present"')
  .refine(
    ({ from, to }) => from === undefined || to === undefined || compare(from, to) <= 0,
    '"from" lies behind "to": no value lies between them',
  )
  .describe(
    'From and to (both inclusive; as numbers where both sides are numbers, else as text, which suits dates), and whether the tag is there with a value.',
  )

const tagTest = z.union([patterns, bounds])
type TagTest = z.output<typeof tagTest>

const isPresence = ({ from, to }: z.output<typeof bounds>) => from === undefined && to === undefined

const clockTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time is written "HH:MM"')

const leaf = z
  .strictObject({
    sender: patterns.optional().describe('AE title of the sender.'),
    address: patterns.optional().describe('Address of the sender.'),
    called: patterns.optional().describe('AE title that the sender called us by.'),
    modality: patterns.optional().describe('Modality (0008,0060) of the series.'),
    sopClass: patterns.optional().describe('SOP Class UID.'),
    transferSyntax: patterns.optional().describe('Transfer Syntax UID as stored.'),
    label: patterns.optional().describe('A label of the image or of what it belongs to.'),
    stable: z
      .boolean()
      .optional()
      .describe('Whether its study is stable: not on arrival, and always with "on": "stable".'),
    tags: z
      .record(z.string(), tagTest)
      .superRefine((tags, context) => {
        for (const [path, wanted] of Object.entries(tags)) {
          const message = trouble(path, Array.isArray(wanted) || !isPresence(wanted))
          if (message) context.addIssue({ code: 'custom', path: [path], message })
        }
      })
      .optional()
      .describe(
        'Any tags, by keyword or "gggg,eeee"; behind a sequence and "." one of its items, any of them.',
      ),
    hours: z
      .strictObject({ from: clockTime, to: clockTime })
      .refine(({ from, to }) => from !== to, 'a time window from and to the same time is empty')
      .optional()
      .describe('Time of arrival, UTC by this box’s clock, from and up to; may span midnight.'),
    arrived: windowExpression
      .optional()
      .describe('Time window of arrival, as cron has it, in the time zone of the box.'),
  })
  .refine(given => Object.keys(given).length > 0, 'a condition must ask for something')

type Leaf = z.output<typeof leaf>
export type Condition = Leaf | { all: Condition[] } | { any: Condition[] } | { not: Condition }

const deepest = 20

/** What a rule takes: fields side by side must all hold; `all`, `any` and `not` combine. */
export const condition: z.ZodType<Condition> = z.lazy(() =>
  z.unknown().transform((given, context): Condition => {
    if (isDeeperThan(deepest, given)) {
      const message = `conditions lie at most ${deepest} deep in each other`
      context.issues.push({ code: 'custom', message, input: given })
      return z.NEVER
    }
    const schema = schemaFor(given)
    const verified = schema.safeParse(given)
    if (verified.success) return verified.data
    for (const issue of verified.error.issues) {
      context.issues.push({ ...issue, input: given } as (typeof context.issues)[number])
    }
    return z.NEVER
  }),
)

function isDeeperThan(levels: number, given: unknown): boolean {
  if (typeof given !== 'object' || given === null) return false
  return levels < 0 || Object.values(given).some(each => isDeeperThan(levels - 0.5, each))
}

/** By the form of what was written, so that a mistake is told of where it is. */
function schemaFor(given: unknown): z.ZodType<Condition> {
  const has = (key: string) => typeof given === 'object' && given !== null && key in given
  if (has('all')) return z.strictObject({ all: z.array(condition).min(1) })
  if (has('any')) return z.strictObject({ any: z.array(condition).min(1) })
  if (has('not')) return z.strictObject({ not: condition })
  return leaf
}

/** The leaves of a condition. */
export function* leavesOf(asked: Condition): Generator<Leaf> {
  if ('all' in asked) for (const each of asked.all) yield* leavesOf(each)
  else if ('any' in asked) for (const each of asked.any) yield* leavesOf(each)
  else if ('not' in asked) yield* leavesOf(asked.not)
  else yield asked
}

/**
 * Whether a condition holds of what is known of an image; `undefined` when that cannot be told,
 * because what it asks for is not known (a damaged file, an arrival under a clock without a date).
 * Kleene's logic: what is unknown matters only where it would decide.
 */
export function holds(asked: Condition, facts: Facts, occasion: Occasion): boolean | undefined {
  const each = (one: Condition) => holds(one, facts, occasion)
  if ('all' in asked) return every(asked.all.map(each))
  if ('any' in asked) return negated(every(asked.any.map(one => negated(each(one)))))
  if ('not' in asked) return negated(each(asked.not))
  const { instance } = facts
  const { origin } = instance
  const words: [wanted: readonly string[] | undefined, found: string | undefined][] = [
    [asked.sender, origin.callingAeTitle],
    [asked.address, origin.address?.replace(/^::ffff:/, '')],
    [asked.called, origin.calledAeTitle],
    [asked.sopClass, instance.sopClassUid],
    [asked.transferSyntax, instance.transferSyntaxUid],
  ]
  const answers: (boolean | undefined)[] = words.map(
    ([wanted, found = '']) => !wanted || matches(wanted, found.split('\\')),
  )
  if (asked.modality) answers.push(tagHolds(asked.modality, facts.values('Modality')))
  for (const [path, wanted] of Object.entries(asked.tags ?? {})) {
    answers.push(tagHolds(wanted, facts.values(path)))
  }
  if (asked.label) answers.push(matches(asked.label, facts.labels()))
  if (asked.stable !== undefined) answers.push((occasion === 'stable') === asked.stable)
  const { hours, arrived } = asked
  if (hours || arrived !== undefined) {
    const at = facts.arrivedAt()
    if (at === undefined) answers.push(undefined)
    else {
      if (hours) answers.push(isBetween(hours, new Date(at).toISOString().slice(11, 16)))
      if (arrived !== undefined) answers.push(isWithin(arrived, at, facts.timeZone))
    }
  }
  return every(answers)
}

const negated = (answer: boolean | undefined) => (answer === undefined ? undefined : !answer)

function every(answers: readonly (boolean | undefined)[]): boolean | undefined {
  if (answers.includes(false)) return false
  return answers.includes(undefined) ? undefined : true
}

function tagHolds(wanted: TagTest, values: readonly string[] | undefined): boolean | undefined {
  if (!values) return undefined
  // What is absent is as if empty.
  if (Array.isArray(wanted)) return matches(wanted, values.length === 0 ? [''] : values)
  const filled = values.filter(each => each !== '')
  const { from, to, present } = wanted
  if (present !== undefined && present !== filled.length > 0) return false
  if (from === undefined && to === undefined) return true
  return filled.some(
    value =>
      (from === undefined || compare(from, value) <= 0) &&
      (to === undefined || compare(value, to) <= 0),
  )
}

function compare(one: string, other: string): number {
  const numbers = [one, other].map(each => (each.trim() === '' ? Number.NaN : Number(each)))
  const [first, second] = numbers as [number, number]
  if (!Number.isNaN(first) && !Number.isNaN(second)) return first - second
  return one < other ? -1 : one === other ? 0 : 1
}

/** Of a tag with several values, one that matches will do. */
function matches(wanted: readonly string[], values: readonly string[]): boolean {
  return wanted.some(pattern => {
    const form = formOf(pattern)
    return values.some(value => form.test(value.trim()))
  })
}

const forms = new Map<string, RegExp>()
const rememberedForms = 2000

function formOf(pattern: string): RegExp {
  let form = forms.get(pattern)
  if (!form) {
    if (forms.size === rememberedForms) forms.clear()
    const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&').replace(/\*+/g, '*')
    form = new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 'isu')
    forms.set(pattern, form)
  }
  return form
}

function isBetween({ from, to }: { from: string; to: string }, time: string): boolean {
  return from < to ? from <= time && time < to : from <= time || time < to
}
