import type { Database } from 'lmdb'
import { behindPrefix, gone, type Overlay } from './overlay.ts'
import type { Readable } from './readable.ts'
import type { Key, Range } from './store.ts'

/** Entries are read page by page, so that no reader holds LMDB's old pages back. */
const firstPage = 32
const laterPages = 512

/** The absolute bounds of a range: `from` inclusive, `to` exclusive. */
export function bounds(range: Range): { from: Key; to: Key | undefined } {
  const under = range.under ?? ''
  return {
    from: under + (range.from ?? ''),
    to: range.to === undefined ? behindPrefix(under) : under + range.to,
  }
}

export interface Readings {
  db: Database<Buffer, Key>
  overlays: () => readonly Overlay[]
  readable: Readable
}

/**
 * A range over LMDB with the overlays before it, newest first. Between two pages the overlays may
 * have been written out and new ones begun: each page asks for the present ones.
 */
export function* merged<T>(
  { db, overlays, readable }: Readings,
  range: Range,
  wanted: 'entries' | 'keys' = 'entries',
): Iterable<readonly [Key, T]> {
  let { from, to } = bounds(range)
  let left = range.limit ?? Number.POSITIVE_INFINITY
  let skip = range.skip ?? 0
  // LMDB passes over entries much faster than they can be read, where nothing is to be merged in.
  // Its offset has 32 bits: of a larger one it would take what is left.
  const isStored = overlays().every(overlay => overlay.keys(from, to).length === 0)
  const offset = isStored ? Math.min(skip, 2 ** 31 - 1) : 0
  skip -= offset
  let first = true
  for (let page = firstPage; left > 0; page = laterPages) {
    const passOver = first ? offset : 0
    first = false
    // What an overlay removes or puts in may ask for another page; never is more read than is wanted.
    page = Math.min(page, Math.max(left + Math.max(skip, 0), 1))
    const asked = { from, to, passOver, page }
    const stored = readable.look(() => readPage(db, asked, range.reverse === true, wanted))
    const edge = edgeOf(stored, overlays(), { from, to, page }, range.reverse === true)
    // This page covers up to and including `edge`, or all that is left.
    const covered = range.reverse
      ? { from: edge ?? from, to }
      : { from, to: edge === undefined ? to : `${edge}\0` }
    const decoded = (key: Key, bytes: Buffer) => decodedBy(readable, range, key, bytes) as T
    const entries = withOverlays(stored, overlays(), covered, range.reverse === true, decoded)
    for (const entry of entries) {
      if (skip-- > 0) continue
      yield entry
      if (--left <= 0) return
    }
    if (edge === undefined) return
    if (range.reverse) to = edge
    else from = `${edge}\0`
  }
}

type Stored = readonly (readonly [Key, Buffer | undefined])[]

function readPage(
  db: Database<Buffer, Key>,
  wanted: { from: Key; to: Key | undefined; passOver: number; page: number },
  reverse: boolean,
  kind: 'entries' | 'keys',
): Stored {
  const page: [Key, Buffer | undefined][] = []
  const { from, to } = wanted
  const bounds = reverse
    ? { reverse: true, start: to, exclusiveStart: true, end: from, inclusiveEnd: true }
    : { start: from, ...(to !== undefined && { end: to }) }
  const options = {
    ...bounds,
    limit: wanted.page,
    ...(wanted.passOver > 0 && { offset: wanted.passOver }),
  } as Parameters<typeof db.getRange>[0]
  if (kind === 'entries') {
    for (const { key, value } of db.getRange(options)) page.push([key, value])
  } else for (const key of db.getKeys(options)) page.push([key, undefined])
  return page
}

/**
 * The last key of a page, whether it is stored or in an overlay; `undefined` when the page has all.
 * An overlay may hold thousands of keys where a few are wanted.
 */
function edgeOf(
  stored: Stored,
  overlays: readonly Overlay[],
  { from, to, page }: { from: Key; to: Key | undefined; page: number },
  reverse: boolean,
): Key | undefined {
  const ends = overlays.map(overlay => overlay.keys(from, to).at(reverse ? -page : page - 1))
  if (stored.length === page) ends.push(stored.at(-1)![0])
  return ends.reduce(
    (nearest, end) =>
      end === undefined || (nearest !== undefined && end < nearest === reverse) ? nearest : end,
    undefined,
  )
}

function decodedBy(readable: Readable, range: Range, key: Key, bytes: Buffer): unknown {
  try {
    return readable.value(key, bytes)
  } catch (thrown) {
    if (range.unreadable) return undefined
    throw thrown
  }
}

const isCovered = (key: Key, { from, to }: { from: Key; to: Key | undefined }) =>
  key >= from && (to === undefined || key < to)

function withOverlays<T>(
  stored: Stored,
  overlays: readonly Overlay[],
  covered: { from: Key; to: Key | undefined },
  reverse: boolean,
  decoded: (key: Key, bytes: Buffer) => T,
): (readonly [Key, T])[] {
  const newest = new Map<Key, unknown>()
  for (const overlay of overlays) {
    for (const key of overlay.keys(covered.from, covered.to)) {
      if (!newest.has(key)) newest.set(key, overlay.get(key))
    }
  }
  const entries: (readonly [Key, T])[] = []
  for (const [key, bytes] of stored) {
    if (newest.has(key) || !isCovered(key, covered)) continue
    entries.push([key, (bytes && decoded(key, bytes)) as T])
  }
  if (newest.size === 0) return entries
  for (const [key, value] of newest) if (value !== gone) entries.push([key, value as T])
  return entries.sort(([a], [b]) => (a === b ? 0 : a < b === reverse ? 1 : -1))
}
