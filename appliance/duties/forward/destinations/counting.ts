import type { Instance, PublicId } from '../../../holdings/catalog/catalog.ts'

/** How many images of each series (by its identifier here) went to a destination. */
export type Delivered = ReadonlyMap<PublicId, number>

/**
 * Those of series of which the far side has no fewer images than went there, by its own count for
 * each Series Instance UID. A weaker proof than a list: what came there from elsewhere counts too.
 */
export function whereAllAre(
  instances: readonly Instance[],
  delivered: Delivered,
  there: ReadonlyMap<string, number>,
): Instance[] {
  return instances.filter(
    ({ series, seriesInstanceUid }) =>
      (there.get(seriesInstanceUid) ?? 0) >= (delivered.get(series) ?? Number.POSITIVE_INFINITY),
  )
}
