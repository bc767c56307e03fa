import { Hono } from 'hono'
import { z } from 'zod'
import {
  type Delivery,
  type DestinationReport,
  type Forward,
  type Selection,
  states,
} from '../../duties/forward/forward.ts'
import { Fault } from '../../faults.ts'

const word = z.string().min(1)

const listing = z.strictObject({
  destination: word.optional(),
  state: z.enum(states).optional(),
  study: word.optional(),
  after: word.optional(),
  limit: z.coerce.number().int().min(1).max(1000).optional(),
})

const selection = z.strictObject({
  destination: word.optional(),
  study: word.optional(),
  instance: word.optional(),
})

const withdrawal = selection
  .extend({ reason: z.string().trim().min(1).max(200) })
  .refine(asked => asked.destination ?? asked.study ?? asked.instance, {
    error: 'name a destination, a study or an instance',
  })

/**
 * `GET /api/deliveries?destination=&state=&study=&after=&limit=`: how every destination stands, and
 * one page of the deliveries asked for (100 unless told; `next` asks for the page after).
 * `POST /api/deliveries/retry` with any of destination, study and instance: parked and waiting ones
 * are owed at once. `POST /api/deliveries/withdraw` with at least one of them and a `reason`: they
 * will not be sent. `GET /api/destinations`, `POST /api/destinations/{name}/pause` and `/resume`.
 * Faults: `request-malformed`, `not-found`.
 */
export function deliveryRoutes({
  forward,
}: {
  forward: Pick<Forward, 'destinations' | 'deliveries' | 'retry' | 'withdraw' | 'pause' | 'resume'>
}): Hono {
  return new Hono()
    .get('/api/deliveries', context => {
      const page = forward.deliveries(read(listing, context.req.query()))
      return context.json({
        destinations: forward.destinations().map(shownDestination),
        deliveries: page.deliveries.map(shownDelivery),
        ...(page.next === undefined ? {} : { next: page.next }),
      })
    })
    .post('/api/deliveries/retry', async context => {
      const asked: Selection = read(selection, parse(await context.req.text()))
      return context.json({ retried: forward.retry(asked) })
    })
    .post('/api/deliveries/withdraw', async context => {
      const { reason, ...asked } = read(withdrawal, parse(await context.req.text()))
      return context.json({ withdrawn: forward.withdraw(asked, reason) })
    })
    .get('/api/destinations', context =>
      context.json({ destinations: forward.destinations().map(shownDestination) }),
    )
    .post('/api/destinations/:name/pause', context => {
      forward.pause(context.req.param('name'))
      return context.json({})
    })
    .post('/api/destinations/:name/resume', context => {
      forward.resume(context.req.param('name'))
      return context.json({})
    })
}

function shownDestination({ sums, answeredAt, pausedAt, ...rest }: DestinationReport) {
  return {
    ...rest,
    ...(answeredAt === undefined ? {} : { answeredAt: new Date(answeredAt).toISOString() }),
    ...(pausedAt === undefined ? {} : { pausedAt: new Date(pausedAt).toISOString() }),
    counts: Object.fromEntries(states.map(state => [state, sums[state].deliveries])),
    bytes: Object.fromEntries(states.map(state => [state, sums[state].bytes])),
  }
}

function shownDelivery(delivery: Delivery) {
  const { instance, destination, study, sopInstanceUid, state, bytes, failures, gone } = delivery
  return {
    ...{ instance, study, sopInstanceUid, destination, state, bytes, failures },
    priority: (['stat', 'normal', 'off-peak'] as const)[delivery.priority],
    owedAt: new Date(delivery.owedAt).toISOString(),
    movedAt: new Date(delivery.movedAt).toISOString(),
    held: !gone,
    ...(delivery.notBefore === undefined
      ? {}
      : { notBefore: new Date(delivery.notBefore).toISOString() }),
    ...(delivery.status === undefined ? {} : { status: delivery.status }),
    ...(delivery.why ? { why: delivery.why } : {}),
  }
}

function read<Schema extends z.ZodType>(schema: Schema, given: unknown): Defined<z.output<Schema>> {
  const verified = schema.safeParse(given)
  if (verified.success) return verified.data as Defined<z.output<Schema>>
  const problems = verified.error.issues.map(issue => `${issue.path.join('.')} ${issue.message}`)
  throw new Fault('request-malformed', problems.join('; ').trim())
}

/** Zod leaves out what was not given, which its types do not say. */
type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> }

/** No body asks for nothing in particular. */
function parse(text: string): unknown {
  if (text.trim() === '') return {}
  try {
    return JSON.parse(text)
  } catch {
    throw new Fault('request-malformed', 'the body is not JSON')
  }
}
