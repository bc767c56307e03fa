import type { Instance } from '../../holdings/catalog/catalog.ts'
import { streamed } from '../../host/http/http.ts'
import { download, json } from './answers.ts'
import { type Call, flag, listed, type TagFormat, tagFormat } from './arguments.ts'
import { type Desk, instanceOf } from './desk.ts'
import { datasetJson } from './dicomJson.ts'
import { type Asked, tagsIn } from './dictionary.ts'
import { Refusal } from './errors.ts'
import { failed } from './failures.ts'
import type { JsonObject } from './json.ts'
import { qualityAsked } from './lossyQuality.ts'
import type { Routes } from './routes.ts'
import { convertedFile, syntaxAsked } from './transcoding.ts'

/** What one instance holds: its file, its tags. */
export const instanceRoutes: Routes = (app, desk) => {
  app.get('/instances/:id/file', async c => {
    const instance = instanceOf(desk, c.req.param('id'))
    expectFile(c)
    const quality = qualityAsked(desk, c)
    const name = c.req.query('filename') ?? `${instance.id}.dcm`
    const stored = instance.transferSyntaxUid
    const asked = c.req.query('transcode') ?? stored
    const to = asked === stored ? stored : syntaxAsked(desk, asked)
    const into = to === undefined ? undefined : { to, quality }
    const { syntax, file, why } = await convertedFile(desk, instance, into)
    if (syntax !== to)
      throw new Refusal('NotImplemented', `This image is not converted to ${to}: ${why}`)
    const length = syntax === stored ? instance.bytes : undefined
    return streamed(
      file,
      { headers: download('application/dicom', name, length) },
      { outgoing: c.env?.outgoing, failed: failed(desk) },
    )
  })

  app.get('/instances/:id/tags', async c =>
    json(
      await tagsOf(desk, instanceOf(desk, c.req.param('id')), {
        format: tagFormat(c, 'full'),
        ignoreLength: ignoreLength(desk, c),
        whole: flag(c, 'whole') ?? false,
      }),
    ),
  )

  app.get('/instances/:id/simplified-tags', async c =>
    json(
      await tagsOf(desk, instanceOf(desk, c.req.param('id')), {
        format: 'human',
        ignoreLength: ignoreLength(desk, c),
        whole: flag(c, 'whole') ?? false,
      }),
    ),
  )

  app.get('/instances/:id/header', async c => {
    const meta = await desk.headers.meta(instanceOf(desk, c.req.param('id')))
    return json(datasetJson(meta, { format: tagFormat(c, 'full'), without: unshown }))
  })
}

/** Binary elements of the File Meta Information, which Orthanc leaves out. */
const unshown = new Set([0x00020001, 0x00020102])

/** The tags whose texts the request wants however long they are. */
export function ignoreLength(desk: Desk, c: Call): Asked[] {
  return listed(c.req.query('ignore-length'), ',').map(desk.dictionary.asked)
}

/** An instance's dataset as Orthanc's JSON, up to the pixel data or `whole`. */
export async function tagsOf(
  desk: Desk,
  instance: Instance,
  shown: { format: TagFormat; ignoreLength?: readonly Asked[]; whole?: boolean },
): Promise<JsonObject> {
  const { whole, format, ignoreLength = [] } = shown
  const { dataset, pixelData } = whole
    ? { dataset: await desk.headers.readWhole(instance) }
    : await desk.headers.read(instance)
  return datasetJson(dataset, {
    ...{ format, pixelData, names: desk.dictionary.nameOf },
    ignoreLength: tagsIn(dataset, ignoreLength),
  })
}

/** Another rendering than the file itself is not here yet. */
function expectFile(c: Call): void {
  if (/^application\/dicom\+(json|xml)/.test(c.req.header('accept') ?? '')) {
    throw new Refusal('NotImplemented', 'The file is given as application/dicom only')
  }
}
