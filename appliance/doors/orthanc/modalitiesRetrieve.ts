import type { JobKind } from '../../duties/jobs/jobs.ts'
import type { Node, Progress } from '../../duties/nodes/nodes.ts'
import { Fault, faultOf } from '../../faults.ts'
import type { Level, PublicId } from '../../holdings/catalog/catalog.ts'
import { type Call, jsonBody, type TagFormat } from './arguments.ts'
import type { Desk } from './desk.ts'
import { Refusal } from './errors.ts'
import {
  answerByJob,
  descriptionOfJobs,
  isObject,
  type JobWish,
  jobWishOf,
  words,
} from './jobsBodies.ts'
import type { Json, JsonObject } from './json.ts'
import { levelNamed } from './levels.ts'
import { localAetOf, modalityAt, overridden } from './modalities.ts'
import {
  identifierOf,
  keyOfLevel,
  keysIn,
  keysJson,
  levelInDicom,
  type QueryKeys,
  queryRetrieveLevel,
} from './queriesIdentifier.ts'
import type { Routes } from './routes.ts'

/** Fetching what other nodes have, by C-MOVE or C-GET; plain data, which a job keeps. */
export interface Retrieval {
  node: Node
  level: Level
  /** What is fetched, one question for each; tags and texts. */
  queries: readonly (readonly (readonly [number, string])[])[]
  /** Of a C-MOVE. */
  targetAet: string
  permissive: boolean
  format: TagFormat
}

interface Detail {
  status: number
  received: readonly PublicId[]
}

export const modalityRetrieveRoutes: Routes = (app, desk) => {
  for (const method of ['C-MOVE', 'C-GET'] as const) desk.jobs.register(retrieveJob(desk, method))

  for (const [path, method] of [
    ['move', 'C-MOVE'],
    ['get', 'C-GET'],
  ] as const) {
    app.post(`/modalities/:id/${path}`, async c => {
      const node = modalityAt(desk, c)
      const body = await retrieveBody(desk, c)
      const level = levelNamed(String(body.Level))
      const queries = (body.Resources as Json[]).map(each => {
        const { SOPClassesInStudy: _, ...tags } = isObject(each) ? each : {}
        const keys = keysIn(isObject(each) ? tags : each, 'Resources', desk.dictionary)
        if (!keys.get(keyOfLevel(level))) throw new Refusal('BadRequest')
        return keys
      })
      return retrieve(desk, jobWishOf(body), method, {
        ...{ node: overridden(node, body), level, queries, format: 'short' },
        targetAet: words(body, 'TargetAet') || desk.system().dicomAet,
      })
    })
  }
}

async function retrieveBody(desk: Desk, c: Call): Promise<JsonObject> {
  const body = await jsonBody(c, desk.limits.formBytes)
  if (!isObject(body) || typeof body.Level !== 'string' || !Array.isArray(body.Resources)) {
    throw new Refusal(
      'BadFileFormat',
      'Must provide a JSON body containing fields Resources and Level',
    )
  }
  return body
}

/** Fetches as a job, and answers as was wished. */
export function retrieve(
  desk: Desk,
  wish: JobWish,
  method: Node['retrieveMethod'],
  what: Omit<Retrieval, 'queries' | 'permissive'> & { queries: readonly QueryKeys[] },
): Promise<Response> {
  const queries = what.queries.map(keys => {
    const all = new Map([...keys, [queryRetrieveLevel, levelInDicom[what.level]]])
    return [...all].sort(([a], [b]) => a - b)
  })
  const description: Retrieval = { ...what, queries, permissive: wish.permissive }
  const content = contentOf(desk, method, description, [])
  return answerByJob(desk, wish, { type: typeOf[method], description, content })
}

const typeOf = { 'C-MOVE': 'DicomMoveScu', 'C-GET': 'DicomGetScu' } as const

function contentOf(
  desk: Desk,
  method: Node['retrieveMethod'],
  { node, queries, targetAet, format }: Retrieval,
  details: readonly Detail[],
): JsonObject {
  return {
    Description: descriptionOfJobs,
    Details: detailsJson(queries, format, details),
    LocalAet: localAetOf(desk, node),
    Query: queries.map(query => keysJson(new Map(query), format)),
    RemoteAet: node.aet,
    TargetAet: method === 'C-MOVE' ? targetAet : undefined,
  }
}

const detailsJson = (
  queries: Retrieval['queries'],
  format: TagFormat,
  details: readonly Detail[],
): JsonObject[] =>
  details.map(({ status, received }, i) => ({
    DimseErrorStatus: status,
    Query: keysJson(new Map(queries[i]), format),
    ReceivedInstancesIds: received,
  }))

const subOperationsFailed = 0xb000

/** One question after the other; begun again at the first that was not answered. */
function retrieveJob(desk: Desk, method: Node['retrieveMethod']): JobKind<Retrieval> {
  const { asking } = desk.network
  return {
    type: typeOf[method],
    async run({ description, checkpoint, stop, tell }) {
      const { node, level, queries, targetAet, permissive } = description
      const details: Detail[] = [...((checkpoint as Detail[] | undefined) ?? [])]
      const comesHere = method === 'C-GET' || targetAet === desk.system().dicomAet
      while (details.length < queries.length) {
        const query = new Map(queries[details.length])
        const wanted = { level, identifier: identifierOf(query, desk.dictionary) }
        const asked =
          method === 'C-GET'
            ? asking.get(node, wanted, { stop })
            : asking.move(node, { ...wanted, targetAet }, { stop })
        let fault: Fault | undefined
        let status = 0
        try {
          let last: Progress = {}
          for await (const progress of asked) {
            last = progress
            tell({ progress: (details.length + partOf(progress)) / queries.length })
          }
          if (last.ended !== 'success' && (last.failed ?? 0) > 0) {
            status = subOperationsFailed
            fault = new Fault('peer-failed', `${last.failed} instances did not come`)
          }
        } catch (error) {
          fault = faultOf(error)
          status = statusOf(error)
        }
        if (stop.aborted) throw new Fault('cancelled', 'the job was stopped')
        const received = comesHere ? idsOf(desk, query.get(keyOfLevel(level))) : []
        details.push({ status, received })
        const content = contentOf(desk, method, description, details)
        tell({ progress: details.length / queries.length, content, checkpoint: [...details] })
        if (fault && !permissive) {
          const payload = {
            Content: detailsJson(queries, description.format, details),
            Type: 'RetrieveJob',
          }
          throw Object.assign(new Fault(fault.code, fault.detail), { payload })
        }
      }
    },
  }
}

/** What the node answered, when it did; Orthanc says 0xC000 when it did not. */
function statusOf(error: unknown): number {
  return (error as { dimseStatus?: number }).dimseStatus ?? 0xc000
}

/** How far one question is, from 0 to 1. */
function partOf({ remaining, completed = 0, failed = 0, warning = 0 }: Progress): number {
  const done = completed + failed + warning
  return remaining === undefined || done + remaining === 0 ? 0 : done / (done + remaining)
}

/** What is here of a resource after it was fetched. */
function idsOf(desk: Desk, identifier: string | undefined): PublicId[] {
  const { catalog } = desk.archive
  if (!identifier) return []
  const uids = identifier.split('\\')
  return uids.flatMap(uid =>
    catalog.lookup(uid).flatMap(({ id }) => Array.from(catalog.instancesOf(id), each => each.id)),
  )
}
