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
  metrics.gauge('damaged', 'Instances that must be fetched again', () => archive.damaged().length)
  metrics.gauge('quarantined', 'Newcomers kept aside', () => archive.quarantine().length)
  const last = () => archive.scrub.report().last
  metrics.gauge('scrub_looked', 'Instances read by the last scrub', () => last()?.looked ?? 0)
  metrics.gauge('scrub_damaged', 'Damage the last scrub found', () => last()?.damaged ?? 0)
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
  type Report = ReturnType<Forward['destinations']>[number]
  const ofEach = (name: string, help: string, figure: (report: Report) => number) =>
    metrics.gauge(
      name,
      help,
      () =>
        forward
          .destinations()
          .map(each => ({ labels: { destination: each.name }, value: figure(each) })),
      ['destination'],
    )
  ofEach(
    'oldest_undelivered_seconds',
    'How long the oldest undelivered instance has been owed',
    each => each.oldestSeconds ?? 0,
  )
  ofEach('destination_failures', 'Failures in a row of a destination', each => each.failures)
  ofEach('destination_held', 'Deliveries held for review', each => each.held)
  ofEach('destination_paused', 'Deliveries paused by a person', each => each.paused)
  ofEach('destination_connections', 'Connections under way', each => each.connections)
  ofEach(
    'destination_bytes_per_second',
    'Throughput over the last half minute',
    each => each.bytesPerSecond,
  )
  metrics.gauge(
    'destination_certificate_days',
    'Days until a certificate of a destination ends, within a month of it',
    () =>
      forward.configured().flatMap(({ name, certificatesEnding }) =>
        certificatesEnding.map(({ file, days }) => ({
          labels: { destination: name, file },
          value: days,
        })),
      ),
    ['destination', 'file'],
  )
  metrics.gauge(
    'destination_peer_certificate_end_seconds',
    'When the certificate that a destination showed last ends, since 1970',
    () =>
      forward
        .destinations()
        .flatMap(({ name, peerCertificateEnds }) =>
          peerCertificateEnds === undefined
            ? []
            : [{ labels: { destination: name }, value: peerCertificateEnds / 1000 }],
        ),
    ['destination'],
  )
  metrics.gauge(
    'destination_state',
    'What a destination is doing; 1 for its state',
    () =>
      forward
        .destinations()
        .map(({ name, state }) => ({ labels: { destination: name, state }, value: 1 })),
    labels,
  )
  const receipts = (figure: 'receipts' | 'bytes') =>
    forward.receipts().map(({ destination, outcome, reason = '', ...counted }) => ({
      labels: { destination, outcome, reason },
      value: counted[figure],
    }))
  const ofReceipt = ['destination', 'outcome', 'reason'] as const
  metrics.gauge(
    'receipts',
    'Answers of destinations since the start, by outcome and reason',
    () => receipts('receipts'),
    ofReceipt,
  )
  metrics.gauge(
    'receipt_bytes',
    'Bytes of the instances that were answered for',
    () => receipts('bytes'),
    ofReceipt,
  )

  const link = () => forward.link().report
  metrics.gauge('link_cap_kbits', 'Cap of the link now, 0 for none', () => link().cap ?? 0)
  metrics.gauge('link_metered', 'Whether the link is metered now', () => Number(link().metered))
  metrics.gauge('clock_trusted', 'Whether the clock is believed', () =>
    Number(link().clock.trusted),
  )
  metrics.gauge(
    'link_budget_used_bytes',
    'Bytes used of the link’s budget',
    () =>
      Object.entries(link().budget).map(([period, { used }]) => ({
        labels: { period },
        value: used,
      })),
    ['period'],
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
