import type { Change, ChangeKind } from '../../holdings/catalog/catalog.ts'
import { keyOf } from '../../holdings/catalog/catalog.ts'
import { done, json } from './answers.ts'
import { type Call, flag, listed } from './arguments.ts'
import type { Desk } from './desk.ts'
import type { JsonObject } from './json.ts'
import { compactTime, pathOf } from './levels.ts'
import type { Routes } from './routes.ts'

const defaultLimit = 100
/** So many changes are looked at in one step. */
const stride = 1000

/** Behind this number the log is shown: clearing it only moves the mark, others read it too. */
const clearedKey = keyOf('changes-cleared')

/** What Orthanc tells plugins only, and never lists. */
const unlisted: ReadonlySet<ChangeKind> = new Set(['Deleted'])

/** The change log. */
export const changeRoutes: Routes = (app, desk) => {
  app.get('/changes', c => json(flag(c, 'last') ? newest(desk) : listing(desk, c)))

  app.delete('/changes', async () => {
    desk.store.commit({ put: [[clearedKey, desk.archive.catalog.lastChange()]] })
    await desk.store.flushed()
    return done()
  })
}

/** Arguments of this route are forgiving in Orthanc: what is no number counts as not given. */
function number(c: Call, name: string, fallback: number): number {
  const value = c.req.query(name)
  return value !== undefined && /^\s*-?\d{1,15}\s*$/.test(value) ? Number(value) : fallback
}

function listing(desk: Desk, c: Call): JsonObject {
  const since = Math.max(number(c, 'since', 0), 0)
  const asked = number(c, 'limit', defaultLimit)
  const limit = asked < 0 ? Number.MAX_SAFE_INTEGER : asked
  const types = new Set(listed(c.req.query('type'), ';'))
  const to = number(c, 'to', Number.MAX_SAFE_INTEGER)
  const backwards = c.req.query('to') !== undefined
  const wanted = ({ seq, kind }: Change) => seq <= to && (types.size === 0 || types.has(kind))
  return backwards
    ? latest(desk, since, to, limit, wanted)
    : following(desk, since, limit, types.size > 0, wanted)
}

/** The oldest `limit` changes behind a number. */
function following(
  desk: Desk,
  since: number,
  limit: number,
  filtered: boolean,
  wanted: (change: Change) => boolean,
): JsonObject {
  const found: Change[] = []
  let more = false
  for (const change of listedChanges(desk, since)) {
    if (!wanted(change)) continue
    if (found.length >= limit) {
      more = true
      break
    }
    found.push(change)
  }
  const last = found.at(-1)?.seq ?? desk.archive.catalog.lastChange()
  return {
    Changes: found.map(changeJson),
    Done: !more,
    Last: last,
    ...(filtered && found.length > 0 && { First: found[0]!.seq }),
  }
}

/** The newest `limit` changes up to a number, for paging backwards. */
function latest(
  desk: Desk,
  since: number,
  to: number,
  limit: number,
  wanted: (change: Change) => boolean,
): JsonObject {
  const kept: Change[] = []
  let more = false
  for (const change of listedChanges(desk, since)) {
    if (change.seq > to) break
    if (!wanted(change)) continue
    kept.push(change)
    if (kept.length > limit) {
      kept.shift()
      more = true
    }
  }
  return {
    Changes: kept.map(changeJson),
    Done: !more,
    First: kept[0]?.seq ?? 0,
    Last: kept.at(-1)?.seq ?? desk.archive.catalog.lastChange(),
  }
}

function newest(desk: Desk): JsonObject {
  const last = desk.archive.catalog.lastChange()
  // From the end in growing steps: usually the very last one is shown.
  for (let back = 10; ; back *= 10) {
    const from = Math.max(last - back, 0)
    const found = [...listedChanges(desk, from)].at(-1)
    if (found || from === 0) {
      return { Changes: found ? [changeJson(found)] : [], Done: true, Last: found?.seq ?? last }
    }
  }
}

/** Entries of resources that are gone disappear from the list, their numbers stay used. */
function* listedChanges({ archive: { catalog }, store }: Desk, since: number): Iterable<Change> {
  let after = Math.max(since, store.get<number>(clearedKey) ?? 0)
  for (;;) {
    const batch = catalog.changes(after, stride)
    if (batch.length === 0) return
    for (const change of batch) {
      if (!unlisted.has(change.kind) && catalog.levelOf(change.id) !== undefined) yield change
    }
    after = batch.at(-1)!.seq
  }
}

function changeJson({ seq, kind, level, id, at }: Change): JsonObject {
  return {
    ChangeType: kind,
    Date: compactTime(at),
    ID: id,
    Path: `/${pathOf[level]}/${id}`,
    ResourceType: level,
    Seq: seq,
  }
}
