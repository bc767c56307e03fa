import type { Change, ChangeKind } from '../../holdings/catalog/catalog.ts'
import { keyOf } from '../../holdings/catalog/catalog.ts'
import { done, json } from './answers.ts'
import { argument, type Call, limitOfNothing, listed, stretch } from './arguments.ts'
import type { Desk } from './desk.ts'
import type { JsonObject } from './json.ts'
import { compactTime, pathOf } from './levels.ts'
import type { Routes } from './routes.ts'

/** So many changes are looked at in one step. */
const stride = 1000

/** Behind this number the log is shown: clearing it only moves the mark, others read it too. */
const clearedKey = keyOf('changes-cleared')

/** What Orthanc tells plugins only, and never lists. */
const unlisted: ReadonlySet<ChangeKind> = new Set(['Deleted'])

/** The change log. */
export const changeRoutes: Routes = (app, desk) => {
  app.get('/changes', c =>
    // Whatever is said of it: so does Orthanc.
    json(argument(c, 'last') === undefined ? listing(desk, c) : newest(desk)),
  )

  app.delete('/changes', async () => {
    desk.store.commit({ put: [[clearedKey, desk.archive.catalog.lastChange()]] })
    await desk.store.flushed()
    return done()
  })
}

function listing(desk: Desk, c: Call): JsonObject {
  const { since: asked, limit } = stretch(c)
  const since = Math.max(asked, 0)
  if (limit === limitOfNothing) {
    return { Changes: [], Done: true, Last: desk.archive.catalog.lastChange() }
  }
  const types = new Set(listed(argument(c, 'type'), ';'))
  const upTo = argument(c, 'to')
  const to =
    upTo !== undefined && /^-?\d{1,15}$/.test(upTo) ? Number(upTo) : Number.MAX_SAFE_INTEGER
  const wanted = ({ seq, kind }: Change) => seq <= to && (types.size === 0 || types.has(kind))
  return upTo === undefined
    ? following(desk, since, limit, types.size > 0, wanted)
    : latest(desk, since, to, limit, wanted)
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
