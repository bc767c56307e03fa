import type { Instance, PublicId } from '../../holdings/catalog/catalog.ts'
import { streamed } from '../../host/http/http.ts'
import { transferSyntaxes } from '../../standard/dicom/dicom.ts'
import { download } from './answers.ts'
import { createNaming } from './archiveNames.ts'
import { booleanField, type Call, jsonBody, listed } from './arguments.ts'
import { type Desk, expectResource } from './desk.ts'
import { Refusal } from './errors.ts'
import { failed } from './failures.ts'
import type { JsonObject } from './json.ts'
import { levelAt } from './levels.ts'
import type { Routes } from './routes.ts'
import { type Member, zipped } from './zip.ts'

/** What is wanted of an archive besides the resources in it. */
interface Wish {
  filename: string
  utf8: boolean
}

/** ZIP files of resources, streamed as they are made. */
export const archiveRoutes: Routes = (app, desk) => {
  for (const path of ['patients', 'studies', 'series']) {
    const level = levelAt(path)
    app.get(`/${path}/:id/archive`, c => {
      const id = c.req.param('id')
      expectResource(desk, level, id)
      return send(desk, c, [id], wishOfArguments(c, `${id}.zip`))
    })

    app.post(`/${path}/:id/archive`, async c => {
      const id = c.req.param('id')
      expectResource(desk, level, id)
      const body = await jsonBody(c, desk.limits.formBytes)
      if (typeof body !== 'object' || body === null || Array.isArray(body)) {
        throw new Refusal('BadFileFormat')
      }
      return send(desk, c, [id], wishOfBody(body as JsonObject, `${id}.zip`))
    })
  }

  app.get('/tools/create-archive', c => {
    const ids = listed(c.req.query('resources'), ',')
    return send(desk, c, ids, wishOfArguments(c, 'Archive.zip'))
  })

  app.post('/tools/create-archive', async c => {
    const body = await jsonBody(c, desk.limits.formBytes)
    if (Array.isArray(body)) {
      return send(desk, c, identifiers(body), { filename: 'Archive.zip', utf8: false })
    }
    if (typeof body !== 'object' || body === null) throw new Refusal('BadFileFormat')
    const { Resources } = body as JsonObject
    if (Resources === undefined) {
      throw new Refusal('BadFileFormat', 'Missing field Resources in the JSON body')
    }
    return send(desk, c, identifiers(Resources), wishOfBody(body as JsonObject, 'Archive.zip'))
  })
}

function identifiers(given: unknown): PublicId[] {
  if (!Array.isArray(given) || given.some(id => typeof id !== 'string')) {
    throw new Refusal('BadFileFormat', 'Expected a list of strings (Orthanc identifiers)')
  }
  return given as PublicId[]
}

function wishOfArguments(c: Call, fallback: string): Wish {
  if (c.req.query('transcode') !== undefined) throw notTranscoded()
  return { filename: c.req.query('filename') ?? fallback, utf8: false }
}

function wishOfBody(body: JsonObject, fallback: string): Wish {
  if (body.Transcode !== undefined) throw notTranscoded()
  const synchronous = body.Synchronous ?? !(body.Asynchronous ?? false)
  if (synchronous !== true) {
    throw new Refusal('NotImplemented', 'Archives are made while they are sent, not by jobs')
  }
  const filename = typeof body.Filename === 'string' && body.Filename ? body.Filename : fallback
  return { filename, utf8: booleanField(body, 'Utf8', false) }
}

const notTranscoded = () => new Refusal('NotImplemented', 'Pixel data are not transcoded')

function send(desk: Desk, c: Call, ids: readonly PublicId[], wish: Wish): Promise<Response> {
  for (const id of ids) {
    if (desk.archive.catalog.levelOf(id) === undefined) throw new Refusal('UnknownResource')
  }
  return streamed(
    zipped(membersOf(desk, ids, wish.utf8), 'Created by Waystation'),
    { headers: download('application/zip', wish.filename) },
    { outgoing: c.env?.outgoing, failed: failed(desk) },
  )
}

/** Each instance once, however often it is among the resources. */
function* membersOf(desk: Desk, ids: readonly PublicId[], utf8: boolean): Iterable<Member> {
  const nameOf = createNaming(desk, utf8)
  const given = new Set<PublicId>()
  const several = ids.length > 1
  for (const id of ids) {
    for (const instance of desk.archive.catalog.instancesOf(id)) {
      if (several) {
        if (given.has(instance.id)) continue
        given.add(instance.id)
      }
      yield {
        name: nameOf(instance),
        bytes: instance.bytes,
        at: desk.now(),
        compression: compressionOf(instance),
        content: desk.archive.open(instance.id),
      }
    }
  }
}

/** Plain pixels shrink to half at little cost; compressed ones do not shrink again. */
function compressionOf({ transferSyntaxUid }: Instance): number {
  return transferSyntaxes.get(transferSyntaxUid)?.kind === 'uncompressed' ? 1 : 0
}
