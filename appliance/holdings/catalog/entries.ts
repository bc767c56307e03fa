import type { Level, MainTags, PublicId, SeriesStatus } from './catalog.ts'
import { identifierText, indexText } from './fold.ts'
import { identifierTag, indexEntries, nameWithinMonth } from './indexes.ts'
import type { Key, Store, Value } from './store.ts'
import { numberOf, packId, type StoredInstance, tables } from './tables.ts'

/**
 * Entries by which a resource is found, other than its record. `tags` are those it is searched by: a
 * study's with its patient's.
 */
export function entriesOf(
  level: Level,
  id: PublicId,
  number: number,
  parent: number | undefined,
  tags: MainTags,
): [Key, Value][] {
  const identifier = identifierText(tags[identifierTag[level]] ?? '')
  const entries: [Key, Value][] = [
    [tables.identity(level, id), number],
    [tables.identifier(level, identifier, number), 0],
  ]
  if (level !== 'Instance') entries.push([tables.arrival(level, number), packId(id)])
  if (parent !== undefined) entries.push([tables.child(parent, number), packId(id)])
  for (const [index, value] of indexEntries(level, tags)) {
    entries.push([tables.indexed(index, indexText(value), number), 0])
  }
  if (level === 'Study') entries.push(...nameWithinMonthOf(number, tags))
  return entries
}

/** A study's entry in the index by month and name; none without a date. */
export function nameWithinMonthOf(number: number, tags: MainTags): [Key, Value][] {
  const { index, monthOf } = nameWithinMonth
  const date = indexText(tags.StudyDate ?? '')
  if (date === '') return []
  const name = indexText(tags.PatientName ?? '')
  return [[tables.nameWithinMonth(index, monthOf(date), name, number), date]]
}

export const searchTags = (parent: { tags: MainTags; patientTags?: MainTags }): MainTags =>
  parent.patientTags ? { ...parent.patientTags, ...parent.tags } : parent.tags

/** Numbers of the direct children, in order of arrival. */
export function* childNumbers(store: Store, parent: number): Iterable<number> {
  for (const [key] of store.range({ under: tables.children(parent) })) yield numberOf(key)
}

/**
 * How a series stands against the number of instances it was announced with: complete when the
 * indices 1 to that number are there once each (Orthanc's rule).
 */
export function seriesStatusOf(
  store: Store,
  series: number,
  expected: number | undefined,
): SeriesStatus {
  if (!expected) return 'Unknown'
  const seen = new Set<number>()
  for (const number of childNumbers(store, series)) {
    const instance = store.get<StoredInstance>(tables.record(number))
    const index = instance && indexInSeries(instance.tags)
    if (index === undefined || index < 1 || index > expected || seen.has(index)) {
      return 'Inconsistent'
    }
    seen.add(index)
  }
  return seen.size === expected ? 'Complete' : 'Missing'
}

/** InstanceNumber, else ImageIndex, when it is a whole number. */
export function indexInSeries(tags: MainTags): number | undefined {
  const text = (tags.InstanceNumber ?? tags.ImageIndex ?? '').trim()
  return /^[+-]?\d+$/.test(text) ? Number.parseInt(text, 10) : undefined
}
