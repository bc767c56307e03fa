import type { ConnectionRecord } from '../api/api.ts'

/** Connections one after the other that tell the same: the newest, and how it was before. */
export interface Alike {
  newest: ConnectionRecord
  before: readonly ConnectionRecord[]
}

/**
 * Neighbours that tell the same become one: a scanner calls for each image, and finding out what a
 * node takes needs fifty associations. Newest first, as they are given.
 */
export function alike(records: readonly ConnectionRecord[]): Alike[] {
  const groups: [ConnectionRecord, ...ConnectionRecord[]][] = []
  for (const record of records) {
    const group = groups.at(-1)
    if (group && tells(group[0]) === tells(record)) group.push(record)
    else groups.push([record])
  }
  return groups.map(([newest, ...before]) => ({ newest, before }))
}

const tells = (record: ConnectionRecord) =>
  JSON.stringify([
    ...[record.direction, record.callingAeTitle, record.calledAeTitle, record.remoteAddress],
    ...[record.outcome, record.sentence],
  ])
