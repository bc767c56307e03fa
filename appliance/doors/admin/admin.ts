/** What our own web UI, scripts and watchers need: everything under `/api`, the probes, and the UI. */
import { Hono } from 'hono'
import { noSuchPath, problemOf } from '../../host/http/http.ts'
import { archiveRoutes } from './archive.ts'
import { type Connections, connectionRoutes } from './connections.ts'
import { deliveryRoutes } from './deliveries.ts'
import { destinationRoutes } from './destinations.ts'
import { nodeRoutes } from './nodes.ts'
import { noticeRoutes } from './notices.ts'
import { pageRoutes } from './pages.ts'
import { type Probes, probeRoutes } from './probes.ts'
import { ruleRoutes } from './rules.ts'

export type * from './answers.ts'
export { described as adminDescribed } from './described.ts'
export { counted, watch } from './figures.ts'

export function adminRoutes(
  parts: { probes: Probes; connections: Connections } & Parameters<typeof deliveryRoutes>[0] &
    Parameters<typeof destinationRoutes>[0] &
    Parameters<typeof ruleRoutes>[0] &
    Parameters<typeof noticeRoutes>[0] &
    Parameters<typeof nodeRoutes>[0] &
    Parameters<typeof archiveRoutes>[0] &
    Parameters<typeof pageRoutes>[0],
): Hono {
  return new Hono()
    .route('/', probeRoutes(parts.probes))
    .route('/', connectionRoutes(parts.connections))
    .route('/', deliveryRoutes(parts))
    .route('/', destinationRoutes(parts))
    .route('/', ruleRoutes(parts))
    .route('/', nodeRoutes(parts))
    .route('/', noticeRoutes(parts))
    .route('/', archiveRoutes(parts))
    .route('/', pageRoutes(parts))
    .all('/api/*', noSuchPath)
    .onError(problemOf)
}
