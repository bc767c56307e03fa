/** What our own web UI, scripts and watchers need: everything under `/api`, and the probes. */
import { Hono } from 'hono'
import { problemOf } from '../../host/http/http.ts'
import { type Connections, connectionRoutes } from './connections.ts'
import { deliveryRoutes } from './deliveries.ts'
import { type Probes, probeRoutes } from './probes.ts'

export { counted, watch } from './figures.ts'

export function adminRoutes(
  parts: { probes: Probes; connections: Connections } & Parameters<typeof deliveryRoutes>[0],
): Hono {
  return new Hono()
    .route('/', probeRoutes(parts.probes))
    .route('/', connectionRoutes(parts.connections))
    .route('/', deliveryRoutes(parts))
    .onError(problemOf)
}
