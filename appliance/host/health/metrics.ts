import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'

/**
 * The metrics registry. Parts do not know it: they are asked for their figures when Prometheus
 * reads, by the functions that service.ts hands over here.
 */
export interface Metrics {
  /** A figure that goes up and down, read when asked for; with `labelNames`, one for each labelling. */
  gauge(
    name: string,
    help: string,
    read: () => Reading | Promise<Reading>,
    labelNames?: readonly string[],
  ): void
  /** A figure that only grows, counted where it happens. */
  counter(name: string, help: string): (by?: number) => void
  /** The exposition text and its content type. */
  expose(): Promise<{ text: string; contentType: string }>
}

type Reading = number | readonly { labels: Readonly<Record<string, string>>; value: number }[]

/** Names are prefixed `waystation_`; the process's own (CPU, memory, event-loop lag) come along. */
export function createMetrics(): Metrics {
  const register = new Registry()
  collectDefaultMetrics({ register, prefix: 'waystation_' })
  return {
    gauge(name, help, read, labelNames = []) {
      const gauge: Gauge = new Gauge({
        name: `waystation_${name}`,
        help,
        labelNames,
        registers: [register],
        async collect() {
          const reading = await read()
          gauge.reset()
          if (typeof reading === 'number') return gauge.set(reading)
          for (const { labels, value } of reading) gauge.set(labels, value)
        },
      })
    },
    counter(name, help) {
      const counter = new Counter({ name: `waystation_${name}`, help, registers: [register] })
      return (by = 1) => counter.inc(by)
    },
    async expose() {
      return { text: await register.metrics(), contentType: register.contentType }
    },
  }
}
