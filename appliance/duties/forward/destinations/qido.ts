import { Fault } from '../../../faults.ts'
import type { Instance } from '../../../holdings/catalog/catalog.ts'
import { type Delivered, whereAllAre } from './counting.ts'
import type { Answer } from './exchange.ts'
import { destinationFault } from './httpFaults.ts'
import { askFor, type Web } from './web.ts'

const sopInstanceUid = '00080018'
const seriesInstanceUid = '0020000E'
const numberOfSeriesRelatedInstances = '00201209'
/** No study bears it: a root of all zeros is nobody's. */
const noStudy = '2.25.0'

/**
 * Asks something that costs nothing and names nobody, to see whether the server is at work and lets
 * us in. That it does not answer QIDO-RS is answer enough.
 */
export async function probeDicomWeb(web: Web, stop: AbortSignal): Promise<void> {
  const answer = await search(web, `/studies?StudyInstanceUID=${noStudy}&limit=1`, stop)
  const { status } = answer
  if (status < 300 || status === 404 || status === 405 || status === 501) return
  const fault = destinationFault(answer, web.url)
  if (fault) throw fault
  if (status >= 500) throw new Fault('peer-failed', `${web.url.host} answered ${status}`, answer)
}

/**
 * The SOP Instance UIDs that the far side lists for the series of these instances, by QIDO-RS
 * (PS3.18 §10.6), page after page, since servers cut their answers where they like. Faults:
 * `peer-declined` when it does not answer such questions, `peer-failed`, those of the wire.
 */
export async function listByQido(
  web: Web,
  instances: readonly Instance[],
  stop: AbortSignal,
): Promise<Set<string>> {
  const held = new Set<string>()
  const wanted = Map.groupBy(instances, each => each.seriesInstanceUid)
  for (const [series, members] of wanted) {
    const study = members[0]!.studyInstanceUid
    for (let offset = 0; ; ) {
      const path = `/studies/${study}/series/${series}/instances?includefield=${sopInstanceUid}`
      const answer = await search(web, offset ? `${path}&offset=${offset}` : path, stop)
      const page = await readPage(web, answer, study, stop)
      const before = held.size
      for (const uid of page) held.add(uid)
      offset += page.length
      if (held.size === before || members.every(each => held.has(each.sopInstanceUid))) break
    }
  }
  return held
}

/**
 * As `listByQido`, but of series of which the far side has as many images as were `delivered`, by its
 * own count (PS3.18 table 10.6.3-4), nothing is listed: they are taken to be there.
 */
export async function countByQido(
  web: Web,
  instances: readonly Instance[],
  delivered: Delivered,
  stop: AbortSignal,
): Promise<Set<string>> {
  const counts = new Map<string, number>()
  for (const study of new Set(instances.map(each => each.studyInstanceUid))) {
    for (let offset = 0; ; ) {
      const path = `/studies/${study}/series?includefield=${numberOfSeriesRelatedInstances}`
      const answer = await search(web, offset ? `${path}&offset=${offset}` : path, stop)
      // Who does not answer this may still list images.
      const page = answer.status === 200 ? itemsIn(answer) : []
      const before = counts.size
      for (const each of page) {
        const uid = each[seriesInstanceUid]?.Value?.[0]
        const count = Number(each[numberOfSeriesRelatedInstances]?.Value?.[0])
        if (typeof uid === 'string' && Number.isInteger(count)) counts.set(uid, count)
      }
      offset += page.length
      if (counts.size === before) break
    }
  }
  const there = whereAllAre(instances, delivered, counts)
  const held = new Set(there.map(each => each.sopInstanceUid))
  const unsure = instances.filter(each => !held.has(each.sopInstanceUid))
  return unsure.length === 0 ? held : new Set([...held, ...(await listByQido(web, unsure, stop))])
}

function search(web: Web, path: string, stop: AbortSignal): Promise<Answer> {
  const headers = { Accept: 'application/dicom+json' }
  return askFor(web, { method: 'GET', path, headers }, stop)
}

async function readPage(
  web: Web,
  answer: Answer,
  study: string,
  stop: AbortSignal,
): Promise<string[]> {
  const { status } = answer
  if (status === 204) return []
  if (status === 404) {
    // "No such series", or "no such question": only the one for studies tells them apart.
    const known = await search(web, `/studies?StudyInstanceUID=${study}&limit=1`, stop)
    if (known.status === 200 || known.status === 204) return []
    throw new Fault('peer-declined', `${web.url.host} answers no QIDO-RS`)
  }
  if (status !== 200) {
    const fault = status === 405 ? undefined : destinationFault(answer, web.url)
    if (fault) throw fault
    const kind = status >= 500 && status !== 501 ? 'peer-failed' : 'peer-declined'
    throw new Fault(kind, `QIDO-RS answered ${status}`, answer)
  }
  return itemsIn(answer).flatMap(each => {
    const uid = each[sopInstanceUid]?.Value?.[0]
    return typeof uid === 'string' ? [uid] : []
  })
}

function itemsIn(answer: Answer): Record<string, { Value?: unknown[] }>[] {
  try {
    return JSON.parse(answer.text || '[]') as Record<string, { Value?: unknown[] }>[]
  } catch (cause) {
    throw new Fault('peer-failed', 'QIDO-RS answered no DICOM JSON', { cause })
  }
}
