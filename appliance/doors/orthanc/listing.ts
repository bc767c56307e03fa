import { setImmediate } from 'node:timers/promises'
import type { Family, Instance, Level, PublicId } from '../../holdings/catalog/catalog.ts'
import { streamed } from '../../host/http/http.ts'
import { jsonHeaders } from './answers.ts'
import type { Call } from './arguments.ts'
import type { Desk } from './desk.ts'
import { failed } from './failures.ts'
import { type JsonObject, styledItem, styledMember } from './json.ts'
import { hasExtraTags } from './mainTags.ts'
import { describe, type Telling } from './resources.ts'
import { type Written, writtenAbout } from './writtenAmong.ts'

/** So many resources are told in one turn of the event loop. */
const atOnce = 100
/** Up to so many characters an answer is told whole, with its length; a longer one as it is made. */
const wholeAtMost = 512 * 1024

/** Where identifiers come from, in lots of any length. */
type Lots = Iterable<readonly PublicId[]>

/** Identifiers of a level in their order; of a million of them a few are in memory. */
export function* lotsOf(
  desk: Desk,
  level: Level,
  { since, limit = Number.POSITIVE_INFINITY }: { since: number; limit?: number },
): Lots {
  let after: PublicId | undefined
  for (let left = limit; left > 0; ) {
    const lot = Math.min(left, atOnce)
    const from = after === undefined ? { since } : { after }
    const ids = desk.archive.catalog.ids(level, { ...from, limit: lot })
    yield ids
    if (ids.length < lot) return
    after = ids.at(-1)
    left -= lot
  }
}

/** The same of identifiers that are known, or follow one from the other. */
export function* inLots(ids: Iterable<PublicId>, most = atOnce): Lots {
  let lot: PublicId[] = []
  for (const id of ids) {
    if (lot.push(id) < most) continue
    yield lot
    lot = []
  }
  yield lot
}

/**
 * The resources as a JSON list, identifiers only or, with `telling`, what is told of each. A long list
 * is told as it is made, at the caller's pace and in turns with everything else; what vanishes
 * meanwhile is left out.
 */
export function listing(
  desk: Desk,
  c: Call,
  level: Level,
  lots: Lots,
  telling?: Telling,
): Promise<Response> {
  const chunks = chunksOf(lots, '[]', ids =>
    telling ? textsOf(desk, level, ids, telling) : ids.map(id => `"${id}"`),
  )
  return toldAsMade(desk, c, chunks)
}

/**
 * So many datasets are told in one turn: each is some kilobytes, some of them hundreds, and what lies
 * longer in memory than one of them takes is left to the garbage of V8's old space.
 */
const datasetsAtOnce = 1

/**
 * What is told of each instance as one JSON object with the identifiers as keys, sorted as all keys
 * are; told as it is made, as a list is. Undefined is what vanished meanwhile.
 */
export function keyed(
  desk: Desk,
  c: Call,
  ids: PublicId[],
  tell: (id: PublicId) => Promise<JsonObject | undefined>,
): Promise<Response> {
  const chunks = chunksOf(inLots(ids.sort(), datasetsAtOnce), '{}', async lot => {
    const texts: string[] = []
    for (const id of lot) {
      const told = await tell(id)
      if (told) texts.push(styledMember(id, told))
    }
    return texts
  })
  return toldAsMade(desk, c, chunks)
}

async function toldAsMade(
  desk: Desk,
  c: Call,
  chunks: AsyncGenerator<string, void>,
): Promise<Response> {
  let begin = ''
  for (;;) {
    const { value, done } = await chunks.next()
    if (done) return new Response(Buffer.from(begin, 'latin1'), { headers: jsonHeaders })
    begin += value
    if (begin.length > wholeAtMost) break
  }
  const bytes = (async function* () {
    yield Buffer.from(begin, 'latin1')
    for await (const chunk of chunks) yield Buffer.from(chunk, 'latin1')
  })()
  return streamed(
    bytes,
    { headers: jsonHeaders },
    { outgoing: c.env?.outgoing, failed: failed(desk) },
  )
}

/** A list or an object as Orthanc prints it, whose members are printed already. All of it is ASCII. */
async function* chunksOf(
  lots: Lots,
  brackets: '[]' | '{}',
  print: (ids: readonly PublicId[]) => Promise<string[]> | string[],
): AsyncGenerator<string, void> {
  let [isFirst, isEmpty] = [true, true]
  for (const ids of lots) {
    // A member that costs nothing to tell would otherwise let nobody else in.
    if (!isFirst) await setImmediate()
    isFirst = false
    const texts = await print(ids)
    if (texts.length > 0) {
      yield `${isEmpty ? brackets[0] : ','}\n   ${texts.join(',\n   ')}`
      isEmpty = false
    }
  }
  yield isEmpty ? brackets : `\n${brackets[1]}`
}

async function textsOf(
  desk: Desk,
  level: Level,
  ids: readonly PublicId[],
  telling: Telling,
): Promise<string[]> {
  const written = writtenAbout(desk.store, ids)
  const told: string[] = []
  for (const id of ids) {
    const text = await textOf(desk, level, id, telling, written)
    if (text !== undefined) told.push(text)
  }
  return told
}

async function textOf(
  desk: Desk,
  level: Level,
  id: PublicId,
  telling: Telling,
  written: Written,
): Promise<string | undefined> {
  const { catalog } = desk.archive
  const isUsual =
    telling.format === 'human' && Object.keys(telling).length === 1 && !hasExtraTags(desk, level)
  const isPlain = isUsual && !written.labels(id) && !written.metadata(id) && !written.protected(id)
  const of = !isPlain
    ? undefined
    : level === 'Instance'
      ? catalog.instance(id)
      : catalog.family(level, id)
  const kept = of && keptTextOf(of)
  if (kept !== undefined) return kept
  const told = await describe(desk, level, id, telling, written)
  const text = told && styledItem(told)
  if (of && text !== undefined) keepText(of, text)
  return text
}

/**
 * What was told of resources of which the catalogue alone speaks, for as long as it has the same
 * record of them in memory.
 */
const texts = new WeakMap<object, { blob?: string; text: string }>()

/** An instance's tags are of its record; other bytes under its name come with other tags. */
const recordOf = (of: Family | Instance) => ('children' in of ? of : of.tags)

function keptTextOf(of: Family | Instance): string | undefined {
  const kept = texts.get(recordOf(of))
  return kept && kept.blob === ('blob' in of ? of.blob : undefined) ? kept.text : undefined
}

function keepText(of: Family | Instance, text: string): void {
  if ('blob' in of) texts.set(of.tags, { blob: of.blob, text })
  else if (isWhole(of)) texts.set(of, { text })
}

/** Whether nothing but the family's own records was told of it. */
function isWhole({ parent }: Family): boolean {
  if (parent.level === 'Series') return parent.expectedInstances === undefined
  return parent.level === 'Patient' || parent.patientTags !== undefined
}
