import { keyOf, type PublicId, type Store } from '../../holdings/catalog/catalog.ts'

/** Whether something may be written about a resource; a list looks once for all of its members. */
export interface Written {
  labels(id: PublicId): boolean
  metadata(id: PublicId): boolean
  protected(id: PublicId): boolean
}

export const anythingWritten: Written = {
  labels: () => true,
  metadata: () => true,
  protected: () => true,
}

export function writtenAbout(store: Pick<Store, 'range'>, ids: readonly PublicId[]): Written {
  return {
    labels: writtenAmong(store, 'labels', ids),
    metadata: writtenAmong(store, 'metadata', ids),
    protected: writtenAmong(store, 'protected', ids),
  }
}

/** So many entries are looked at; where there are more, each resource is asked. */
const lookedAt = 64
const idLength = 44

/**
 * Whether users may have written anything about a resource in a table whose keys begin with its
 * identifier: lists of resources about which nobody wrote are told after one look instead of one for
 * each. False is certain for those of `ids` until the next write; true is not.
 */
function writtenAmong(
  store: Pick<Store, 'range'>,
  table: string,
  ids: readonly PublicId[],
): (id: PublicId) => boolean {
  const under = keyOf(table)
  const [first, last] = bounds(ids)
  const written = new Set<PublicId>()
  let entries = 0
  for (const [key] of store.range({ under, from: first, to: `${last}\x01`, limit: lookedAt })) {
    written.add(key.slice(under.length, under.length + idLength))
    entries++
  }
  return entries === lookedAt ? () => true : id => written.has(id)
}

function bounds(ids: readonly PublicId[]): [PublicId, PublicId] {
  let [first, last] = [ids[0] ?? '', ids[0] ?? '']
  for (const id of ids) {
    if (id < first) first = id
    if (id > last) last = id
  }
  return [first, last]
}
