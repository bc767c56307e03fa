import type { Level, PublicId } from '../../holdings/catalog/catalog.ts'
import { keywordOf, type MainTagLevel, mainTags, tagOf } from '../../standard/dicom/dicom.ts'
import type { TagFormat } from './arguments.ts'
import { ancestorOf, type Desk } from './desk.ts'
import { datasetJson, tagsJson } from './dicomJson.ts'
import { type Asked, tagsIn } from './dictionary.ts'
import type { Json, JsonObject } from './json.ts'
import { rankOf } from './levels.ts'
import { isExtraTag, isMainSequence } from './mainTags.ts'

/** Tags computed from what lies below a resource, at the level they belong to. */
const computed: Record<string, { level: Level; of: (desk: Desk, id: PublicId) => string }> = {
  ModalitiesInStudy: { level: 'Study', of: (desk, id) => joined(modalitiesOf(desk, id)) },
  SOPClassesInStudy: {
    level: 'Study',
    of: (desk, id) => joined(desk.archive.catalog.instancesOf(id), each => each.sopClassUid),
  },
  NumberOfPatientRelatedStudies: { level: 'Patient', of: count('studies') },
  NumberOfPatientRelatedSeries: { level: 'Patient', of: count('series') },
  NumberOfPatientRelatedInstances: { level: 'Patient', of: count('instances') },
  NumberOfStudyRelatedSeries: { level: 'Study', of: count('series') },
  NumberOfStudyRelatedInstances: { level: 'Study', of: count('instances') },
  NumberOfSeriesRelatedInstances: { level: 'Series', of: count('instances') },
  InstanceAvailability: { level: 'Instance', of: () => 'ONLINE' },
}

function count(what: 'studies' | 'series' | 'instances') {
  return (desk: Desk, id: PublicId) => String(desk.archive.catalog.parent(id)?.[what] ?? 0)
}

function* modalitiesOf(desk: Desk, study: PublicId): Iterable<string> {
  for (const series of desk.archive.catalog.children(study)) {
    const modality = desk.archive.catalog.parent(series)?.tags.Modality
    if (modality) yield modality
  }
}

function joined<T>(values: Iterable<T>, text: (value: T) => string = String): string {
  const all = new Set<string>()
  for (const value of values) all.add(text(value))
  return [...all].sort().join('\\')
}

/** A tag computed for this resource or the one above it that it belongs to; undefined: it is none. */
export function computedTag(desk: Desk, id: PublicId, keyword: string): string | undefined {
  const tag = Object.hasOwn(computed, keyword) ? computed[keyword] : undefined
  const at = tag && ancestorOf(desk, id, tag.level)
  return at === undefined ? undefined : tag?.of(desk, at)
}

/** Whether a tag is computed for a level, or for one above it. */
export function isComputed(level: Level, keyword: string): boolean {
  const tag = Object.hasOwn(computed, keyword) ? computed[keyword] : undefined
  return tag !== undefined && rankOf(tag.level) <= rankOf(level)
}

/** Whether a tag stands in the catalogue for this level: it is a main tag there or above. */
export function isIndexed(level: Level, keyword: string): boolean {
  return Object.entries(mainTags).some(
    ([at, keywords]) =>
      rankOf(at as MainTagLevel) <= rankOf(level) &&
      (keywords as readonly string[]).includes(keyword),
  )
}

/** A main tag of a resource, or of one above it. */
export function indexedTag(
  desk: Desk,
  level: Level,
  id: PublicId,
  keyword: string,
): string | undefined {
  const { catalog } = desk.archive
  const instance = level === 'Instance' ? catalog.instance(id) : undefined
  const own = instance?.tags[keyword]
  if (own !== undefined) return own
  let above = catalog.parent(instance?.series ?? id)
  while (above) {
    // A study has the patient's tags as its own first instance tells them.
    const value = above.tags[keyword] ?? above.patientTags?.[keyword]
    if (value !== undefined) return value
    above = above.parent === undefined ? undefined : catalog.parent(above.parent)
  }
  return undefined
}

/** The value of any tag: from the catalogue, computed, or from the file of the first instance. */
export async function requestedTags(
  desk: Desk,
  level: Level,
  id: PublicId,
  tags: readonly Asked[],
  format: TagFormat,
): Promise<JsonObject> {
  const found: [number, Json][] = []
  const fromFile: Asked[] = []
  for (const asked of tags) {
    const { tag } = asked
    const keyword = keywordOf(tag) ?? ''
    const value = computedTag(desk, id, keyword) ?? indexedTag(desk, level, id, keyword)
    if (value !== undefined) found.push([tag, value])
    else if (isMainSequence(tag) || (!isIndexed(level, keyword) && mayRead(desk, level, asked))) {
      fromFile.push(asked)
    }
  }
  return { ...tagsJson(found, format), ...(await tagsOfFile(desk, id, fromFile, format)) }
}

/** Main tags are told whatever the settings say: in Orthanc they lie in the index. */
const mayRead = (desk: Desk, level: Level, asked: Asked): boolean =>
  desk.settings.storageAccessOnFind !== 'Never' || isExtraTag(desk, level, asked)

async function tagsOfFile(
  desk: Desk,
  id: PublicId,
  asked: readonly Asked[],
  format: TagFormat,
): Promise<JsonObject> {
  if (asked.length === 0) return {}
  const [first] = desk.archive.catalog.instancesOf(id)
  if (!first) return {}
  const { dataset } = await desk.headers.read(first)
  const only = tagsIn(dataset, asked)
  return datasetJson(dataset, {
    ...{ format, only, ignoreLength: only, names: desk.dictionary.nameOf },
  })
}

export const modalitiesInStudy = tagOf('ModalitiesInStudy')!
