import type { Instance, Level, Parent, PublicId } from '../../holdings/catalog/catalog.ts'
import { tagOf } from '../../standard/dicom/dicom.ts'
import type { TagFormat } from './arguments.ts'
import { attachmentsJson, uuidOf } from './attached.ts'
import type { Desk } from './desk.ts'
import { longestText, tagsJson } from './dicomJson.ts'
import type { Asked } from './dictionary.ts'
import { Refusal } from './errors.ts'
import type { JsonObject } from './json.ts'
import { labelsOf } from './labels.ts'
import { childrenKey, compactTime, parentKey } from './levels.ts'
import { extraTagsJson, needsFile } from './mainTags.ts'
import { namedMetadata, writtenMetadata } from './metadata.ts'
import { isProtected } from './protection.ts'
import { requestedTags } from './requestedTags.ts'
import { anythingWritten, type Written } from './writtenAmong.ts'

/** The parts of which a resource's JSON can be made. */
const parts = [
  'MainDicomTags',
  'RequestedTags',
  'Metadata',
  'Children',
  'Parent',
  'Labels',
  'Status',
  'IsStable',
  'IsProtected',
  'Attachments',
] as const
export type Part = (typeof parts)[number]

/** What of a resource is told, and how its tags are keyed. */
export interface Telling {
  format: TagFormat
  /** Only these parts; absent, what Orthanc tells of old. */
  parts?: readonly Part[]
  /** With all metadata beside. */
  metadata?: boolean
  requestedTags?: readonly Asked[]
}

export function partsNamed(names: readonly string[]): Part[] {
  return names.map(name => {
    const part = parts.find(each => each === name)
    if (!part) throw new Refusal('ParameterOutOfRange', `Unknown response content: ${name}`)
    return part
  })
}

/** A resource as JSON, or undefined when it is not there. */
export async function describe(
  desk: Desk,
  level: Level,
  id: PublicId,
  telling: Telling,
  written: Written = anythingWritten,
): Promise<JsonObject | undefined> {
  const { catalog } = desk.archive
  const instance = level === 'Instance' ? catalog.instance(id) : undefined
  const family = level === 'Instance' ? undefined : catalog.family(level, id)
  const parent = family?.parent
  const of = instance ?? parent
  if (!of) return undefined
  const wants = (part: Part) => telling.parts?.includes(part) ?? legacy.has(part)
  const requested = telling.requestedTags ?? []
  return {
    ID: id,
    Type: level,
    ...(!telling.parts &&
      (instance ? instanceRoots(instance) : parentRoots(desk, parent!, written))),
    ...(wants('MainDicomTags') && (await mainTagsJson(desk, level, of, telling.format))),
    ...(wants('Children') && family && { [childrenKey[family.parent.level]]: family.children }),
    ...(wants('Parent') && parentJson(instance, parent)),
    ...(wants('Labels') && { Labels: written.labels(id) ? labelsOf(desk, id) : [] }),
    ...(wants('Status') && level === 'Series' && { Status: catalog.seriesStatus(id) }),
    ...(wants('IsStable') && parent && { IsStable: parent.stable }),
    ...(wants('IsProtected') &&
      level === 'Patient' && {
        IsProtected: written.protected(id) && isProtected(desk, id),
      }),
    ...((telling.metadata || wants('Metadata')) && { Metadata: namedMetadata(desk, level, id) }),
    ...(wants('Attachments') && { Attachments: await attachmentsJson(desk, level, id) }),
    ...(requested.length > 0 && {
      RequestedTags: await requestedTags(desk, level, id, requested, telling.format),
    }),
  }
}

const legacy: ReadonlySet<Part> = new Set([
  'MainDicomTags',
  'Children',
  'Parent',
  'Labels',
  'Status',
  'IsStable',
  'IsProtected',
])

function instanceRoots(instance: Instance): JsonObject {
  return {
    FileSize: instance.bytes,
    FileUuid: uuidOf(instance),
    IndexInSeries: wholeNumber(instance.tags.InstanceNumber ?? instance.tags.ImageIndex),
  }
}

function parentRoots(desk: Desk, parent: Parent, written: Written): JsonObject {
  const noted = (name: string) =>
    written.metadata(parent.id) ? writtenMetadata(desk, parent.id, name) : undefined
  return {
    LastUpdate: compactTime(parent.lastUpdate),
    ...(parent.level === 'Series' && {
      ExpectedNumberOfInstances: parent.expectedInstances ?? null,
    }),
    ModifiedFrom: noted('ModifiedFrom'),
    AnonymizedFrom: noted('AnonymizedFrom'),
  }
}

function wholeNumber(value: string | undefined): number | null {
  return value !== undefined && /^\s*[+-]?\d+\s*$/.test(value) ? Number(value) : null
}

function parentJson(instance: Instance | undefined, parent: Parent | undefined): JsonObject {
  if (instance) return { ParentSeries: instance.series }
  return parent && parent.level !== 'Patient' ? { [parentKey[parent.level]]: parent.parent } : {}
}

async function mainTagsJson(
  desk: Desk,
  level: Level,
  of: Instance | Parent,
  format: TagFormat,
): Promise<JsonObject> {
  const shown = (tags: Instance['tags']) =>
    format === 'human' ? byKeyword(tags) : tagsJson(shownTags(tags), format)
  // Its own, not those of the patient: many patients share an empty PatientID.
  const { patientTags, parent } = of as Parent
  const patient = () => patientTags ?? desk.archive.catalog.parent(parent!)?.tags ?? {}
  const told = {
    MainDicomTags: shown(of.tags),
    ...(level === 'Study' && { PatientMainDicomTags: shown(patient()) }),
  }
  if (!needsFile(desk, level)) return told
  const extra = async (at: Level, tags: JsonObject) => ({
    ...tags,
    ...(await extraTagsJson(desk, at, of.id, format)),
  })
  return {
    MainDicomTags: await extra(level, told.MainDicomTags),
    ...('PatientMainDicomTags' in told && {
      PatientMainDicomTags: await extra('Patient', told.PatientMainDicomTags!),
    }),
  }
}

/** The catalogue's keywords are Orthanc's names: what lists show most needs no dictionary. */
function byKeyword(tags: Instance['tags']): JsonObject {
  for (const keyword in tags) {
    if (tags[keyword]!.length > longestText) return tagsJson(shownTags(tags), 'human')
  }
  return tags
}

/** Orthanc does not index texts longer than it shows. */
function shownTags(tags: Instance['tags']): [tag: number, value: string][] {
  return Object.entries(tags)
    .filter(([, value]) => value.length <= longestText)
    .map(([keyword, value]) => [tagOf(keyword)!, value])
}
