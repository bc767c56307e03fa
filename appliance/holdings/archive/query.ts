import {
  isBeyondLatin,
  isPrivate,
  isText,
  type Key,
  type MatchingRules,
  mainTags,
  tagOf,
  wordsOf,
} from '../../standard/dicom/dicom.ts'
import {
  type Catalog,
  type Level,
  levels,
  type Match,
  type Resource,
  type Search,
} from '../catalog/catalog.ts'
import type { BlobKey } from '../storage/storage.ts'

/** What is looked for at one level of DICOM's information model, whoever asks: C-FIND or QIDO-RS. */
export interface Query {
  level: Level
  keys: readonly Key[]
  rules: MatchingRules
  /** A date and its time that are both ranges are one range: PS3.4 §C.2.2.2.5. */
  combinedDateTimes?: boolean
}

/** What this box says of itself in answers. */
export interface Saying {
  retrieveAeTitle: string
  /** Which blobs were found damaged or missing. */
  damaged: ReadonlySet<BlobKey>
}

/** Where the value of a key comes from; a key without a source is one that is not supported. */
export type Source =
  | { from: 'catalog' }
  | { from: 'computed'; text: Computed }
  /** The header of the resource's first instance. */
  | { from: 'header' }
  /** Known to have no value here. */
  | { from: 'nowhere' }

type Computed = (resource: Resource, catalog: Catalog, saying: Saying) => string

const rank = (level: Level) => levels.indexOf(level)

const count =
  (level: Level, what: 'studies' | 'series' | 'instances'): Computed =>
  resource =>
    String(resource.at(level)?.sums?.[what] ?? 0)

/** Attributes that are computed from what lies below, with the level they belong to: PS3.4 §C.3.4. */
const computed: Readonly<Record<string, { level: Level; text: Computed }>> = {
  NumberOfPatientRelatedStudies: { level: 'Patient', text: count('Patient', 'studies') },
  NumberOfPatientRelatedSeries: { level: 'Patient', text: count('Patient', 'series') },
  NumberOfPatientRelatedInstances: { level: 'Patient', text: count('Patient', 'instances') },
  NumberOfStudyRelatedSeries: { level: 'Study', text: count('Study', 'series') },
  NumberOfStudyRelatedInstances: { level: 'Study', text: count('Study', 'instances') },
  NumberOfSeriesRelatedInstances: { level: 'Series', text: count('Series', 'instances') },
  ModalitiesInStudy: {
    level: 'Study',
    text: resource => (resource.at('Study')?.modalities ?? []).join('\\'),
  },
  SOPClassesInStudy: {
    level: 'Study',
    text(resource, catalog) {
      const found = new Set<string>()
      const study = resource.at('Study')
      if (study) for (const each of catalog.instancesOf(study.id)) found.add(each.sopClassUid)
      return [...found].sort().join('\\')
    },
  },
  SOPClassUID: { level: 'Instance', text: resource => resource.sopClassUid ?? '' },
  AvailableTransferSyntaxUID: {
    level: 'Instance',
    text: resource => resource.transferSyntaxUid ?? '',
  },
  InstanceAvailability: { level: 'Patient', text: availability },
  RetrieveAETitle: { level: 'Patient', text: (_resource, _catalog, say) => say.retrieveAeTitle },
}

/** What is listed is on the disk, but for what was found damaged: PS3.3 §C.4.23.1.1. */
function availability(resource: Resource, catalog: Catalog, { damaged }: Saying): string {
  if (damaged.size > 0)
    for (const { blob } of catalog.instancesOf(resource.id))
      if (damaged.has(blob)) return 'UNAVAILABLE'
  return 'ONLINE'
}

/** Of what is on no medium that one could put into a drive: PS3.4 §C.4.1.1.3.2. */
const nowhere = new Set(['StorageMediaFileSetID', 'StorageMediaFileSetUID'])

/** Main tags without a text form, which the catalogue leaves out. */
const isCatalogued = (key: Key) => key.items === undefined

/**
 * Where a key's value comes from at a level; undefined when it is not supported there: attributes of
 * a lower level, group lengths, bulk data, private elements that are not declared.
 */
export function sourceOf(level: Level, key: Key): Source | undefined {
  const { keyword } = key
  const own = Object.hasOwn(computed, keyword) ? computed[keyword] : undefined
  if (own) return rank(own.level) <= rank(level) ? { from: 'computed', text: own.text } : undefined
  if (nowhere.has(keyword)) return { from: 'nowhere' }
  const listed = levels.filter(each => (mainTags[each] as readonly string[]).includes(keyword))
  if (listed.length > 0) {
    if (!listed.some(each => rank(each) <= rank(level))) return undefined
    return isCatalogued(key) ? { from: 'catalog' } : { from: 'header' }
  }
  if (isPrivate(key.tag) && key.creator === undefined) return undefined
  if (key.tag < 0x00080000 || key.tag >= 0x7fe00000) return undefined
  return key.items || isText(key.vr) || numeric.has(key.vr) ? { from: 'header' } : undefined
}

const numeric = new Set('AT FD FL SL SS SV UL US UV'.split(' '))

/** Text that is in the catalogue as a value of its own and compared as it stands there. */
const plain = new Set('AE CS LO SH UI'.split(' '))
const narrowing = new Set([
  ...['PatientID', 'PatientName', 'AccessionNumber', 'StudyDate', 'StudyID', 'StudyDescription'],
  ...['ReferringPhysicianName', 'ModalitiesInStudy', 'Modality'],
  ...['StudyInstanceUID', 'SeriesInstanceUID', 'SOPInstanceUID'],
])

/**
 * Conditions that the catalogue's indexes answer: whatever matches the query meets them, and most of
 * what meets them matches. The catalogue compares without case and accents.
 */
export function narrowed({ level, keys, rules }: Query): Search['where'] {
  const where: Record<string, Match> = {}
  for (const key of keys) {
    if (!narrowing.has(key.keyword) || !sourceOf(level, key)) continue
    const match = key.vr === 'PN' ? nameMatch(key, rules) : textMatch(key)
    if (match) where[key.keyword] = match
  }
  return where
}

function textMatch({ vr, asked }: Key): Match | undefined {
  if (asked.kind === 'range' && vr === 'DA') {
    const { from, to } = asked
    if (![from, to].every(each => each === undefined || /^\d{8}$/.test(each))) return undefined
    return { kind: 'range', ...(from && { from }), ...(to && { to }) }
  }
  if (!plain.has(vr) && vr !== 'DA') return undefined
  if (asked.kind === 'single') return { kind: 'equals', values: [asked.value] }
  if (asked.kind === 'wildcard') return { kind: 'wildcard', pattern: widened(asked.pattern) }
  if (asked.kind !== 'list') return undefined
  const values = asked.of.flatMap(each => (each.kind === 'single' ? [each.value] : []))
  return values.length === asked.of.length ? { kind: 'equals', values } : undefined
}

/**
 * Names are in the catalogue as they were written, with blanks, empty components and all groups: a
 * key of Latin letters stands at their beginning, any other anywhere.
 */
function nameMatch({ asked }: Key, rules: MatchingRules): Match | undefined {
  const text =
    asked.kind === 'single' ? asked.value : asked.kind === 'wildcard' ? asked.pattern : undefined
  if (text === undefined) return undefined
  if (rules.names === 'fuzzy') {
    const longest = wordsOf(text).toSorted((a, b) => b.length - a.length)[0]
    return longest === undefined
      ? undefined
      : { kind: 'wildcard', pattern: widened(`*${longest}*`) }
  }
  const groups = text.split('=')
  const pattern = groups
    .map(group => group.replace(/[\s^]*\^[\s^]*/g, '*').trim())
    .join(groups.length > 1 ? '*' : '')
  const anywhere = groups.length > 1 || isBeyondLatin(text)
  return { kind: 'wildcard', pattern: widened(`${anywhere ? '*' : ''}${pattern}*`) }
}

/** One letter as asked for may be none or two in the catalogue: a vowel of Thai, `SS` for `ß`. */
const widened = (pattern: string): string => pattern.replaceAll('?', '*')

/** The tag of the attribute that identifies a resource of a level: PS3.4 §C.6.1.1. */
export const uniqueKey = {
  Patient: tagOf('PatientID')!,
  Study: tagOf('StudyInstanceUID')!,
  Series: tagOf('SeriesInstanceUID')!,
  Instance: tagOf('SOPInstanceUID')!,
} as const satisfies Record<Level, number>
