import type { Resource } from './catalog.ts'
import type { Store } from './store.ts'
import { type StoredInstance, type StoredParent, tables } from './tables.ts'

type Stored = StoredInstance | StoredParent

/** The resource of a number, unless it is gone; what stands above it is read when it is asked for. */
export function resourceAt(store: Store, number: number): Resource | undefined {
  const stored = store.get<Stored>(tables.record(number))
  if (!stored) return undefined
  const { level, id } = stored
  let above: Resource | undefined
  const up = () =>
    (above ??= stored.parent === undefined ? undefined : resourceAt(store, stored.parent))
  const resource: Resource = {
    ...{ level, id },
    text: keyword => ownText(stored, keyword) ?? up()?.text(keyword),
    at: wanted => (wanted === level ? resource : up()?.at(wanted)),
    ...(stored.level === 'Instance'
      ? { sopClassUid: stored.uids[0], transferSyntaxUid: stored.uids[1] }
      : { sums: { studies: stored.studies, series: stored.series, instances: stored.instances } }),
    ...(stored.level === 'Study' && { modalities: stored.modalities ?? [] }),
  }
  return resource
}

function ownText(stored: Stored, keyword: string): string | undefined {
  if (stored.level === 'Instance') return stored.tags[keyword]
  return stored.tags[keyword] ?? stored.patientTags?.[keyword]
}
