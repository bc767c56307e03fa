import type { Instance } from '../../holdings/catalog/catalog.ts'
import { streamed } from '../../host/http/http.ts'
import { download, json } from './answers.ts'
import { type Call, flag, listed, type TagFormat, tagFormat } from './arguments.ts'
import { type Desk, instanceOf } from './desk.ts'
import { datasetJson, tagNamed } from './dicomJson.ts'
import { Refusal } from './errors.ts'
import { failed } from './failures.ts'
import type { JsonObject } from './json.ts'
import type { Routes } from './routes.ts'

/** What one instance holds: its file, its tags. */
export const instanceRoutes: Routes = (app, desk) => {
  app.get('/instances/:id/file', c => {
    const instance = instanceOf(desk, c.req.param('id'))
    expectAsStored(c, instance)
    const name = c.req.query('filename') ?? `${instance.id}.dcm`
    return streamed(
      desk.archive.open(instance.id),
      { headers: download('application/dicom', name, instance.bytes) },
      { outgoing: c.env?.outgoing, failed: failed(desk) },
    )
  })

  app.get('/instances/:id/tags', async c =>
    json(
      await tagsOf(desk, instanceOf(desk, c.req.param('id')), {
        format: tagFormat(c, 'full'),
        ignoreLength: ignoreLength(c),
        whole: flag(c, 'whole') ?? false,
      }),
    ),
  )

  app.get('/instances/:id/simplified-tags', async c =>
    json(
      await tagsOf(desk, instanceOf(desk, c.req.param('id')), {
        format: 'human',
        ignoreLength: ignoreLength(c),
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
export function ignoreLength(c: Call): Set<number> {
  return new Set(listed(c.req.query('ignore-length'), ',').map(tagNamed))
}

/** An instance's dataset as Orthanc's JSON, up to the pixel data or `whole`. */
export async function tagsOf(
  desk: Desk,
  instance: Instance,
  shown: { format: TagFormat; ignoreLength?: ReadonlySet<number>; whole?: boolean },
): Promise<JsonObject> {
  const { whole, ...rest } = shown
  const form = { ...rest, names: desk.names }
  if (whole) return datasetJson(await desk.headers.readWhole(instance), form)
  const { dataset, pixelData } = await desk.headers.read(instance)
  return datasetJson(dataset, { ...form, pixelData })
}

/** Another transfer syntax or another rendering than the file itself needs what is not here yet. */
function expectAsStored(c: Call, instance: Instance): void {
  const transcode = c.req.query('transcode')
  if (transcode !== undefined && transcode !== instance.transferSyntaxUid) {
    throw new Refusal('NotImplemented', 'Pixel data are not transcoded')
  }
  if (/^application\/dicom\+(json|xml)/.test(c.req.header('accept') ?? '')) {
    throw new Refusal('NotImplemented', 'The file is given as application/dicom only')
  }
}
