import { Fault } from '../../faults.ts'
import type { Level, PublicId } from '../../holdings/catalog/catalog.ts'
import { formatTag, mainTags, tagOf, vrOf } from '../../standard/dicom/dicom.ts'
import type { TagFormat } from './arguments.ts'
import type { Desk } from './desk.ts'
import { datasetJson } from './dicomJson.ts'
import { type Asked, type Dictionary, tagsIn } from './dictionary.ts'
import type { Json, JsonObject } from './json.ts'
import { rankOf } from './levels.ts'
import type { OrthancSettings } from './settings.ts'

/** The main tags as this door tells them: the catalogue's, and what the settings add. */
export interface MainTags {
  /** Beside the catalogue's, which never have them. */
  extra: Readonly<Record<Level, readonly Asked[]>>
  /** All of a level, as /system and the metadata name them: `gggg,eeee` in order, with `;` between. */
  signature: Readonly<Record<Level, string>>
}

/** Fault: `settings-refused`, naming every tag that is none. */
export function mainTagsFrom(
  added: OrthancSettings['extraMainDicomTags'],
  dictionary: Pick<Dictionary, 'asked'>,
): MainTags {
  const unknown: string[] = []
  const extraOf = (level: Level): Asked[] => {
    const own = new Set(mainTags[level].map(keyword => tagOf(keyword)))
    return [...new Set(added[level])].flatMap(name => {
      const asked = knownTag(dictionary, name)
      if (!asked) unknown.push(name)
      return asked && !own.has(asked.tag) ? [asked] : []
    })
  }
  const extra = {
    Patient: extraOf('Patient'),
    Study: extraOf('Study'),
    Series: extraOf('Series'),
    Instance: extraOf('Instance'),
  }
  if (unknown.length > 0) {
    const names = unknown.map(name => `"${name}"`).join(', ')
    throw new Fault('settings-refused', `extraMainDicomTags: there is no tag ${names}`)
  }
  const signatureOf = (level: Level): string =>
    [...mainTags[level].map(keyword => tagOf(keyword)!), ...extra[level].map(({ tag }) => tag)]
      .map(formatTag)
      .sort()
      .join(';')
  return {
    extra,
    signature: {
      Patient: signatureOf('Patient'),
      Study: signatureOf('Study'),
      Series: signatureOf('Series'),
      Instance: signatureOf('Instance'),
    },
  }
}

function knownTag(dictionary: Pick<Dictionary, 'asked'>, name: string): Asked | undefined {
  try {
    return dictionary.asked(name)
  } catch {
    return undefined
  }
}

/** Main tags that are sequences, which the catalogue does not have: they are read from the files. */
const sequences = (level: Level): readonly Asked[] =>
  mainTags[level].flatMap(keyword => {
    const tag = tagOf(keyword)!
    return vrOf(tag) === 'SQ' ? [{ tag }] : []
  })

const fromFiles: Readonly<Record<Level, readonly Asked[]>> = {
  Patient: sequences('Patient'),
  Study: sequences('Study'),
  Series: sequences('Series'),
  Instance: sequences('Instance'),
}

/** Whether a main tag is a sequence. */
export const isMainSequence = (tag: number): boolean =>
  Object.values(fromFiles).some(all => all.some(each => each.tag === tag))

/** Whether the main tags of a level are told from a file, too. */
export const needsFile = (desk: Desk, level: Level): boolean =>
  fromFiles[level].length > 0 || hasExtraTags(desk, level)

/** Whether the settings have more told of a resource of this level than Orthanc tells by itself. */
export const hasExtraTags = ({ mainTags: { extra } }: Desk, level: Level): boolean =>
  extra[level].length > 0 || (level === 'Study' && extra.Patient.length > 0)

/** Whether a tag was added to the main tags of a level or of one above it. */
export const isExtraTag = ({ mainTags: { extra } }: Desk, level: Level, asked: Asked): boolean =>
  Object.entries(extra).some(
    ([at, all]) =>
      rankOf(at as Level) <= rankOf(level) &&
      all.some(({ tag, creator }) => tag === asked.tag && creator === asked.creator),
  )

/**
 * What the first image of a resource says to the main tags that are sequences, and to those that were
 * added to a level; nothing when its
 * file cannot be read. What is too long to be shown is left out, as among the other main tags.
 */
export async function extraTagsJson(
  desk: Desk,
  level: Level,
  id: PublicId,
  format: TagFormat,
): Promise<JsonObject> {
  const [first] = desk.archive.catalog.instancesOf(id)
  const asked = [...fromFiles[level], ...desk.mainTags.extra[level]]
  if (!first || asked.length === 0) return {}
  try {
    const { dataset } = await desk.headers.read(first)
    const names = desk.dictionary.nameOf
    const told = datasetJson(dataset, { format, only: tagsIn(dataset, asked), names })
    return Object.fromEntries(Object.entries(told).filter(([, value]) => hasValue(value)))
  } catch {
    return {}
  }
}

function hasValue(shown: Json): boolean {
  if (typeof shown !== 'object' || shown === null || Array.isArray(shown)) return shown !== null
  return (shown as JsonObject).Value !== null
}
