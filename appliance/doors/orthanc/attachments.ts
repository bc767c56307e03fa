import { createHash } from 'node:crypto'
import { bodyOf, rangeOf, streamed } from '../../host/http/http.ts'
import { done, doneAsJson, download, forbidden, json, text } from './answers.ts'
import { type Call, flag } from './arguments.ts'
import {
  type Attachment,
  attach,
  attachmentOf,
  detach,
  dicom,
  infoOf,
  markPacked,
  numbersOf,
  repack,
  writtenAt,
} from './attached.ts'
import { type Desk, expectResource } from './desk.ts'
import { Refusal } from './errors.ts'
import { failed } from './failures.ts'
import { levelAt } from './levels.ts'
import { attachmentRegistry, attachmentType, isOfUsers } from './registry.ts'
import { etagOf, expectRevision, isUnchanged } from './revisions.ts'
import type { Routes } from './routes.ts'

/** Of old, and the only one of Orthanc's own that may be removed; here there never is one. */
const dicomAsJson = 2

const operations = [
  'compress',
  'compressed-data',
  'compressed-md5',
  'compressed-size',
  'data',
  'info',
  'is-compressed',
  'md5',
  'size',
  'uncompress',
  'verify-md5',
] as const

export const attachmentRoutes: Routes = (app, desk) => {
  const names = attachmentRegistry(desk.settings)
  for (const path of ['patients', 'studies', 'series', 'instances']) {
    const level = levelAt(path)
    const one = `/${path}/:id/attachments/:name`
    const asked = (c: Call) => {
      const number = names.numberOf(c.req.param('name')!)
      const id = c.req.param('id')!
      expectResource(desk, level, id)
      return { id, number }
    }

    app.get(`/${path}/:id/attachments`, c => {
      const id = c.req.param('id')
      expectResource(desk, level, id)
      const numbers = numbersOf(desk, level, id)
      return flag(c, 'full')
        ? json(Object.fromEntries(numbers.map(number => [names.nameOf(number), number])))
        : json(numbers.map(number => names.nameOf(number)))
    })

    /** A route below one attachment, which every answer names with its ETag. */
    const about = (
      what: string,
      answer: (attachment: Attachment, c: Call) => Promise<Response> | Response,
    ) =>
      app.get(`${one}${what}`, async c => {
        const { id, number } = asked(c)
        const attachment = attachmentOf(desk, level, id, number)
        const etag = etagOf(attachment.revision, await attachment.md5())
        const unchanged = isUnchanged(c, etag)
        if (unchanged) return unchanged
        const response = await answer(attachment, c)
        response.headers.set('ETag', etag)
        return response
      })

    about('', () => json(operations))
    about('/info', async attachment => json(await infoOf(attachment)))
    about('/size', ({ size }) => text(String(size)))
    about('/md5', async attachment => text(await attachment.md5()))
    about('/is-compressed', ({ packed }) => text(packed ? '1' : '0'))
    about('/compressed-size', async ({ size, packed }) =>
      text(String((await packed?.())?.size ?? size)),
    )
    about('/compressed-md5', async attachment =>
      text((await infoOf(attachment)).CompressedMD5 as string),
    )
    about('/data', (attachment, c) => sendAttachment(desk, attachment, c))
    about('/compressed-data', async ({ packed, ...attachment }, c) =>
      sendAttachment(desk, { ...attachment, ...(await packed?.()) }, c),
    )

    app.post(`${one}/verify-md5`, async c => {
      const { id, number } = asked(c)
      const attachment = attachmentOf(desk, level, id, number)
      const hash = createHash('md5')
      for await (const chunk of attachment.open()) hash.update(chunk)
      if (hash.digest('hex') !== (await attachment.md5())) throw new Refusal('CorruptedFile')
      return doneAsJson()
    })

    for (const compressed of [true, false]) {
      app.post(`${one}/${compressed ? 'compress' : 'uncompress'}`, async c => {
        const { id, number } = asked(c)
        const own = writtenAt(desk, id, number)
        if (own) {
          await repack(desk, id, own, compressed)
          return doneAsJson()
        }
        attachmentOf(desk, level, id, number)
        await markPacked(desk, id, compressed)
        return doneAsJson()
      })
    }

    app.put(one, async c => {
      const { id, number } = asked(c)
      if (!isOfUsers(number)) return forbidden()
      expectRevision(c, desk, writtenAt(desk, id, number))
      const bytes = bodyOf(c.req.raw, c.env?.incoming, desk.limits.bodyBytes)
      const { revision, md5 } = await attach(desk, id, number, bytes)
      return doneAsJson({ ETag: etagOf(revision, md5) })
    })

    app.delete(one, async c => {
      const { id, number } = asked(c)
      if (!isOfUsers(number) && number !== dicomAsJson) return forbidden()
      const before = writtenAt(desk, id, number)
      expectRevision(c, desk, before)
      if (!before) throw new Refusal('UnknownResource')
      await detach(desk, id, before)
      return done()
    })
  }
}

/** The bytes, or the range of them that is asked for. */
function sendAttachment(
  desk: Desk,
  attachment: Pick<Attachment, 'size' | 'uuid' | 'number' | 'open'>,
  c: Call,
): Promise<Response> {
  const { size, uuid, number } = attachment
  const type = attachmentType(desk.settings, number)
  const name = c.req.query('filename') ?? (number === dicom ? `${uuid}.dcm` : uuid)
  const range = rangeOf(c.req.header('range'), size)
  if (range === 'unsatisfiable') throw new Refusal('BadRange')
  const on = { outgoing: c.env?.outgoing, failed: failed(desk) }
  if (range === 'whole') {
    return streamed(attachment.open(), { headers: download(type, name, size) }, on)
  }
  const headers = {
    ...download(type, name, range.to - range.from),
    'Content-Range': `bytes ${range.from}-${range.to - 1}/${size}`,
  }
  return streamed(attachment.open(range), { status: 206, headers }, on)
}
