import { Hono } from 'hono'
import type { ConnectionRecord } from '../../standard/dimse/dimse.ts'
import { eventsOf } from './events.ts'

/** A caller that was turned away, once for each address and pair of AE titles. */
export interface RefusedCaller {
  remoteAddress: string
  callingAeTitle: string
  calledAeTitle: string
  attempts: number
  lastAt: string
  sentence: string
}

/** The part of the connection log that is shown. */
export interface Connections {
  recent(limit: number): ConnectionRecord[]
  refusedCallers(): readonly RefusedCaller[]
  follow(stop: AbortSignal): AsyncIterable<ConnectionRecord>
}

const most = 10_000

/**
 * `GET /api/connections?limit=` newest first (100 unless told), incoming ones with the known `node` that
 * called or null, and the callers that were refused;
 * `GET /api/connections/stream` each further record as a server-sent event `connection`, and `alive`
 * while there is none.
 */
export function connectionRoutes(connections: Connections): Hono {
  return new Hono()
    .get('/api/connections', context => {
      const asked = Number(context.req.query('limit') ?? 100)
      const limit = Number.isInteger(asked) && asked > 0 ? Math.min(asked, most) : 100
      return context.json({
        connections: connections.recent(limit),
        refusedCallers: connections.refusedCallers(),
      })
    })
    .get('/api/connections/stream', context =>
      eventsOf(context, connections.follow, record => [
        { event: 'connection', id: String(record.id), data: JSON.stringify(record) },
      ]),
    )
}
