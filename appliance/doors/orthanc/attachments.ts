import { createHash, randomUUID } from 'node:crypto'
import { deflateSync } from 'node:zlib'
import { type Instance, keyOf, type Level, type PublicId } from '../../holdings/catalog/catalog.ts'
import { bodyOf, bytesOf, rangeOf, streamed } from '../../host/http/http.ts'
import { done, doneAsJson, download, forbidden, json, text } from './answers.ts'
import { type Call, flag } from './arguments.ts'
import { type Desk, expectResource } from './desk.ts'
import { Refusal } from './errors.ts'
import { failed } from './failures.ts'
import type { JsonObject } from './json.ts'
import { levelAt } from './levels.ts'
import { attachmentRegistry, attachmentType, isOfUsers } from './registry.ts'
import { etagOf, expectRevision, isUnchanged } from './revisions.ts'
import type { Routes } from './routes.ts'

/** What users attached: it lives in this door's own space of the store. */
interface Written {
  number: number
  revision: number
  uuid: string
  md5: string
  /** Base 64: the store keeps plain data. */
  data: string
  compressed: boolean
}

/** One attachment, the user's or the DICOM file itself, as the routes below see it. */
interface Attachment {
  number: number
  revision: number
  uuid: string
  size: number
  md5(): Promise<string>
  /** Of what is stored; the same as the plain one unless compressed. */
  compressed?: Uint8Array
  open(range?: { from: number; to: number }): AsyncIterable<Uint8Array>
}

const dicom = 1

const keyFor = (id: PublicId, number: number) => keyOf('attachment', id, number)

/** Orthanc names each stored file by a UUID; ours follows from the dataset, so it stays the same. */
export function uuidOf(instance: Instance): string {
  const hex = instance.datasetDigest.slice(0, 32)
  return [8, 12, 16, 20, 32].map((end, i) => hex.slice([0, 8, 12, 16, 20][i], end)).join('-')
}

function writtenOf(desk: Desk, id: PublicId): Written[] {
  return [...desk.store.range<Written>({ under: keyOf('attachment', id) })].map(([, each]) => each)
}

function numbersOf(desk: Desk, level: Level, id: PublicId): number[] {
  const own = writtenOf(desk, id).map(each => each.number)
  return level === 'Instance' ? [dicom, ...own] : own
}

function find(desk: Desk, level: Level, id: PublicId, number: number): Attachment {
  const { archive } = desk
  if (level === 'Instance' && number === dicom) {
    const instance = archive.catalog.instance(id)!
    return {
      number,
      revision: instance.revision ?? 0,
      uuid: uuidOf(instance),
      size: instance.bytes,
      md5: () => desk.headers.md5(instance),
      open: range => archive.open(id, range),
    }
  }
  const own = desk.store.get<Written>(keyFor(id, number))
  if (!own) throw new Refusal('UnknownResource')
  const data = Buffer.from(own.data, 'base64')
  return {
    number,
    revision: own.revision,
    uuid: own.uuid,
    size: data.length,
    md5: async () => own.md5,
    ...(own.compressed && { compressed: compress(data) }),
    open: range => once(range ? data.subarray(range.from, range.to) : data),
  }
}

async function* once(bytes: Uint8Array) {
  yield bytes
}

/** Orthanc's compressed form: the plain length in eight bytes, little endian, then a zlib stream. */
function compress(data: Uint8Array): Uint8Array {
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(data.length))
  return Buffer.concat([length, deflateSync(data)])
}

const md5Of = (data: Uint8Array): string => createHash('md5').update(data).digest('hex')

async function infoOf(attachment: Attachment): Promise<JsonObject> {
  const { compressed, size } = attachment
  const md5 = await attachment.md5()
  return {
    CompressedMD5: compressed ? md5Of(compressed) : md5,
    CompressedSize: compressed?.length ?? size,
    ContentType: attachment.number,
    UncompressedMD5: md5,
    UncompressedSize: size,
    Uuid: attachment.uuid,
  }
}

export async function attachmentsJson(
  desk: Desk,
  level: Level,
  id: PublicId,
): Promise<JsonObject[]> {
  const all = numbersOf(desk, level, id).map(number => infoOf(find(desk, level, id, number)))
  return Promise.all(all)
}

/** The keys of what is attached to a resource, for whoever forgets the resource. */
export const attachmentKeys = (desk: Desk, id: PublicId): string[] =>
  writtenOf(desk, id).map(each => keyFor(id, each.number))

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
        const attachment = find(desk, level, id, number)
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
    about('/is-compressed', ({ compressed }) => text(compressed ? '1' : '0'))
    about('/compressed-size', ({ size, compressed }) => text(String(compressed?.length ?? size)))
    about('/compressed-md5', async attachment =>
      text((await infoOf(attachment)).CompressedMD5 as string),
    )
    about('/data', (attachment, c) => sendAttachment(desk, attachment, c))
    about('/compressed-data', ({ compressed, ...attachment }, c) =>
      compressed
        ? sendAttachment(
            desk,
            { ...attachment, size: compressed.length, open: () => once(compressed) },
            c,
          )
        : sendAttachment(desk, attachment, c),
    )

    app.post(`${one}/verify-md5`, async c => {
      const { id, number } = asked(c)
      const attachment = find(desk, level, id, number)
      const hash = createHash('md5')
      for await (const chunk of attachment.open()) hash.update(chunk)
      if (hash.digest('hex') !== (await attachment.md5())) throw new Refusal('CorruptedFile')
      return doneAsJson()
    })

    for (const compressed of [true, false]) {
      app.post(`${one}/${compressed ? 'compress' : 'uncompress'}`, async c => {
        const { id, number } = asked(c)
        const own = desk.store.get<Written>(keyFor(id, number))
        if (own) {
          desk.store.commit({ put: [[keyFor(id, number), { ...own, compressed }]] })
          await desk.store.flushed()
          return doneAsJson()
        }
        find(desk, level, id, number)
        if (compressed) throw new Refusal('NotImplemented', 'DICOM files are kept as they came')
        return doneAsJson()
      })
    }

    app.put(one, async c => {
      const { id, number } = asked(c)
      if (!isOfUsers(number)) return forbidden()
      const data = await bytesOf(bodyOf(c.req.raw, c.env?.incoming, desk.limits.formBytes))
      const key = keyFor(id, number)
      const before = desk.store.get<Written>(key)
      expectRevision(c, desk, before)
      const revision = before ? before.revision + 1 : 0
      const md5 = md5Of(data)
      const now: Written = {
        ...{ number, revision, md5, compressed: false },
        uuid: randomUUID(),
        data: data.toString('base64'),
      }
      desk.store.commit({ put: [[key, now]] })
      await desk.store.flushed()
      return doneAsJson({ ETag: etagOf(revision, md5) })
    })

    app.delete(one, async c => {
      const { id, number } = asked(c)
      if (!isOfUsers(number)) return forbidden()
      const before = desk.store.get<Written>(keyFor(id, number))
      if (!before) throw new Refusal('UnknownResource')
      expectRevision(c, desk, before)
      desk.store.commit({ remove: [keyFor(id, number)] })
      await desk.store.flushed()
      return done()
    })
  }
}

/** The bytes, or the range of them that is asked for. */
function sendAttachment(desk: Desk, attachment: Attachment, c: Call): Promise<Response> {
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
