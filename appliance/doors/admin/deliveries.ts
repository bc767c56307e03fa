import { Hono } from 'hono'
import { z } from 'zod'
import {
  type Delivery,
  type DeliveryQuery,
  type DestinationReport,
  type Forward,
  type Selection,
  states,
} from '../../duties/forward/forward.ts'
import { eventsOf } from './events.ts'
import { bodyOf, moment, read } from './requests.ts'

const word = z.string().min(1)
/** In the order of their numbers. */
const priorities = ['stat', 'normal', 'off-peak'] as const

export const listing = z.strictObject({
  destination: word.optional(),
  state: z.enum(states).optional(),
  study: word.optional(),
  series: word.optional(),
  instance: word.optional(),
  priority: z.enum(priorities).optional(),
  reason: word.optional(),
  since: moment.optional(),
  after: word.optional(),
  limit: z.coerce.number().int().min(1).max(1000).optional(),
})

export const selection = z.strictObject({
  destination: word.optional(),
  study: word.optional(),
  series: word.optional(),
  instance: word.optional(),
  code: word.optional().describe('Only those that stand as they do for this reason.'),
})

const nameOne = { error: 'name a destination, a study, a series or an instance' }
const namesOne = (asked: z.output<typeof selection>) =>
  Boolean(asked.destination ?? asked.study ?? asked.series ?? asked.instance)
export const named = selection.refine(namesOne, nameOne)
export const withReason = selection
  .extend({ reason: z.string().trim().min(1).max(200) })
  .refine(namesOne, nameOne)

/**
 * `GET /api/deliveries?destination=&state=&study=&series=&instance=&priority=&reason=&since=&after=&limit=`:
 * how every destination stands, and one page of the deliveries asked for (100 unless told; `next`
 * asks for the page after). `GET /api/deliveries/stream`: server-sent events `destination`, first of
 * all and then of each as it changes, `plan` when rules or destinations do,
 * and `alive` while nothing does.
 * `GET /api/deliveries/studies/{id}`: counts of one study by destination and state.
 * `POST /api/deliveries/retry` with any of destination, study, series, instance and `code` (of why they
 * stand as they do): parked and waiting ones
 * are owed at once, but those held for review. `POST /api/deliveries/withdraw` with at least one of
 * them and a `reason`: they will not be sent. `POST /api/deliveries/pause`, `/resume` likewise: what is
 * owed now is not sent, and stays owed, until it is resumed (`reason=paused-by-hand` lists it). `GET /api/review`: what is held for a person;
 * `POST /api/review/release` and, with a `reason`, `/api/review/reject`, with at least one of them.
 * What was told is durable when it is answered. Faults: `request-malformed`, `not-found`.
 */
export function deliveryRoutes({
  forward,
}: {
  forward: Pick<
    Forward,
    | 'destinations'
    | 'deliveries'
    | 'study'
    | 'retry'
    | 'withdraw'
    | 'pauseDeliveries'
    | 'resumeDeliveries'
    | 'release'
    | 'reject'
    | 'kept'
    | 'follow'
  >
}): Hono {
  return new Hono()
    .get('/api/deliveries', context => {
      const page = forward.deliveries(queryOf(read(listing, context.req.query())))
      return context.json({
        destinations: forward.destinations().map(shownDestination),
        deliveries: page.deliveries.map(shownDelivery),
        ...(page.next === undefined ? {} : { next: page.next }),
      })
    })
    .get('/api/deliveries/stream', context =>
      eventsOf(context, forward.follow, ({ destinations, plan }) => [
        ...(plan ? [{ event: 'plan', data: '{}' }] : []),
        ...destinations.map(each => ({
          event: 'destination',
          data: JSON.stringify(shownDestination(each)),
        })),
      ]),
    )
    .get('/api/deliveries/studies/:id', context =>
      context.json({ destinations: forward.study(context.req.param('id')) }),
    )
    .post('/api/deliveries/retry', async context => {
      const asked: Selection = read(selection, await bodyOf(context.req))
      const retried = forward.retry(asked)
      await forward.kept()
      return context.json({ retried })
    })
    .post('/api/deliveries/withdraw', async context => {
      const { reason, ...asked } = read(withReason, await bodyOf(context.req))
      const withdrawn = forward.withdraw(asked, reason)
      await forward.kept()
      return context.json({ withdrawn })
    })
    .post('/api/deliveries/pause', async context => {
      const paused = forward.pauseDeliveries(read(named, await bodyOf(context.req)))
      await forward.kept()
      return context.json({ paused })
    })
    .post('/api/deliveries/resume', async context => {
      const resumed = forward.resumeDeliveries(read(named, await bodyOf(context.req)))
      await forward.kept()
      return context.json({ resumed })
    })
    .get('/api/review', context => {
      const asked = read(listing.omit({ state: true, reason: true }), context.req.query())
      const page = forward.deliveries({ ...queryOf(asked), state: 'parked', held: true })
      return context.json({
        deliveries: page.deliveries.map(shownDelivery),
        ...(page.next === undefined ? {} : { next: page.next }),
      })
    })
    .post('/api/review/release', async context => {
      const asked = read(named, await bodyOf(context.req))
      const released = forward.release(asked)
      await forward.kept()
      return context.json({ released })
    })
    .post('/api/review/reject', async context => {
      const { reason, ...asked } = read(withReason, await bodyOf(context.req))
      const rejected = forward.reject(asked, reason)
      await forward.kept()
      return context.json({ rejected })
    })
}

function queryOf({
  priority,
  ...asked
}: Omit<DeliveryQuery, 'priority'> & { priority?: (typeof priorities)[number] }): DeliveryQuery {
  if (priority === undefined) return asked
  return { ...asked, priority: priorities.indexOf(priority) as 0 | 1 | 2 }
}

export function shownDestination(report: DestinationReport) {
  const { sums, answeredAt, pausedAt, peerCertificateEnds, ...rest } = report
  const times = Object.entries({ answeredAt, pausedAt, peerCertificateEnds }).flatMap(
    ([name, at]) => (at === undefined ? [] : [[name, new Date(at).toISOString()]]),
  )
  return {
    ...rest,
    ...(Object.fromEntries(times) as Partial<
      Record<'answeredAt' | 'pausedAt' | 'peerCertificateEnds', string>
    >),
    counts: Object.fromEntries(states.map(state => [state, sums[state].deliveries])),
    bytes: Object.fromEntries(states.map(state => [state, sums[state].bytes])),
  }
}

export function shownDelivery(delivery: Delivery) {
  const { instance, destination, study, sopInstanceUid, state, bytes, failures, gone } = delivery
  return {
    ...{ instance, study, sopInstanceUid, destination, state, bytes, failures },
    priority: priorities[delivery.priority],
    owedAt: new Date(delivery.owedAt).toISOString(),
    movedAt: new Date(delivery.movedAt).toISOString(),
    kept: !gone,
    ...(delivery.review ? { review: true } : {}),
    ...(delivery.paused ? { paused: true } : {}),
    ...(delivery.notBefore === undefined
      ? {}
      : { notBefore: new Date(delivery.notBefore).toISOString() }),
    ...(delivery.status === undefined ? {} : { status: delivery.status }),
    ...(delivery.why ? { why: delivery.why } : {}),
  }
}
