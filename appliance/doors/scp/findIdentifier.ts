import { type Query, uniqueKey } from '../../holdings/archive/archive.ts'
import type { Level } from '../../holdings/catalog/catalog.ts'
import {
  characterSetTerms,
  type Dataset,
  isCharacterSet,
  type Key,
  keyOf,
  keysOf,
  keywordOf,
  readDataset,
} from '../../standard/dicom/dicom.ts'
import { type OperationRequest, type Reply, status } from '../../standard/dimse/dimse.ts'
import { type InformationModel, levelNamed } from './findModels.ts'
import type { Agreed } from './findNegotiation.ts'
import type { FindSettings } from './findSettings.ts'

/** An identifier that is understood. */
export interface Asked {
  query: Query
  /** Its SpecificCharacterSet, as DICOM spells it; '' for none. */
  characterSet: string
}

const queryRetrieveLevel = 0x00080052
const specificCharacterSet = 0x00080005
const queryRetrieveView = 0x00080053

/** Nobody asks a longer question than this; a deflated one could grow without end. */
const longestIdentifier = 4 * 1024 * 1024

/**
 * Elements that say how the others are meant. The view asks for enhanced images as classic ones, or
 * the other way round (PS3.4 §C.3.4): that is not offered in negotiation, and images have no such attribute.
 */
const aboutTheQuery = new Set([specificCharacterSet, queryRetrieveLevel, queryRetrieveView])
const isAboutTheQuery = ({ tag }: Key) => aboutTheQuery.has(tag)

/**
 * What a C-FIND asks for, or why it is refused, with the element that is to blame
 * (PS3.4 §C.4.1.1.3.1, §C.4.1.1.4): A900H where the identifier is not one of the model, C000H where
 * it cannot be read.
 */
export function readIdentifier(
  request: Pick<OperationRequest, 'dataset' | 'transferSyntaxUid'>,
  model: InformationModel,
  agreed: Agreed,
  settings: FindSettings,
): { asked: Asked } | { refusal: Reply } {
  const identifier = datasetOf(request, settings)
  if ('refusal' in identifier) return identifier
  const { dataset } = identifier
  const characterSet = dataset.characterSet
  if (!isCharacterSet(characterSet)) {
    return unable('the character set is not supported', specificCharacterSet)
  }
  const severally = severalItemsIn(dataset)
  if (severally !== undefined)
    return mismatch(`${keywordOf(severally) ?? 'a sequence'} has more than one item`, severally)
  const level = levelOf(dataset, model)
  if ('refusal' in level) return level
  const rules = {
    names: agreed.fuzzyNames ? 'fuzzy' : settings.personNames,
    text: settings.text,
  } as const
  const keys = keysOf(dataset, rules, settings.privateKeys).filter(key => !isAboutTheQuery(key))
  const relational = agreed.relational || settings.relational === 'always'
  const missing = relational ? undefined : missingAbove(level.level, model, keys)
  if (missing !== undefined) return missing
  const unique = uniqueKey[level.level]
  if (!keys.some(key => key.tag === unique)) {
    keys.push(keyOf(unique, level.level === 'Patient' ? 'LO' : 'UI', '', rules))
  }
  const { combinedDateTimes } = agreed
  const query = { level: level.level, keys, rules, combinedDateTimes }
  return { asked: { query, characterSet: characterSetTerms(characterSet) } }
}

/** A sequence that is a key has one item (PS3.4 §C.2.2.2.6): the first that has more. */
function severalItemsIn(dataset: Dataset): number | undefined {
  for (const { tag, items = [] } of dataset.elements()) {
    if (items.length > 1) return tag
    const inside = items[0] && severalItemsIn(items[0])
    if (inside !== undefined) return inside
  }
  return undefined
}

function datasetOf(
  { dataset, transferSyntaxUid }: Pick<OperationRequest, 'dataset' | 'transferSyntaxUid'>,
  settings: FindSettings,
): { dataset: Dataset } | { refusal: Reply } {
  if (!dataset) return mismatch('no identifier follows the command', queryRetrieveLevel)
  try {
    const read = readDataset(dataset, transferSyntaxUid, {
      defaultCharacterSet: settings.undeclaredCharacterSet,
      inflatedLimit: longestIdentifier,
    })
    return { dataset: read }
  } catch {
    return { refusal: { status: status.unableToProcess, errorComment: 'unreadable identifier' } }
  }
}

function levelOf(dataset: Dataset, model: InformationModel): { level: Level } | { refusal: Reply } {
  const name = dataset.text(queryRetrieveLevel)
  if (!name) return mismatch('Query/Retrieve Level is missing', queryRetrieveLevel)
  const level = levelNamed(name)
  if (!level) return mismatch('there is no such Query/Retrieve Level', queryRetrieveLevel)
  if (!model.levels.includes(level)) {
    return mismatch(`${model.name} has no level ${name}`, queryRetrieveLevel)
  }
  return { level }
}

/** Hierarchical search, PS3.4 §C.4.1.2.1: one value in the unique key of every level above. */
function missingAbove(
  level: Level,
  model: InformationModel,
  keys: readonly Key[],
): { refusal: Reply } | undefined {
  for (const above of model.levels.slice(0, model.levels.indexOf(level))) {
    const tag = uniqueKey[above]
    const kind = keys.find(key => key.tag === tag)?.asked.kind ?? 'universal'
    if (kind === 'single') continue
    // Whose identifier is not known is nobody's sub-tree but this one's.
    if (kind === 'empty' && above === 'Patient') continue
    const what = kind === 'universal' ? 'is missing' : 'must be one value'
    return mismatch(`${keywordOf(tag)} ${what} (no relational query agreed)`, tag)
  }
  return undefined
}

const mismatch = (errorComment: string, tag: number): { refusal: Reply } => ({
  refusal: { status: status.dataSetDoesNotMatchSopClass, errorComment, offendingElements: [tag] },
})

const unable = (errorComment: string, tag: number): { refusal: Reply } => ({
  refusal: { status: status.unableToProcess, errorComment, offendingElements: [tag] },
})
