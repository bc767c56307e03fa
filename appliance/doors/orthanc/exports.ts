import { keyOf, type Level, type PublicId } from '../../holdings/catalog/catalog.ts'
import { done, json } from './answers.ts'
import { argument, type Call, limitOfNothing, stretch } from './arguments.ts'
import { ancestorOf, type Desk } from './desk.ts'
import type { JsonObject } from './json.ts'
import { compactTime, pathOf } from './levels.ts'
import type { Routes } from './routes.ts'

/** The log of what was sent to modalities and peers on request; it is kept in the order of time. */
interface Exported {
  seq: number
  at: string
  level: Level
  id: PublicId
  remote: string
  patientId: string
  studyInstanceUid?: string
  seriesInstanceUid?: string
  sopInstanceUid?: string
}

const counter = keyOf('exports-seq')
const entries = keyOf('export')

/**
 * Notes, where the settings want it, that a resource was sent to a modality or peer. It would survive
 * a power cut from the store's next flush on.
 */
export function logExport(desk: Desk, id: PublicId, remote: string): void {
  const { catalog } = desk.archive
  const level = desk.settings.logExportedResources ? catalog.levelOf(id) : undefined
  if (level === undefined) return
  const [first] = catalog.instancesOf(id)
  if (!first) return
  const uid = (at: Level, value: string) => (ancestorOf(desk, id, at) ? value : undefined)
  const study = uid('Study', first.studyInstanceUid)
  const series = uid('Series', first.seriesInstanceUid)
  const instance = uid('Instance', first.sopInstanceUid)
  const seq = (desk.store.get<number>(counter) ?? 0) + 1
  const exported: Exported = {
    ...{ seq, level, id, remote, at: desk.now().toISOString() },
    patientId: catalog.parent(first.patient)?.tags.PatientID ?? '',
    ...(study && { studyInstanceUid: study }),
    ...(series && { seriesInstanceUid: series }),
    ...(instance && { sopInstanceUid: instance }),
  }
  desk.store.commit({
    put: [
      [counter, seq],
      [keyOf('export', seq), exported],
    ],
  })
}

export const exportRoutes: Routes = (app, desk) => {
  app.get('/exports', c => json(listing(desk, c)))

  app.delete('/exports', async () => {
    const keys = [...desk.store.range({ under: entries })].map(([key]) => key)
    desk.store.commit({ remove: keys })
    await desk.store.flushed()
    return done()
  })
}

function listing({ store }: Desk, c: Call): JsonObject {
  // Whatever is said of it: so does Orthanc.
  if (argument(c, 'last') !== undefined) {
    const [newest] = store.range<Exported>({ under: entries, reverse: true, limit: 1 })
    const seq = newest?.[1].seq ?? 0
    return { Exports: newest ? [exportJson(newest[1])] : [], Done: true, Last: seq }
  }
  const { since, limit } = stretch(c)
  if (limit === limitOfNothing) return { Exports: [], Done: true, Last: since }
  const found: Exported[] = []
  let more = false
  const first = Math.min(Math.max(since, 0), Number.MAX_SAFE_INTEGER - 1) + 1
  const from = keyOf('export', first).slice(entries.length)
  for (const [, each] of store.range<Exported>({ under: entries, from })) {
    if (found.length >= limit) {
      more = true
      break
    }
    found.push(each)
  }
  return { Exports: found.map(exportJson), Done: !more, Last: found.at(-1)?.seq ?? since }
}

function exportJson(exported: Exported): JsonObject {
  const { seq, at, level, id, remote } = exported
  return {
    Date: compactTime(at),
    ID: id,
    Path: `/${pathOf[level]}/${id}`,
    PatientID: exported.patientId,
    RemoteModality: remote,
    ResourceType: level,
    SOPInstanceUID: exported.sopInstanceUid,
    Seq: seq,
    SeriesInstanceUID: exported.seriesInstanceUid,
    StudyInstanceUID: exported.studyInstanceUid,
  }
}
