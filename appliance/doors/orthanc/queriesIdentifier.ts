import type { Level } from '../../holdings/catalog/catalog.ts'
import {
  creatorTag,
  isPrivate,
  isPrivateCreator,
  keywordOf,
  mainTags,
  type NewElement,
  tagOf,
  textElement,
  vrOf,
} from '../../standard/dicom/dicom.ts'
import type { TagFormat } from './arguments.ts'
import { tagsJson } from './dicomJson.ts'
import type { Asked, Dictionary } from './dictionary.ts'
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

/**
 * An object of tags and texts, as bodies have it. Of a private tag that is called by its name the
 * creator is told too, in a block that nothing else in the question takes.
 */
export function keysIn(given: unknown, field: string, dictionary: Dictionary): QueryKeys {
  const refused = () =>
    new Refusal(
      'BadFileFormat',
      `Associative array of DICOM tags to strings expected in field: ${field}`,
    )
  if (!isObject(given)) throw refused()
  const keys = new Map<number, string>()
  const inAnyBlock: [Asked & { creator: string }, string][] = []
  for (const [name, value] of Object.entries(given)) {
    const asked = askedOr(dictionary, name, refused)
    if (typeof value !== 'string') throw refused()
    const { tag, creator } = asked
    if (creator === undefined) keys.set(tag, value)
    else inAnyBlock.push([{ tag, creator }, value])
  }
  for (const [{ tag, creator }, value] of inAnyBlock) {
    const block = blockFor(keys, tag, creator)
    keys.set(((tag & 0xffff0000) | block) >>> 0, creator)
    keys.set(((tag & 0xffff00ff) | (block << 8)) >>> 0, value)
  }
  return keys
}

function askedOr(dictionary: Dictionary, name: string, refused: () => Refusal): Asked {
  try {
    return dictionary.asked(name)
  } catch {
    throw refused()
  }
}

/** The creator's block, or the first that is free: PS3.5 §7.8.1. */
function blockFor(keys: QueryKeys, tag: number, creator: string): number {
  const group = tag & 0xffff0000
  for (let block = 0x10; block <= 0xff; block++) {
    const owner = keys.get((group | block) >>> 0)
    if (owner === creator) return block
    const isTaken = [...keys.keys()].some(
      each => (each & 0xffff0000) === group && ((each >>> 8) & 0xff) === block,
    )
    if (owner === undefined && !isTaken) return block
  }
  throw new Refusal('BadFileFormat', 'No block is left for a private tag')
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
export function identifierOf(keys: QueryKeys, dictionary: Dictionary, level?: Level): NewElement[] {
  const all = new Map(level ? keysOfLevel(level).map(tag => [tag, '']) : [])
  for (const [tag, value] of keys) all.set(tag, value)
  all.delete(queryRetrieveLevel)
  return [...all].map(([tag, value]) => {
    const owner = isPrivate(tag) && !isPrivateCreator(tag) ? all.get(creatorTag(tag)) : undefined
    const vr = vrOf(tag) ?? dictionary.vrOf(tag, owner)
    if (vr === undefined) return value === '' ? { tag } : { tag, value }
    return vr === 'SQ' ? { tag, items: [] } : textElement(tag, vr, value)
  })
}

export const queryRetrieveLevel = tagOf('QueryRetrieveLevel')!

export function keysJson(keys: QueryKeys, format: TagFormat): JsonObject {
  return tagsJson(keys, format)
}
