import { models } from '../../duties/nodes/nodes.ts'
import { uniqueKey } from '../../holdings/archive/archive.ts'
import type { Catalog, Instance, Level, PublicId } from '../../holdings/catalog/catalog.ts'
import {
  type Dataset,
  isCharacterSet,
  isUidOfDevices,
  keywordOf,
  publicIdOf,
  readDataset,
} from '../../standard/dicom/dicom.ts'
import { type OperationRequest, type Reply, status } from '../../standard/dimse/dimse.ts'
import { findModels, type InformationModel, levelNamed } from './findModels.ts'
import { agreedOn } from './findNegotiation.ts'

/** By the SOP classes of each: those of the same model as the C-FIND of theirs. */
const retrieveModels: Readonly<
  Record<'C-MOVE' | 'C-GET', Readonly<Record<string, InformationModel>>>
> = {
  'C-MOVE': {
    [models.patient.move]: findModels[models.patient.find]!,
    [models.study.move]: findModels[models.study.find]!,
    '1.2.840.10008.5.1.4.1.2.3.2': findModels['1.2.840.10008.5.1.4.1.2.3.1']!,
  },
  'C-GET': {
    [models.patient.get]: findModels[models.patient.find]!,
    [models.study.get]: findModels[models.study.find]!,
    '1.2.840.10008.5.1.4.1.2.3.3': findModels['1.2.840.10008.5.1.4.1.2.3.1']!,
  },
}

/** Whether a SOP class is one of C-MOVE or C-GET. */
export const isRetrieve = (sopClassUid: string): boolean =>
  Object.values(retrieveModels).some(each => Object.hasOwn(each, sopClassUid))

const affectedSopClassUid = 0x00000002
const specificCharacterSet = 0x00080005
const queryRetrieveLevel = 0x00080052

/** A list of some ten thousand UIDs; more is no question of a person. */
const longestIdentifier = 1024 * 1024

type Outcome = { instances: Instance[] } | { refusal: Reply }

/**
 * The instances that a C-MOVE or C-GET is about, in the order of their arrival below what is named;
 * none is no error. Or why it is refused, with the element that is to blame (PS3.4 §C.4.2.1.4,
 * §C.4.2.1.5): A900H where the identifier is not one of the model, C000H where it cannot be read.
 * Keys that are not unique keys say nothing here and are not looked at.
 */
export function instancesAskedFor(
  request: Pick<OperationRequest, 'dataset' | 'transferSyntaxUid' | 'sopClassUid' | 'association'>,
  operation: 'C-MOVE' | 'C-GET',
  catalog: Catalog,
): Outcome {
  // What a caller may is told by the SOP class: a C-GET by that of C-MOVE would get round it.
  const model = retrieveModels[operation][request.sopClassUid]
  if (!model)
    return refusal(
      status.sopClassNotSupported,
      `${operation} is not served by this SOP class`,
      affectedSopClassUid,
    )
  if (!request.dataset) return mismatch('no identifier follows the command', queryRetrieveLevel)
  let identifier: Dataset
  try {
    identifier = readDataset(request.dataset, request.transferSyntaxUid, {
      inflatedLimit: longestIdentifier,
    })
  } catch {
    return { refusal: { status: status.unableToProcess, errorComment: 'unreadable identifier' } }
  }
  if (!isCharacterSet(identifier.characterSet))
    return refusal(
      status.unableToProcess,
      'the character set is not supported',
      specificCharacterSet,
    )
  const name = identifier.text(queryRetrieveLevel) ?? ''
  const level = levelNamed(name)
  if (!level) {
    const what = name ? 'there is no such Query/Retrieve Level' : 'Query/Retrieve Level is missing'
    return mismatch(what, queryRetrieveLevel)
  }
  if (!model.levels.includes(level))
    return mismatch(`${model.name} has no level ${name}`, queryRetrieveLevel)
  const relational = agreedOn(request.association, request.sopClassUid).relational
  const keys = keysOf(identifier, model, level, relational)
  if ('refusal' in keys) return keys
  return { instances: collect(catalog, level, keys) }
}

type Keys = ReadonlyMap<Level, readonly string[]>

/** The unique keys: one value above the level, at the level one or, of UIDs, several. */
function keysOf(
  identifier: Dataset,
  model: InformationModel,
  level: Level,
  relational: boolean,
): Keys | { refusal: Reply } {
  const keys = new Map<Level, string[]>()
  for (const each of model.levels.slice(0, model.levels.indexOf(level) + 1)) {
    const tag = uniqueKey[each]
    const values = identifier.strings(tag).filter(value => value !== '')
    const own = each === level
    if (values.length === 0) {
      if (!own && relational) continue
      return mismatch(`${keywordOf(tag)} is missing`, tag)
    }
    if (values.length > 1 && (!own || each === 'Patient'))
      return mismatch(`${keywordOf(tag)} must be one value`, tag)
    const isKey = each === 'Patient' ? (text: string) => !/[*?]/.test(text) : isUidOfDevices
    if (!values.every(isKey)) return mismatch(`${keywordOf(tag)} is no unique key`, tag)
    // As in C-FIND, of a patient of whom no identifier is known (PS3.4 §C.2.2.2.7).
    keys.set(each, each === 'Patient' && values[0] === '""' ? [''] : values)
  }
  return keys
}

/** The patient of all images without PatientID. */
const nobody = { level: 'Patient', id: publicIdOf('') }

/** Whatever is named, once, where all that stands above it is what was named above it. */
function collect(catalog: Catalog, level: Level, keys: Keys): Instance[] {
  const found = new Set<PublicId>()
  for (const value of keys.get(level)!)
    for (const each of value === '' ? [nobody] : catalog.lookup(value))
      if (each.level === level && fits(catalog, each.id, level, keys)) found.add(each.id)
  return [...found].flatMap(id => [...catalog.instancesOf(id)])
}

function fits(catalog: Catalog, id: PublicId, level: Level, keys: Keys): boolean {
  const ids = new Map<Level, PublicId>([[level, id]])
  const instance = level === 'Instance' ? catalog.instance(id) : undefined
  if (instance) ids.set('Series', instance.series)
  for (const each of ['Series', 'Study'] as const) {
    const parent = ids.get(each) && catalog.parent(ids.get(each)!)?.parent
    if (parent) ids.set(each === 'Series' ? 'Study' : 'Patient', parent)
  }
  return [...keys].every(([at, values]) => {
    const own = ids.get(at)
    if (own === undefined) return false
    if (at === 'Instance') return values.includes(instance!.sopInstanceUid)
    return values.includes(catalog.parent(own)?.tags[keywordOf(uniqueKey[at])!] ?? '')
  })
}

const mismatch = (errorComment: string, tag: number) =>
  refusal(status.dataSetDoesNotMatchSopClass, errorComment, tag)

const refusal = (code: number, errorComment: string, tag: number): { refusal: Reply } => ({
  refusal: { status: code, errorComment, offendingElements: [tag] },
})
