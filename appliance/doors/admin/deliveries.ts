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

/**
 * `GET /api/deliveries?destination=&state=&study=&after=&limit=`: how every destination stands, and
 * one page of the deliveries asked for (100 unless told; `next` asks for the page after).
 * `POST /api/deliveries/retry` with any of destination, study and instance: parked and waiting ones
 * are owed at once. Fault: `request-malformed`.
 */
export function deliveryRoutes({
  forward,
}: {
  forward: Pick<Forward, 'destinations' | 'deliveries' | 'retry'>
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
      const text = await context.req.text()
      const asked: Selection = read(selection, text.trim() === '' ? {} : parse(text))
      return context.json({ retried: forward.retry(asked) })
    })
}

function shownDestination({ sums, answeredAt, ...rest }: DestinationReport) {
  return {
    ...rest,
    ...(answeredAt === undefined ? {} : { answeredAt: new Date(answeredAt).toISOString() }),
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

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Fault('request-malformed', 'the body is not JSON')
  }
}
