import type { Archive, Received, Took } from '../../holdings/archive/archive.ts'
import { createPeak } from './peak.ts'

/** What is measured of the work of other rooms, for those who watch Orthanc by its metrics. */
export interface Measures {
  /** The archive, with its work measured. */
  archive(archive: Archive): Archive
  /** Storage took so long. */
  took: Took
  /** A query or retrieval was answered to its end. */
  answered(operation: string, milliseconds: number): void
  /** By Orthanc's names: longest of ten seconds in milliseconds, and bytes since the start. */
  read(): (readonly [name: string, value: number])[]
}

const operations = { 'C-FIND': 'find', 'C-GET': 'get', 'C-MOVE': 'move' } as const

/** `now` in milliseconds. */
export function createMeasures(now: () => number): Measures {
  const peaks = new Map(
    [
      ...Object.values(operations).map(name => `${name}_scp`),
      'store_dicom',
      ...['storage_create', 'storage_read', 'storage_remove'],
    ].map(name => [name, createPeak(now)]),
  )
  let [read, written] = [0, 0]

  async function stored(receive: () => Promise<Received>): Promise<Received> {
    const begun = now()
    try {
      const received = await receive()
      if (received.outcome !== 'repeated') written += received.instance.bytes
      return received
    } finally {
      peaks.get('store_dicom')!.seen(now() - begun)
    }
  }

  return {
    archive: archive => ({
      ...archive,
      receiveDataset: (...given) => stored(() => archive.receiveDataset(...given)),
      receiveFile: (...given) => stored(() => archive.receiveFile(...given)),
      open(id, range, into) {
        // Counted as it is asked for: to count each chunk would cost each image that is sent.
        read += range ? range.to - range.from : (archive.catalog.instance(id)?.bytes ?? 0)
        return archive.open(id, range, into)
      },
    }),
    took: (work, milliseconds) => peaks.get(`storage_${work}`)!.seen(milliseconds),
    answered(operation, milliseconds) {
      const name = operations[operation as keyof typeof operations]
      if (name) peaks.get(`${name}_scp`)!.seen(milliseconds)
    },
    read: () => [
      ...Array.from(
        peaks,
        ([name, peak]) => [`orthanc_${name}_duration_ms`, Math.round(peak.value())] as const,
      ),
      ['orthanc_storage_read_bytes', read],
      ['orthanc_storage_written_bytes', written],
    ],
  }
}
