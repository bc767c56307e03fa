import {
  type Level,
  levels,
  type Match,
  type PublicId,
  type Search,
} from '../../holdings/catalog/catalog.ts'
import { elementOf, like } from '../../standard/dicom/dicom.ts'
import { json } from './answers.ts'
import {
  booleanField,
  countField,
  formatField,
  objectBody,
  stringField,
  stringsField,
} from './arguments.ts'
import { ancestorOf, type Desk } from './desk.ts'
import type { Asked } from './dictionary.ts'
import { Refusal } from './errors.ts'
import type { JsonObject } from './json.ts'
import { hasLabel, labelsOf } from './labels.ts'
import { levelNamed, parentKey, rankOf } from './levels.ts'
import { inLots, listing } from './listing.ts'
import { descendants } from './lists.ts'
import { metadataOf } from './metadata.ts'
import { type Order, ordered, ordersOf, searchOrder } from './order.ts'
import { type Condition, conditionsOf, matches } from './query.ts'
import { metadataRegistry } from './registry.ts'
import { computedTag, indexedTag, isComputed, isIndexed } from './requestedTags.ts'
import { partsNamed } from './resources.ts'
import type { Routes } from './routes.ts'

/** What POST /tools/find and its kin look for. */
interface Wanted {
  level: Level
  conditions: Condition[]
  caseSensitive: boolean
  within?: PublicId
  labels: string[]
  labelsConstraint: 'All' | 'Any' | 'None'
  labelsGiven: boolean
  metadata: { number: number; pattern: string }[]
  order: Order[]
  since: number
  limit: number
}

export const findRoutes: Routes = (app, desk) => {
  app.post('/tools/find', async c => {
    const body = await objectBody(c, desk.limits.formBytes)
    const wanted = wantedOf(desk, body)
    const content = stringsField(body, 'ResponseContent')
    const requestedTags = stringsField(body, 'RequestedTags')?.map(desk.dictionary.asked)
    const telling = {
      format: formatField(body),
      ...(content && { parts: partsNamed(content) }),
      ...(requestedTags && { requestedTags }),
    }
    const expanded = content !== undefined || booleanField(body, 'Expand', false)
    const ids = await find(desk, wanted)
    return listing(desk, c, wanted.level, inLots(ids), expanded ? telling : undefined)
  })

  app.post('/tools/count-resources', async c => {
    const body = await objectBody(c, desk.limits.formBytes)
    if (booleanField(body, 'CaseSensitive', false)) throw new Refusal('ParameterOutOfRange')
    const wanted = { ...wantedOf(desk, body), order: [], since: 0, limit: 0 }
    return json({ Count: await count(desk, wanted) })
  })
}

function wantedOf(desk: Desk, body: JsonObject): Wanted {
  if (typeof body.Level !== 'string') {
    throw new Refusal('BadRequest', 'Field "Level" is missing, or should be a string')
  }
  const query = body.Query
  if (typeof query !== 'object' || query === null || Array.isArray(query)) {
    throw new Refusal('BadRequest', 'Field "Query" is missing, or should be a JSON object')
  }
  const level = levelNamed(body.Level)
  const labels = stringsField(body, 'Labels')
  const within = withinOf(body)
  return {
    level,
    caseSensitive: booleanField(body, 'CaseSensitive', false),
    limit: capped(desk, level, countField(body, 'Limit')),
    since: countField(body, 'Since'),
    conditions: conditionsOf(query as JsonObject, desk.dictionary),
    ...(within !== undefined && { within }),
    labels: labels ?? [],
    labelsGiven: labels !== undefined,
    labelsConstraint: labelsConstraint(stringField(body, 'LabelsConstraint') ?? 'All'),
    metadata: metadataConditions(desk, body.MetadataQuery),
    order: ordersOf(desk, body.OrderBy),
  }
}

/** The limit asked for, or that of the settings where it is lower. */
function capped({ settings }: Desk, level: Level, asked: number): number {
  const most = level === 'Instance' ? settings.findInstances : settings.findResults
  if (most === 0) return asked
  return asked === 0 ? most : Math.min(asked, most)
}

/** The first parent that is given counts. */
function withinOf(body: JsonObject): PublicId | undefined {
  for (const key of Object.values(parentKey)) {
    const id = stringField(body, key)
    if (id) return id
  }
  return undefined
}

function labelsConstraint(name: string): Wanted['labelsConstraint'] {
  if (name === 'All' || name === 'Any' || name === 'None') return name
  throw new Refusal('BadRequest', 'Field "LabelsConstraint" must be "All", "Any" or "None"')
}

function metadataConditions(desk: Desk, query: JsonObject[string]): Wanted['metadata'] {
  if (query === undefined) return []
  if (typeof query !== 'object' || query === null || Array.isArray(query)) {
    throw new Refusal('BadRequest', 'Field "MetadataQuery" should be a JSON object')
  }
  const names = metadataRegistry(desk.settings)
  return Object.entries(query as JsonObject).map(([name, pattern]) => {
    if (typeof pattern !== 'string') {
      throw new Refusal('BadRequest', `Metadata "${name}" should be associated with a string`)
    }
    return { number: names.numberOf(name), pattern }
  })
}

async function count(desk: Desk, wanted: Wanted): Promise<number> {
  const { catalog } = desk.archive
  const { search, others, beside, nowhere } = planned(desk, wanted)
  if (nowhere) return 0
  if (!beside) return catalog.count(search)
  let found = 0
  for (const id of catalog.search(search)) {
    if (isBeside(desk, wanted, id) && (await holdAll(desk, wanted, others, id))) found++
  }
  return found
}

/** What of a search the catalogue can do, and what is left to be asked of each candidate. */
function planned(desk: Desk, wanted: Wanted) {
  const isCatalogs = (each: Condition) =>
    isIndexed(wanted.level, each.keyword) && !wantsPresence(each.match)
  const indexed = wanted.conditions.filter(isCatalogs)
  const others = wanted.conditions.filter(each => !isCatalogs(each))
  const search: Search = {
    level: wanted.level,
    where: Object.fromEntries(indexed.map(({ keyword, match }) => [keyword, match])),
    caseSensitive: wanted.caseSensitive,
    ...(wanted.within !== undefined && { within: wanted.within }),
  }
  const beside = others.length > 0 || wanted.metadata.length > 0 || wanted.labelsGiven
  const fromFiles = others.some(
    each => !isIndexed(wanted.level, each.keyword) && !isComputed(wanted.level, each.keyword),
  )
  if (fromFiles && desk.settings.storageAccessOnFind !== 'Always') {
    throw new Refusal(
      'BadRequest',
      'Searches may not read files, and a tag is not in the catalogue',
    )
  }
  if (fromFiles && wanted.since > 0) {
    throw new Refusal('BadRequest', '"Since" needs a query of tags that are in the catalogue')
  }
  const nowhere = wanted.within !== undefined && !isAbove(desk, wanted)
  return { search, others, beside, nowhere }
}

/** Public identifiers of what matches, in the order asked for, `limit` of them from `since` on. */
async function find(desk: Desk, wanted: Wanted): Promise<PublicId[]> {
  const { search: plain, others, beside, nowhere } = planned(desk, wanted)
  if (nowhere) return []
  const order = searchOrder(wanted.order)
  const sortedHere = wanted.order.length > 0 && order === undefined
  const search: Search = {
    ...plain,
    ...(order && order.length > 0 && { orderBy: order }),
    ...(!beside && !sortedHere && { since: wanted.since }),
    ...(!beside && !sortedHere && wanted.limit > 0 && { limit: wanted.limit }),
  }
  const candidates = desk.archive.catalog.search(search)
  if (!beside && !sortedHere) return [...candidates]

  const enough = sortedHere || wanted.limit === 0 ? Infinity : wanted.since + wanted.limit
  const found: PublicId[] = []
  for (const id of candidates) {
    if (found.length >= enough) break
    if (isBeside(desk, wanted, id) && (await holdAll(desk, wanted, others, id))) found.push(id)
  }
  const all = sortedHere ? ordered(desk, wanted.level, found, wanted.order) : found
  return all.slice(wanted.since, wanted.limit > 0 ? wanted.since + wanted.limit : undefined)
}

/** A lone `*` wants the tag to be there, empty or not; to the catalogue it matches what lacks it too. */
const wantsPresence = (match: Match) => match.kind === 'wildcard' && /^\*+$/.test(match.pattern)

/** Whether the given parent is there and of a level above what is looked for. */
function isAbove(desk: Desk, { within, level }: Wanted): boolean {
  const at = desk.archive.catalog.levelOf(within!)
  return at !== undefined && rankOf(at) < rankOf(level)
}

/** Whether labels and metadata are as wanted. */
function isBeside(desk: Desk, wanted: Wanted, id: PublicId): boolean {
  if (wanted.labelsGiven && !hasLabels(desk, wanted, id)) return false
  if (wanted.metadata.length === 0) return true
  const metadata = metadataOf(desk, wanted.level, id)
  return wanted.metadata.every(({ number, pattern }) => {
    const value = metadata.get(number)?.value
    return value !== undefined && pattern.split('\\').some(each => like(each, value))
  })
}

function hasLabels(desk: Desk, { labels, labelsConstraint }: Wanted, id: PublicId): boolean {
  const has = (label: string) => hasLabel(desk, id, label)
  // No label to look for asks for nothing, unless it asks for none.
  if (labelsConstraint === 'Any') return labels.length === 0 || labels.some(has)
  if (labelsConstraint === 'All') return labels.every(has)
  return labels.length === 0 ? labelsOf(desk, id).length === 0 : !labels.some(has)
}

/** Whether the tags that the catalogue does not hold are as wanted: they are computed or read. */
async function holdAll(
  desk: Desk,
  wanted: Wanted,
  conditions: Condition[],
  id: PublicId,
): Promise<boolean> {
  for (const { asked, keyword, match } of conditions) {
    const computed = computedTag(desk, id, keyword)
    const value =
      computed ??
      (isIndexed(wanted.level, keyword)
        ? indexedTag(desk, wanted.level, id, keyword)
        : await tagOfFile(desk, id, asked))
    const values = computed === undefined ? [value] : computed ? computed.split('\\') : []
    if (!values.some(each => matches(each, match, wanted.caseSensitive))) return false
  }
  return true
}

async function tagOfFile(desk: Desk, id: PublicId, asked: Asked): Promise<string | undefined> {
  const [first] = desk.archive.catalog.instancesOf(id)
  if (!first) return undefined
  const { dataset } = await desk.headers.read(first)
  const element = elementOf(dataset, asked)
  return element && dataset.textOf(element)
}

/** The resources of a level that a resource stands for: itself, those below or the one above. */
export function atLevel(desk: Desk, id: PublicId, level: Level): PublicId[] {
  const here = desk.archive.catalog.levelOf(id)
  if (here === undefined) return []
  if (levels.indexOf(here) < levels.indexOf(level)) return [...descendants(desk, here, id, level)]
  const above = ancestorOf(desk, id, level)
  return above === undefined ? [] : [above]
}
