import { z } from 'zod'
import type { Catalog, Instance } from '../../holdings/catalog/catalog.ts'
import { mainTags } from '../../standard/dicom/dicom.ts'
import type { Priority } from './delivery.ts'
import type { Occasion, Target } from './intake.ts'

/** Tags that a rule may ask for: those that the catalogue keeps, of all four levels. */
const askable = new Set<string>(Object.values(mainTags).flat())

const patterns = z
  .union([z.string(), z.array(z.string()).min(1)])
  .transform(given => (typeof given === 'string' ? [given] : given))
  .describe('One or several; "*" stands for anything, "?" for one character; case is ignored.')

const leaf = z
  .strictObject({
    sender: patterns.optional().describe('AE title of the sender.'),
    address: patterns.optional().describe('Address of the sender.'),
    called: patterns.optional().describe('AE title that the sender called us by.'),
    modality: patterns.optional().describe('Modality (0008,0060) of the series.'),
    sopClass: patterns.optional().describe('SOP Class UID.'),
    transferSyntax: patterns.optional().describe('Transfer Syntax UID as stored.'),
    tags: z
      .record(z.string(), patterns)
      .superRefine((tags, context) => {
        for (const keyword of Object.keys(tags)) {
          if (askable.has(keyword)) continue
          const message = `"${keyword}" is no main DICOM tag; rules know those only`
          context.addIssue({ code: 'custom', path: [keyword], message })
        }
      })
      .optional()
      .describe('Main DICOM tags by keyword.'),
    hours: z
      .strictObject({
        from: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/),
        to: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/),
      })
      .optional()
      .describe('Time of arrival, UTC by this box’s clock, from and up to; may span midnight.'),
  })
  .refine(given => Object.keys(given).length > 0, 'a condition must ask for something')

type Leaf = z.output<typeof leaf>
export type Condition = Leaf | { all: Condition[] } | { any: Condition[] } | { not: Condition }

/** What a rule takes: fields side by side must all hold; `all`, `any` and `not` combine. */
export const condition: z.ZodType<Condition> = z.lazy(() =>
  z.unknown().transform((given, context): Condition => {
    const schema = schemaFor(given)
    const verified = schema.safeParse(given)
    if (verified.success) return verified.data
    for (const issue of verified.error.issues) {
      context.issues.push({ ...issue, input: given } as (typeof context.issues)[number])
    }
    return z.NEVER
  }),
)

/** By the form of what was written, so that a mistake is told of where it is. */
function schemaFor(given: unknown): z.ZodType<Condition> {
  const has = (key: string) => typeof given === 'object' && given !== null && key in given
  if (has('all')) return z.strictObject({ all: z.array(condition).min(1) })
  if (has('any')) return z.strictObject({ any: z.array(condition).min(1) })
  if (has('not')) return z.strictObject({ not: condition })
  return leaf
}

const priorities = { stat: 0, normal: 1, 'off-peak': 2 } as const satisfies Record<string, Priority>

export const ruleSettings = z
  .strictObject({
    name: z.string().min(1).max(64).describe('What the rule is called.'),
    when: condition.optional().describe('What it takes; without it everything.'),
    on: z
      .enum(['arrival', 'stable'])
      .default('arrival')
      .describe('Whether it looks at images as they come, or once their study is stable.'),
    send: z
      .array(z.string())
      .default([])
      .describe('Names of the destinations that get what the rule takes.'),
    priority: z
      .enum(['stat', 'normal', 'off-peak'])
      .default('normal')
      .describe('What goes first: stat even interrupts a study under way, between two images.'),
    hold: z.boolean().default(false).describe('Park it until a person says "retry".'),
    drop: z
      .boolean()
      .default(false)
      .describe('Send what it takes nowhere, whatever other rules say.'),
  })
  .refine(rule => rule.drop !== rule.send.length > 0, {
    path: ['send'],
    error: 'a rule either sends to at least one destination or drops',
  })

export type Rule = z.output<typeof ruleSettings>

/**
 * Where the rules send an instance on an occasion: each destination once, as urgent as the most
 * urgent rule that takes it, and held only if all of them hold. A rule that drops wins over all.
 */
export function targetsOf(
  rules: readonly Rule[],
  instance: Instance,
  occasion: Occasion,
  catalog: Pick<Catalog, 'parent'>,
): Target[] {
  const targets = new Map<string, Target>()
  for (const rule of rules) {
    if (!rule.drop && rule.on !== occasion) continue
    if (rule.when && !holds(rule.when, instance, catalog)) continue
    if (rule.drop) return []
    const priority = priorities[rule.priority]
    for (const destination of rule.send) {
      const before = targets.get(destination)
      targets.set(destination, {
        destination,
        priority: Math.min(priority, before?.priority ?? priority) as Priority,
        hold: rule.hold && (before?.hold ?? true),
      })
    }
  }
  return [...targets.values()]
}

function holds(asked: Condition, instance: Instance, catalog: Pick<Catalog, 'parent'>): boolean {
  if ('all' in asked) return asked.all.every(each => holds(each, instance, catalog))
  if ('any' in asked) return asked.any.some(each => holds(each, instance, catalog))
  if ('not' in asked) return !holds(asked.not, instance, catalog)
  const { origin } = instance
  const tag = (keyword: string) => tagOf(keyword, instance, catalog)
  const facts: [wanted: readonly string[] | undefined, found: string | undefined][] = [
    [asked.sender, origin.callingAeTitle],
    [asked.address, origin.address?.replace(/^::ffff:/, '')],
    [asked.called, origin.calledAeTitle],
    [asked.modality, asked.modality && tag('Modality')],
    [asked.sopClass, instance.sopClassUid],
    [asked.transferSyntax, instance.transferSyntaxUid],
    ...Object.entries(asked.tags ?? {}).map(
      ([keyword, wanted]) => [wanted, tag(keyword)] as [readonly string[], string | undefined],
    ),
  ]
  return (
    facts.every(([wanted, found]) => !wanted || matches(wanted, found)) &&
    (!asked.hours || within(asked.hours, origin.at))
  )
}

/** From the instance's own level upwards. */
function tagOf(
  keyword: string,
  instance: Instance,
  catalog: Pick<Catalog, 'parent'>,
): string | undefined {
  if (keyword === 'SOPInstanceUID') return instance.sopInstanceUid
  const above = [instance.series, instance.study, instance.patient]
  return instance.tags[keyword] ?? above.map(id => catalog.parent(id)?.tags[keyword]).find(Boolean)
}

/** Of a tag with several values, one that matches will do. What is absent is as if empty. */
function matches(wanted: readonly string[], found = ''): boolean {
  const values = found.split('\\')
  return wanted.some(pattern => {
    const form = formOf(pattern)
    return values.some(value => form.test(value.trim()))
  })
}

const forms = new Map<string, RegExp>()

function formOf(pattern: string): RegExp {
  let form = forms.get(pattern)
  if (!form) {
    const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&')
    form = new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 'isu')
    forms.set(pattern, form)
  }
  return form
}

function within({ from, to }: { from: string; to: string }, at: string): boolean {
  const time = at.slice(11, 16)
  return from <= to ? from <= time && time < to : from <= time || time < to
}
