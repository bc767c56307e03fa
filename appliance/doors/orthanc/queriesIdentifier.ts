import type { Level } from '../../holdings/catalog/catalog.ts'
import { keywordOf, mainTags, type NewElement, tagOf, vrOf } from '../../standard/dicom/dicom.ts'
import type { TagFormat } from './arguments.ts'
import { tagsJson } from './dicomJson.ts'
import { Refusal } from './errors.ts'
import { isObject } from './jobsBodies.ts'
import type { JsonObject } from './json.ts'
import { rankOf } from './levels.ts'

/** Keys of questions to other nodes: a text for each tag. */
export type QueryKeys = ReadonlyMap<number, string>

export const levelInDicom: Record<Level, string> = {
  Patient: 'PATIENT',
  Study: 'STUDY',
  Series: 'SERIES',
  Instance: 'IMAGE',
}

const uniqueKeys: readonly (readonly [Level, string])[] = [
  ['Patient', 'PatientID'],
  ['Study', 'AccessionNumber'],
  ['Study', 'StudyInstanceUID'],
  ['Series', 'SeriesInstanceUID'],
  ['Instance', 'SOPInstanceUID'],
]

/** By what resources of a level are told apart, from the patient down; what Orthanc asks of each. */
export function keysOfLevel(level: Level): number[] {
  return uniqueKeys
    .filter(([at]) => rankOf(at) <= rankOf(level))
    .map(([, keyword]) => tagOf(keyword)!)
}

/** The one key without which a resource of a level is not named. */
export function keyOfLevel(level: Level): number {
  return tagOf(uniqueKeys.filter(([at]) => at === level).at(-1)![1])!
}

/** An object of tags and texts, as bodies have it. */
export function keysIn(given: unknown, field: string): QueryKeys {
  const refused = () =>
    new Refusal(
      'BadFileFormat',
      `Associative array of DICOM tags to strings expected in field: ${field}`,
    )
  if (!isObject(given)) throw refused()
  return new Map(
    Object.entries(given).map(([name, value]) => {
      const tag = tagOf(name)
      if (tag === undefined || typeof value !== 'string') throw refused()
      return [tag, value]
    }),
  )
}

/** Those that have no business at this level are left out: main tags of the levels below. */
export function normalized(keys: QueryKeys, level: Level): QueryKeys {
  const foreign = new Set<string>()
  for (const below of ['Study', 'Series', 'Instance'] as const) {
    if (rankOf(below) > rankOf(level)) for (const tag of mainTags[below]) foreign.add(tag)
  }
  for (const above of ['Patient', 'Study', 'Series', 'Instance'] as const) {
    if (rankOf(above) <= rankOf(level)) for (const tag of mainTags[above]) foreign.delete(tag)
  }
  return new Map([...keys].filter(([tag]) => !foreign.has(keywordOf(tag) ?? '')))
}

/** What goes over the wire: the keys, and empty those by which what is found is told apart. */
export function identifierOf(keys: QueryKeys, level?: Level): NewElement[] {
  const all = new Map(level ? keysOfLevel(level).map(tag => [tag, '']) : [])
  for (const [tag, value] of keys) all.set(tag, value)
  all.delete(queryRetrieveLevel)
  return [...all].map(([tag, value]) => {
    if (value === '') return { tag }
    return { tag, value: binary.has(vrOf(tag) ?? '') ? value.split('\\').map(Number) : value }
  })
}

const binary = new Set(['FD', 'FL', 'SL', 'SS', 'UL', 'US'])

export const queryRetrieveLevel = tagOf('QueryRetrieveLevel')!

export function keysJson(keys: QueryKeys, format: TagFormat): JsonObject {
  return tagsJson(keys, format)
}
