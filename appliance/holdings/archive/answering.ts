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
  const pairs = query.combinedDateTimes ? pairsOf(asks) : []
  const isPaired = (key: Key) => pairs.some(({ members }) => members.some(each => each.key === key))
  const readsHeader = plan.some(({ source }) => source.from === 'header')
  let begun = performance.now()
  for (const resource of answering.catalog.resources({ level, where: narrowed(query) })) {
    if (performance.now() - begun > slice) {
      await turn()
      begun = performance.now()
    }
    if (stop.aborted) return
    const asAsked = (each: Planned) => isPaired(each.key) || isAsAsked(each, resource, answering)
    const together = (pair: Pair, header?: Dataset) =>
      pair.matches(...pair.members.map(each => textOf(each, resource, answering, header)))
    if (!near.every(asAsked)) continue
    if (!pairs.every(pair => pair.readsHeader || together(pair))) continue
    const header = readsHeader ? await headerOf(resource, answering) : undefined
    if (!far.every(({ key }) => isPaired(key) || (header && keyMatches(header, key)))) continue
    if (!pairs.every(pair => !pair.readsHeader || together(pair, header))) continue
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

function isAsAsked(planned: Planned, resource: Resource, answering: Answering): boolean {
  const { key } = planned
  const text = textOf(planned, resource, answering)
  if (text === '') return key.matches([])
  return key.matches(isSingleText(key.vr) ? [text] : text.split('\\').map(value => value.trim()))
}

function textOf(
  { key, source }: Planned,
  resource: Resource,
  answering: Answering,
  header?: Dataset,
): string {
  if (source.from === 'computed') return source.text(resource, answering.catalog, answering)
  if (source.from === 'header') return header?.text(key.tag) ?? ''
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
  planned: Planned,
  resource: Resource,
  header: Dataset | undefined,
  answering: Answering,
): NewElement[] {
  const { key, source } = planned
  const { tag, vr } = key
  if (source.from !== 'header') {
    return [textElement(tag, vr, textOf(planned, resource, answering))]
  }
  const own = header ? answerOf(header, key) : { tag, ...(key.items ? { items: [] } : { vr }) }
  return [...creatorElement(key), own]
}

/** A date and its time that are both ranges, which are matched together. */
interface Pair {
  members: readonly [Planned, Planned]
  /** Whether the catalogue lacks one of them. */
  readsHeader: boolean
  matches(...dateAndTime: string[]): boolean
}

function pairsOf(asks: readonly Planned[]): Pair[] {
  return asks.flatMap((date): Pair[] => {
    const { keyword, vr } = date.key
    if (vr !== 'DA' || !keyword.endsWith('Date')) return []
    const ofTime = keyword.replace(/Date$/, 'Time')
    const time = asks.find(({ key }) => key.vr === 'TM' && key.keyword === ofTime)
    const matches = time && combinedMatcher(date.key.asked, time.key.asked)
    if (!time || !matches) return []
    const readsHeader = [date, time].some(({ source }) => source.from === 'header')
    return [
      {
        ...{ members: [date, time], readsHeader },
        matches: (day = '', hour = '') => matches(day, hour),
      },
    ]
  })
}
