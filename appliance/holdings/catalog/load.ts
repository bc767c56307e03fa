import type { Instance, Level, PublicId, Totals } from './catalog.ts'
import { identifierTag } from './indexes.ts'
import type { Store } from './store.ts'
import { type StoredInstance, type StoredParent, tables } from './tables.ts'

/** Stored forms turned into what the catalogue shows, and back. */

export const noTotals: Totals = { patients: 0, studies: 0, series: 0, instances: 0, bytes: 0 }

export function loadParent(
  store: Store,
  level: Level,
  id: PublicId,
): { number: number; parent: StoredParent } | undefined {
  const number = store.get<number>(tables.identity(level, id))
  if (number === undefined) return undefined
  const parent = store.get<StoredParent>(tables.record(number))
  return parent && { number, parent }
}

export function storedInstance(instance: Instance, series: number): StoredInstance {
  return {
    level: 'Instance',
    id: instance.id,
    parent: series,
    uids: [instance.sopClassUid, instance.transferSyntaxUid],
    tags: instance.tags,
    blob: instance.blob,
    lengths: [instance.bytes, instance.datasetOffset, instance.pixelDataOffset ?? 0],
    digests: [packDigest(instance.datasetDigest), packDigest(instance.metaDigest)],
    origin: instance.origin,
    ...(instance.revision && { revision: instance.revision }),
  }
}

export function loadInstance(store: Store, number: number): Instance | undefined {
  const stored = store.get<StoredInstance>(tables.record(number))
  if (!stored) return undefined
  const series = store.get<StoredParent>(tables.record(stored.parent))!
  const study = store.get<StoredParent>(tables.record(series.parent!))!
  const patient = store.get<StoredParent>(tables.record(study.parent!))!
  const [bytes, datasetOffset, pixelDataOffset] = stored.lengths
  return {
    id: stored.id,
    patient: patient.id,
    study: study.id,
    series: series.id,
    sopClassUid: stored.uids[0],
    sopInstanceUid: stored.tags[identifierTag.Instance] ?? '',
    studyInstanceUid: study.tags[identifierTag.Study] ?? '',
    seriesInstanceUid: series.tags[identifierTag.Series] ?? '',
    transferSyntaxUid: stored.uids[1],
    tags: stored.tags,
    blob: stored.blob,
    bytes,
    datasetDigest: unpackDigest(stored.digests[0]),
    metaDigest: unpackDigest(stored.digests[1]),
    datasetOffset,
    ...(pixelDataOffset && { pixelDataOffset }),
    origin: stored.origin,
    ...(stored.revision && { revision: stored.revision }),
  }
}

const packDigest = (hex: string) => Buffer.from(hex, 'hex').toString('base64url')
const unpackDigest = (packed: string) => Buffer.from(packed, 'base64url').toString('hex')
