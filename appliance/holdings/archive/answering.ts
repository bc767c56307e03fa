import { setImmediate as turn } from 'node:timers/promises'
import {
  answerOf,
  combinedMatcher,
  creatorElement,
  type Dataset,
  isSingleText,
  type Key,
  keyMatches,
  type NewElement,
  textElement,
} from '../../standard/dicom/dicom.ts'
import type { Catalog, PublicId, Resource } from '../catalog/catalog.ts'
import type { Headers } from './headers.ts'
import { narrowed, type Query, type Saying, type Source, sourceOf } from './query.ts'

/** One resource that matches. */
export interface Answer {
  id: PublicId
  /** The keys that are supported, with their values; empty where there is none. */
  elements: NewElement[]
}

/** What answering stands on. */
export interface Answering extends Saying {
  catalog: Catalog
  headers: Pick<Headers, 'read'>
  /** A header that could not be read: its keys are then as if they were absent. */
  onUnreadable?: (id: PublicId, error: unknown) => void
}

/** For so long the thread is kept before others get their turn, in milliseconds. */
const slice = 8

/**
 * What matches a query, in the order of arrival, one at a time: nothing is held but the identifiers
 * of candidates. Of a resource first the catalogue is asked, then, for what it lacks, the header of
 * the first instance. Ends early when `stop` fires.
 */
export async function* answersTo(
  query: Query,
  answering: Answering,
  stop: AbortSignal,
): AsyncGenerator<Answer> {
  const { level, keys } = query
  const plan = keys.flatMap(key => {
    const source = sourceOf(level, key)
    return source ? [{ key, source }] : []
  })
  const asks = plan.filter(({ key }) => isMatched(key))
  const near = asks.filter(({ source }) => source.from !== 'header')
  const far = asks.filter(({ source }) => source.from === 'header')
  const paired = query.combinedDateTimes ? pairsOf(near) : []
  const readsHeader = plan.some(({ source }) => source.from === 'header')
  let begun = performance.now()
  for (const resource of answering.catalog.resources({ level, where: narrowed(query) })) {
    if (performance.now() - begun > slice) {
      await turn()
      begun = performance.now()
    }
    if (stop.aborted) return
    const pairs = paired.every(pair => pair.matches(resource))
    if (!pairs || !near.every(each => isAsAsked(each, resource, answering, paired))) continue
    const header = readsHeader ? await headerOf(resource, answering) : undefined
    if (!far.every(({ key }) => header && keyMatches(header, key))) continue
    if (stop.aborted) return
    yield {
      id: resource.id,
      elements: plan.flatMap(each => elementsOf(each, resource, header, answering)),
    }
  }
}

interface Planned {
  key: Key
  source: Source
}

/** These say how other keys are meant, or where the box stands; they are told, not matched. */
const unmatched = new Set(['TimezoneOffsetFromUTC', 'RetrieveAETitle'])

const isMatched = (key: Key) => key.asked.kind !== 'universal' && !unmatched.has(key.keyword)

function isAsAsked(
  { key, source }: Planned,
  resource: Resource,
  answering: Answering,
  pairs: readonly Pair[],
): boolean {
  if (pairs.some(pair => pair.keys.includes(key))) return true
  const text = textOf(key, source, resource, answering)
  if (text === '') return key.matches([])
  return key.matches(isSingleText(key.vr) ? [text] : text.split('\\').map(value => value.trim()))
}

function textOf(key: Key, source: Source, resource: Resource, answering: Answering): string {
  if (source.from === 'computed') return source.text(resource, answering.catalog, answering)
  return source.from === 'catalog' ? (resource.text(key.keyword) ?? '') : ''
}

/** The header of the first instance: what is asked for belongs to all of them, or to none. */
async function headerOf(resource: Resource, answering: Answering): Promise<Dataset | undefined> {
  const [first] = answering.catalog.instancesOf(resource.id)
  if (!first) return undefined
  try {
    return (await answering.headers.read(first)).dataset
  } catch (error) {
    answering.onUnreadable?.(first.id, error)
    return undefined
  }
}

function elementsOf(
  { key, source }: Planned,
  resource: Resource,
  header: Dataset | undefined,
  answering: Answering,
): NewElement[] {
  const { tag, vr } = key
  if (source.from !== 'header') {
    return [textElement(tag, vr, textOf(key, source, resource, answering))]
  }
  const own = header ? answerOf(header, key) : { tag, ...(key.items ? { items: [] } : { vr }) }
  return [...creatorElement(key), own]
}

/** A date and its time of the catalogue, which are matched together. */
interface Pair {
  keys: readonly [Key, Key]
  matches(resource: Resource): boolean
}

function pairsOf(near: readonly Planned[]): Pair[] {
  const keys = near.flatMap(({ key, source }) => (source.from === 'catalog' ? [key] : []))
  return keys.flatMap(date => {
    if (date.vr !== 'DA' || !date.keyword.endsWith('Date')) return []
    const time = keys.find(({ keyword }) => keyword === date.keyword.replace(/Date$/, 'Time'))
    const matches = time && combinedMatcher(date.asked, time.asked)
    if (!time || !matches) return []
    const text = (resource: Resource, key: Key) => resource.text(key.keyword) ?? ''
    return [
      {
        keys: [date, time] as const,
        matches: (resource: Resource) => matches(text(resource, date), text(resource, time)),
      },
    ]
  })
}
