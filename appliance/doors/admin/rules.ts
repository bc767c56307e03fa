import { Hono } from 'hono'
import { z } from 'zod'
import type { Forward, Planned, Rule } from '../../duties/forward/forward.ts'
import { Fault } from '../../faults.ts'
import { bodyOf, read, refused } from './requests.ts'

const word = z.string().min(1)
export const order = z.strictObject({ order: z.array(word) })
export const place = z.strictObject({ before: word.optional() })
export const trial = z
  .strictObject({
    rule: z.union([word, z.record(z.string(), z.unknown())]).optional(),
    studies: z.array(word).min(1).max(10_000).optional(),
    days: z.number().positive().max(36_500).optional(),
  })
  .refine(({ studies, days }) => (studies === undefined) !== (days === undefined), {
    error: 'say which images: "studies", or those of the last "days"',
  })

const dayMs = 86_400_000

/**
 * `GET /api/rules` in the order in which they are asked: those of the configuration file, locked,
 * then the others. `POST /api/rules?before=` a new one; `GET`, `PUT` and `DELETE /api/rules/{name}`;
 * `PUT /api/rules` with `order`, the names of all that are not locked. `POST /api/rules/trial` with
 * `studies` or `days`, and a `rule` (its name, or one that is not saved; without it all in force):
 * what would have gone where. Nothing is sent. Faults: `settings-refused` with every problem,
 * `not-allowed` when locked, `not-found`.
 */
export function ruleRoutes(parts: {
  forward: Pick<Forward, 'rules' | 'saveRule' | 'removeRule' | 'orderRules' | 'trial'>
  now: () => Date
}): Hono {
  const { forward } = parts
  const listed = () => forward.rules().map(shownRule)
  const one = (name: string) => listed().find(each => each.name === name)
  return new Hono()
    .get('/api/rules', context => context.json({ rules: listed() }))
    .post('/api/rules', async context => {
      const where = read(place, context.req.query())
      const saved = await forward.saveRule(await bodyOf(context.req), where)
      return 'problems' in saved
        ? refused(saved.problems)
        : context.json(one(saved.saved) ?? {}, 201)
    })
    .put('/api/rules', async context => {
      const asked = read(order, await bodyOf(context.req))
      const saved = await forward.orderRules(asked.order)
      return 'problems' in saved ? refused(saved.problems) : context.json({ rules: listed() })
    })
    .post('/api/rules/trial', async context => {
      const { rule, studies, days } = read(trial, await bodyOf(context.req))
      const report = await forward.trial(
        studies ? { studies } : { since: parts.now().getTime() - (days as number) * dayMs },
        rule === undefined
          ? undefined
          : typeof rule === 'string'
            ? { name: rule }
            : { given: rule },
      )
      return 'problems' in report ? refused(report.problems) : context.json(report)
    })
    .get('/api/rules/:name', context => {
      const rule = one(context.req.param('name'))
      if (!rule) throw new Fault('not-found', 'no rule has this name')
      return context.json(rule)
    })
    .put('/api/rules/:name', async context => {
      const instead = context.req.param('name')
      const saved = await forward.saveRule(await bodyOf(context.req), { instead })
      return 'problems' in saved ? refused(saved.problems) : context.json(one(saved.saved) ?? {})
    })
    .delete('/api/rules/:name', async context => {
      await forward.removeRule(context.req.param('name'))
      return context.json({})
    })
}

export function shownRule({ name, locked, settings, problems }: Planned<Rule>) {
  return { name, ...settings, locked, ...(problems.length > 0 ? { problems } : {}) }
}
