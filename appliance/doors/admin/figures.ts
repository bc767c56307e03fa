import { statfs } from 'node:fs/promises'
import type { Forward } from '../../duties/forward/forward.ts'
import type { Archive, Received } from '../../holdings/archive/archive.ts'
import type { Metrics } from '../../host/health/health.ts'

/** What Prometheus can ask; every figure is read when it does. */
export function watch(
  metrics: Metrics,
  parts: { archive: Archive; forward: Forward; associations: () => number; data: string },
): void {
  const { archive, forward, associations, data } = parts
  const totals = () => archive.catalog.totals()
  metrics.gauge('instances', 'Instances kept', () => totals().instances)
  metrics.gauge('studies', 'Studies kept', () => totals().studies)
  metrics.gauge('bytes', 'Bytes of the instances kept', () => totals().bytes)
  metrics.gauge('associations', 'Incoming associations living now', associations)

  const disk = () => statfs(data)
  metrics.gauge('disk_free_bytes', 'Free bytes of the data volume', async () => {
    const { bavail, bsize } = await disk()
    return bavail * bsize
  })
  metrics.gauge('disk_bytes', 'Size of the data volume in bytes', async () => {
    const { blocks, bsize } = await disk()
    return blocks * bsize
  })

  const byState = (figure: 'deliveries' | 'bytes') =>
    forward.destinations().flatMap(({ name, sums }) =>
      Object.entries(sums).map(([state, sum]) => ({
        labels: { destination: name, state },
        value: sum[figure],
      })),
    )
  const labels = ['destination', 'state'] as const
  metrics.gauge('deliveries', 'Deliveries', () => byState('deliveries'), labels)
  metrics.gauge('delivery_bytes', 'Bytes of deliveries', () => byState('bytes'), labels)
  metrics.gauge(
    'oldest_undelivered_seconds',
    'How long the oldest undelivered instance has been owed',
    () =>
      forward
        .destinations()
        .map(each => ({ labels: { destination: each.name }, value: each.oldestSeconds ?? 0 })),
    ['destination'],
  )
}

/** The archive, counting what comes in through any door. */
export function counted(archive: Archive, metrics: Metrics): Archive {
  const instances = metrics.counter('instances_received_total', 'Instances received and kept')
  const bytes = metrics.counter('bytes_received_total', 'Bytes of the instances received and kept')
  const count = (received: Received): Received => {
    if (received.outcome === 'kept') {
      instances()
      bytes(received.instance.bytes)
    }
    return received
  }
  return {
    ...archive,
    receiveDataset: async (...given) => count(await archive.receiveDataset(...given)),
    receiveFile: async (...given) => count(await archive.receiveFile(...given)),
  }
}
