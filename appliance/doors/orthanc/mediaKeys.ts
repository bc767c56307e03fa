import type { Instance, MainTags } from '../../holdings/catalog/catalog.ts'
import type { Dataset, NewElement } from '../../standard/dicom/dicom.ts'
import type { Desk } from './desk.ts'

/**
 * The keys of each type of directory record (PS3.3 F.5). What must have a value and has none in the
 * images gets one that says nothing, as dcmmkdir gives it.
 */

type Keys = readonly string[]

const unknownDate = '19000101'
const unknownTime = '000000'

/** Keys that may be empty. */
const empty = (tags: MainTags, keys: Keys): NewElement[] =>
  keys.map(tag => ({ tag, value: tags[tag] ?? '' }))

/** Keys that are there only with a value. */
const optional = (tags: MainTags, keys: Keys): NewElement[] =>
  keys.flatMap(tag => (tags[tag] ? [{ tag, value: tags[tag] }] : []))

const required = (tags: MainTags, tag: string, otherwise: string): NewElement => ({
  tag,
  value: tags[tag] || otherwise,
})

/** PS3.3 F.5.1. A patient without an identifier is told from another one by ours. */
export function keysOfPatient(tags: MainTags, id: string, extended: boolean): NewElement[] {
  return [
    ...empty(tags, ['PatientName']),
    required(tags, 'PatientID', `UNKNOWN-${id.slice(0, 8)}`),
    ...(extended ? optional(tags, ['PatientBirthDate', 'PatientSex']) : []),
  ]
}

/** PS3.3 F.5.2. */
export function keysOfStudy(
  tags: MainTags,
  uid: string,
  number: number,
  extended: boolean,
): NewElement[] {
  return [
    required(tags, 'StudyDate', unknownDate),
    required(tags, 'StudyTime', unknownTime),
    ...empty(tags, ['AccessionNumber', 'StudyDescription']),
    { tag: 'StudyInstanceUID', value: uid },
    required(tags, 'StudyID', String(number)),
    ...(extended ? optional(tags, ['InstitutionName', 'ReferringPhysicianName']) : []),
  ]
}

/** PS3.3 F.5.3. */
export function keysOfSeries(
  tags: MainTags,
  uid: string,
  number: number,
  extended: boolean,
): NewElement[] {
  const more = ['SeriesDate', 'SeriesTime', 'SeriesDescription', 'BodyPartExamined', 'ProtocolName']
  return [
    required(tags, 'Modality', 'OT'),
    { tag: 'SeriesInstanceUID', value: uid },
    required(tags, 'SeriesNumber', String(number)),
    ...(extended ? optional(tags, more) : []),
  ]
}

const contentTime: Keys = ['ContentDate', 'ContentTime']
const contentLabel: Keys = ['ContentLabel', 'ContentDescription', 'ContentCreatorName']

/** What the records of other things than images tell beside their InstanceNumber, F.5.19 on. */
const keysByType: Readonly<Record<string, Keys>> = {
  'RT DOSE': ['DoseSummationType'],
  'RT STRUCTURE SET': ['StructureSetLabel', 'StructureSetDate', 'StructureSetTime'],
  'RT PLAN': ['RTPlanLabel', 'RTPlanDate', 'RTPlanTime'],
  'RT TREAT RECORD': ['TreatmentDate', 'TreatmentTime'],
  PRESENTATION: [
    ...['PresentationCreationDate', 'PresentationCreationTime'],
    ...[...contentLabel, 'ReferencedSeriesSequence', 'BlendingSequence'],
  ],
  WAVEFORM: contentTime,
  'SR DOCUMENT': [
    ...['CompletionFlag', 'VerificationFlag', ...contentTime],
    ...['VerificationDateTime', 'ConceptNameCodeSequence'],
  ],
  'KEY OBJECT DOC': [...contentTime, 'ConceptNameCodeSequence'],
  SPECTROSCOPY: [
    ...['ImageType', ...contentTime, 'ReferencedImageEvidenceSequence', 'NumberOfFrames'],
    ...['Rows', 'Columns', 'DataPointRows', 'DataPointColumns'],
  ],
  'RAW DATA': contentTime,
  REGISTRATION: [...contentTime, ...contentLabel],
  FIDUCIAL: [...contentTime, ...contentLabel],
  'ENCAP DOC': [
    ...[...contentTime, 'DocumentTitle', 'HL7InstanceIdentifier', 'ConceptNameCodeSequence'],
    'MIMETypeOfEncapsulatedDocument',
  ],
  'VALUE MAP': [...contentTime, ...contentLabel],
  MEASUREMENT: contentTime,
  SURFACE: contentTime,
  'SURFACE SCAN': contentTime,
  TRACT: [...contentTime, ...contentLabel],
  ASSESSMENT: ['InstanceCreationDate', 'InstanceCreationTime'],
  RADIOTHERAPY: ['UserContentLabel', 'UserContentLongLabel', ...contentTime],
  ANNOTATION: [...contentTime, ...contentLabel],
  STEREOMETRIC: [],
}

/** Those that must have a value, and the one that says nothing. */
const saysNothing: Readonly<Record<string, string>> = {
  DoseSummationType: 'PLAN',
  StructureSetLabel: 'UNKNOWN',
  RTPlanLabel: 'UNKNOWN',
  PresentationCreationDate: unknownDate,
  PresentationCreationTime: unknownTime,
  ContentLabel: 'UNKNOWN',
  ContentDate: unknownDate,
  ContentTime: unknownTime,
  CompletionFlag: 'PARTIAL',
  VerificationFlag: 'UNVERIFIED',
  MIMETypeOfEncapsulatedDocument: 'application/octet-stream',
}

const ofImages: Keys = ['NumberOfFrames', 'AcquisitionNumber', 'ImagePositionPatient']

/** PS3.3 F.5.4 and what follows it. */
export async function keysOfInstance(
  desk: Desk,
  instance: Instance,
  type: string,
  number: number,
  extended: boolean,
): Promise<NewElement[]> {
  const instanceNumber = required(instance.tags, 'InstanceNumber', String(number))
  const keys = Object.hasOwn(keysByType, type) ? keysByType[type] : undefined
  if (!keys) return [instanceNumber, ...(extended ? optional(instance.tags, ofImages) : [])]
  const { dataset } = await desk.headers.read(instance)
  return [instanceNumber, ...keys.flatMap(tag => copied(holderOf(dataset, tag), tag))]
}

/** Of a verified document the last verification counts, and it stands with its observer. */
function holderOf(dataset: Dataset, tag: string): Dataset {
  if (tag !== 'VerificationDateTime') return dataset
  const times = dataset
    .items('VerifyingObserverSequence')
    .toSorted((a, b) => ((a.text(tag) ?? '') < (b.text(tag) ?? '') ? -1 : 1))
  return times.at(-1) ?? dataset
}

/** An element as text, so that it can be written in another character set. */
function copied(dataset: Dataset, tag: string): NewElement[] {
  const element = dataset.get(tag)
  if (element?.items) return [{ tag, items: element.items.map(itemOf) }]
  const value = dataset.text(tag)
  if (value) return [{ tag, value: written(element!.vr, value) }]
  if (Object.hasOwn(saysNothing, tag)) return [{ tag, value: saysNothing[tag] }]
  return element ? [{ tag }] : []
}

function itemOf(item: Dataset): NewElement[] {
  return Array.from(item.elements()).flatMap((element): NewElement[] => {
    const { tag, vr, items } = element
    if (tag === specificCharacterSet) return []
    if (items) return [{ tag, vr, items: items.map(itemOf) }]
    const text = item.textOf(element)
    return text === undefined ? [] : [{ tag, vr, value: written(vr, text) }]
  })
}

const specificCharacterSet = 0x00080005
const binary = new Set(['FD', 'FL', 'SL', 'SS', 'UL', 'US'])

function written(vr: string, text: string): NewElement['value'] {
  if (text === '') return undefined
  return binary.has(vr) ? text.split('\\').map(Number) : text
}

const storage = '1.2.840.10008.5.1.4.1.1.'

/** By SOP class (PS3.3 F.4, table F.4-1); the longest beginning that fits counts. */
const types: readonly (readonly [string, string])[] = [
  ['481.2', 'RT DOSE'],
  ['481.3', 'RT STRUCTURE SET'],
  ['481.5', 'RT PLAN'],
  ['481.8', 'RT PLAN'],
  ...['481.4', '481.6', '481.7', '481.9'].map(uid => [uid, 'RT TREAT RECORD'] as const),
  ...Array.from({ length: 16 }, (_, i) => [`481.${i + 10}`, 'RADIOTHERAPY'] as const),
  ['11', 'PRESENTATION'],
  ['9', 'WAVEFORM'],
  ['88', 'SR DOCUMENT'],
  ['88.59', 'KEY OBJECT DOC'],
  ['4.2', 'SPECTROSCOPY'],
  ['66', 'RAW DATA'],
  ['66.1', 'REGISTRATION'],
  ['66.2', 'FIDUCIAL'],
  ['66.3', 'REGISTRATION'],
  ['66.4', 'IMAGE'],
  ['66.5', 'SURFACE'],
  ['66.6', 'TRACT'],
  ['66.7', 'IMAGE'],
  ['66.8', 'IMAGE'],
  ['67', 'VALUE MAP'],
  ['68', 'SURFACE SCAN'],
  ['77.1.5.3', 'STEREOMETRIC'],
  ['78', 'MEASUREMENT'],
  ['79', 'MEASUREMENT'],
  ['80', 'MEASUREMENT'],
  ['81', 'MEASUREMENT'],
  ['90', 'ASSESSMENT'],
  ['91', 'ANNOTATION'],
  ['104', 'ENCAP DOC'],
]

export function recordTypeOf(sopClassUid: string): string {
  if (!sopClassUid.startsWith(storage)) return 'IMAGE'
  const own = `${sopClassUid.slice(storage.length)}.`
  let [length, found] = [0, 'IMAGE']
  for (const [prefix, type] of types) {
    if (own.startsWith(`${prefix}.`) && prefix.length > length) {
      length = prefix.length
      found = type
    }
  }
  return found
}
