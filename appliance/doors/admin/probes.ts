import { Hono } from 'hono'

/** What answers who watches the box: systemd, a load balancer, Prometheus. */
export interface Probes {
  /** Why nothing can be received right now, in a sentence each; empty when it can. */
  obstacles(): readonly string[] | Promise<readonly string[]>
  metrics(): Promise<{ text: string; contentType: string }>
}

/** `/healthz`: the process answers. `/readyz`: a scanner's image would be taken. `/metrics`. */
export function probeRoutes(probes: Probes): Hono {
  return new Hono()
    .get('/healthz', context => context.json({ alive: true }))
    .get('/readyz', async context => {
      const obstacles = await probes.obstacles()
      return context.json(
        { ready: obstacles.length === 0, obstacles },
        obstacles.length === 0 ? 200 : 503,
      )
    })
    .get('/metrics', async () => {
      const { text, contentType } = await probes.metrics()
      return new Response(text, { headers: { 'Content-Type': contentType } })
    })
}
