import { Hono } from 'hono'
import { z } from 'zod'
import type { Forward } from '../../duties/forward/forward.ts'
import { Fault } from '../../faults.ts'
import type { DestinationAnswer } from './answers.ts'
import { shownDestination } from './deliveries.ts'
import { bodyOf, moment, read, refused } from './requests.ts'

export const past = z.strictObject({ since: moment })

/**
 * `GET /api/destinations`: each with its settings (secrets masked), whether they are locked by the
 * configuration file, how it stands, its certificates that end within a month, and back-fills under
 * way. `POST` a new one; `GET`, `PUT` and
 * `DELETE /api/destinations/{name}`. `POST …/{name}/pause`, `/resume`, `/probe` (whether it would
 * take anything now) and `/backfill` with `since`: it is owed what arrived since then, by the rules.
 * `GET` and `PUT /api/link`: caps, windows, budgets, and how the link and the clock stand.
 * Faults: `settings-refused` with every problem, `not-allowed` when locked, `not-found`.
 */
export function destinationRoutes({
  forward,
}: {
  forward: Pick<
    Forward,
    | 'destinations'
    | 'configured'
    | 'saveDestination'
    | 'removeDestination'
    | 'pause'
    | 'resume'
    | 'kept'
    | 'probe'
    | 'backfill'
    | 'backfills'
    | 'link'
    | 'saveLink'
  >
}): Hono {
  function listed(): DestinationAnswer[] {
    const configured = new Map(forward.configured().map(each => [each.name, each]))
    const standing = forward.destinations().map(shownDestination)
    const backfills = new Map(forward.backfills().map(each => [each.destination, each]))
    const names = new Set([...configured.keys(), ...standing.map(each => each.name)])
    return [...names].map(name => {
      const one = configured.get(name)
      const backfill = backfills.get(name)
      return {
        name,
        ...standing.find(each => each.name === name),
        locked: one?.locked ?? false,
        ...(one?.settings ? { settings: one.settings } : {}),
        ...(one?.problems.length ? { problems: one.problems } : {}),
        ...(one?.certificatesEnding.length ? { certificatesEnding: one.certificatesEnding } : {}),
        ...(backfill
          ? { backfill: { since: new Date(backfill.since).toISOString(), owed: backfill.owed } }
          : {}),
      }
    })
  }
  const shown = (name: string) => listed().find(each => each.name === name)

  return new Hono()
    .get('/api/destinations', context => context.json({ destinations: listed() }))
    .post('/api/destinations', async context => {
      const saved = await forward.saveDestination(await bodyOf(context.req))
      return 'problems' in saved
        ? refused(saved.problems)
        : context.json(shown(saved.saved) ?? {}, 201)
    })
    .get('/api/destinations/:name', context => {
      const one = shown(context.req.param('name'))
      if (!one) throw new Fault('not-found', 'no destination has this name')
      return context.json(one)
    })
    .put('/api/destinations/:name', async context => {
      const name = context.req.param('name')
      const saved = await forward.saveDestination(await bodyOf(context.req), name)
      return 'problems' in saved ? refused(saved.problems) : context.json(shown(name) ?? {})
    })
    .delete('/api/destinations/:name', async context => {
      const removed = await forward.removeDestination(context.req.param('name'))
      return 'problems' in removed ? refused(removed.problems) : context.json({})
    })
    .post('/api/destinations/:name/pause', async context => {
      forward.pause(context.req.param('name'))
      await forward.kept()
      return context.json({})
    })
    .post('/api/destinations/:name/resume', async context => {
      forward.resume(context.req.param('name'))
      await forward.kept()
      return context.json({})
    })
    .post('/api/destinations/:name/probe', async context => {
      const why = await forward.probe(context.req.param('name'))
      return context.json({ reachable: why === undefined, ...(why ? { why } : {}) })
    })
    .post('/api/destinations/:name/backfill', async context => {
      const { since } = read(past, await bodyOf(context.req))
      await forward.backfill(context.req.param('name'), since)
      return context.json({}, 202)
    })
    .get('/api/link', context => context.json(forward.link()))
    .put('/api/link', async context => {
      const saved = await forward.saveLink(await bodyOf(context.req))
      return 'problems' in saved ? refused(saved.problems) : context.json(forward.link())
    })
}
