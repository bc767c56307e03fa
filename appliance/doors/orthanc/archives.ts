import type { PublicId } from '../../holdings/catalog/catalog.ts'
import { streamed } from '../../host/http/http.ts'
import { download } from './answers.ts'
import { archiveJob, attendedZip, contentOf, type Wanted } from './archivesJob.ts'
import { type Call, flag, jsonBody, listed } from './arguments.ts'
import { type Desk, expectResource } from './desk.ts'
import { Refusal } from './errors.ts'
import { failed } from './failures.ts'
import {
  answerByJob,
  isObject,
  type JobWish,
  jobWishOf,
  knownResources,
  truth,
  words,
} from './jobsBodies.ts'
import type { JsonObject } from './json.ts'
import { levelAt } from './levels.ts'
import { qualityAsked } from './lossyQuality.ts'
import type { Routes } from './routes.ts'
import { syntaxAsked } from './transcoding.ts'

/** What is wanted of the resources in an archive, and how it is answered. */
type Wish = Omit<Wanted, 'resources'> & { job: JobWish }

/** ZIP files of resources: streamed as they are made, or made by a job; with a DICOMDIR as media. */
export const archiveRoutes: Routes = (app, desk) => {
  desk.jobs.register(archiveJob(desk, 'Archive'))
  desk.jobs.register(archiveJob(desk, 'Media'))

  for (const path of ['patients', 'studies', 'series']) {
    const level = levelAt(path)
    for (const kind of ['archive', 'media'] as const) {
      const media = kind === 'media'
      app.get(`/${path}/:id/${kind}`, c => {
        const id = c.req.param('id')
        expectResource(desk, level, id)
        return answer(desk, c, [id], wishOfArguments(desk, c, media, `${id}.zip`))
      })

      app.post(`/${path}/:id/${kind}`, async c => {
        const id = c.req.param('id')
        expectResource(desk, level, id)
        const body = await jsonBody(c, desk.limits.formBytes)
        if (body === undefined) throw new Refusal('BadFileFormat')
        return answer(
          desk,
          c,
          [id],
          wishOfBody(desk, isObject(body) ? body : {}, media, `${id}.zip`),
        )
      })
    }
  }

  for (const tool of ['create-archive', 'create-media', 'create-media-extended']) {
    const media = tool !== 'create-archive'
    const extended = tool === 'create-media-extended'

    app.get(`/tools/${tool}`, c => {
      const ids = knownResources(desk, listed(c.req.query('resources'), ','))
      return answer(desk, c, ids, wishOfArguments(desk, c, media, 'Archive.zip', extended))
    })

    app.post(`/tools/${tool}`, async c => {
      const body = await jsonBody(c, desk.limits.formBytes)
      if (!isObject(body) && !Array.isArray(body)) throw new Refusal('BadFileFormat')
      if (isObject(body) && body.Resources === undefined) {
        throw new Refusal('BadFileFormat', 'Missing field Resources in the JSON body')
      }
      const ids = knownResources(desk, isObject(body) ? body.Resources : body)
      const wish = wishOfBody(desk, isObject(body) ? body : {}, media, 'Archive.zip', extended)
      return answer(desk, c, ids, wish)
    })
  }
}

const atOnce: JobWish = { synchronous: true, priority: 0, permissive: false }

function wishOfArguments(
  desk: Desk,
  c: Call,
  media: boolean,
  fallback: string,
  extended = false,
): Wish {
  const quality = qualityAsked(desk, c)
  const transcode = syntaxAsked(desk, c.req.query('transcode'))
  return {
    ...{ media, utf8: desk.settings.zipUtf8, job: atOnce },
    extended: flag(c, 'extended') ?? extended,
    filename: c.req.query('filename') || fallback,
    ...(transcode && { transcode, quality }),
  }
}

function wishOfBody(
  desk: Desk,
  body: JsonObject,
  media: boolean,
  fallback: string,
  extended = false,
): Wish {
  const quality = qualityAsked(desk, body)
  const transcode = syntaxAsked(desk, words(body, 'Transcode'))
  const job = jobWishOf(body)
  return {
    ...{ media, job },
    extended: truth(body, 'Extended') ?? extended,
    utf8: truth(body, 'Utf8') ?? desk.settings.zipUtf8,
    filename: words(body, 'Filename') || (job.synchronous ? fallback : 'archive.zip'),
    ...(transcode && { transcode, quality }),
  }
}

function answer(desk: Desk, c: Call, resources: PublicId[], wish: Wish): Promise<Response> {
  const { job, ...rest } = wish
  const wanted: Wanted = { resources, ...rest }
  if (!job.synchronous) {
    const type = wanted.media ? 'Media' : 'Archive'
    return answerByJob(desk, job, { type, description: wanted, content: contentOf(desk, wanted) })
  }
  return streamed(
    attendedZip(desk, wanted),
    { headers: download('application/zip', wanted.filename) },
    { outgoing: c.env?.outgoing, failed: failed(desk) },
  )
}
