import { createHash } from 'node:crypto'
import { keyOf, type Level, type PublicId } from '../../holdings/catalog/catalog.ts'
import { done, forbidden, json, missing, text } from './answers.ts'
import { type Call, flag, textBody } from './arguments.ts'
import { type Desk, expectResource } from './desk.ts'
import { Refusal } from './errors.ts'
import { compactTime, levelAt } from './levels.ts'
import { isOfUsers, metadataNumber, metadataRegistry } from './registry.ts'
import { etagOf, expectRevision, isUnchanged } from './revisions.ts'
import type { Routes } from './routes.ts'

/** What users wrote: it lives in this door's own space of the store. */
interface Written {
  revision: number
  value: string
}

const written = (id: PublicId, number: number) => keyOf('metadata', id, number)

/** All metadata of a resource by number, the system's and the users', in the order of the numbers. */
export function metadataOf(desk: Desk, level: Level, id: PublicId): Map<number, Written> {
  const all = new Map<number, Written>()
  for (const [name, value] of Object.entries(systemMetadata(desk, level, id))) {
    if (value !== undefined) all.set(metadataNumber[name]!, { revision: 0, value })
  }
  const own = desk.store.range<Written & { number: number }>({ under: keyOf('metadata', id) })
  for (const [, { number, revision, value }] of own) all.set(number, { revision, value })
  return new Map([...all].sort(([a], [b]) => a - b))
}

/** One that was written, without gathering the others. */
export function writtenMetadata(desk: Desk, id: PublicId, name: string): string | undefined {
  return desk.store.get<Written>(written(id, metadataNumber[name]!))?.value
}

/** By name, as objects show it. */
export function namedMetadata(desk: Desk, level: Level, id: PublicId): Record<string, string> {
  const names = metadataRegistry(desk.settings)
  return Object.fromEntries(
    [...metadataOf(desk, level, id)].map(([number, { value }]) => [names.nameOf(number), value]),
  )
}

/** What the box itself knows, by name. */
function systemMetadata(
  desk: Desk,
  level: Level,
  id: PublicId,
): Record<string, string | undefined> {
  const { catalog } = desk.archive
  const signature = desk.mainTags.signature[level]
  if (level !== 'Instance') {
    const parent = catalog.parent(id)!
    const [first] = level === 'Series' ? catalog.instancesOf(id) : []
    return {
      LastUpdate: compactTime(parent.lastUpdate),
      MainDicomTagsSignature: signature,
      RemoteAET: level === 'Series' ? (first?.origin.callingAeTitle ?? '') : undefined,
      ExpectedNumberOfInstances: parent.expectedInstances?.toString(),
    }
  }
  const { tags, origin, ...instance } = catalog.instance(id)!
  return {
    IndexInSeries: tags.InstanceNumber ?? tags.ImageIndex,
    ReceptionDate: compactTime(origin.at),
    RemoteAET: origin.callingAeTitle ?? '',
    Origin: origins[origin.door],
    TransferSyntax: instance.transferSyntaxUid,
    SopClassUid: instance.sopClassUid,
    RemoteIP: origin.address,
    CalledAET: origin.calledAeTitle,
    HttpUsername: origin.door === 'DicomProtocol' ? undefined : (origin.httpUser ?? ''),
    PixelDataOffset: instance.pixelDataOffset?.toString(),
    MainDicomTagsSignature: signature,
  }
}

/** Orthanc knows no such doors as some of ours; the nearest word it has. */
const origins = {
  DicomProtocol: 'DicomProtocol',
  RestApi: 'RestApi',
  DicomWeb: 'Plugins',
  WebDav: 'WebDav',
  Usb: 'Unknown',
  Unknown: 'Unknown',
} as const

export const metadataRoutes: Routes = (app, desk) => {
  const names = metadataRegistry(desk.settings)
  for (const path of ['patients', 'studies', 'series', 'instances']) {
    const level = levelAt(path)
    const one = `/${path}/:id/metadata/:name`

    app.get(`/${path}/:id/metadata`, c => {
      const id = c.req.param('id')
      expectResource(desk, level, id)
      const numeric = flag(c, 'numeric') ?? false
      const all = [...metadataOf(desk, level, id)].map(
        ([number, { value }]) => [numeric ? String(number) : names.nameOf(number), value] as const,
      )
      if (flag(c, 'expand')) return json(Object.fromEntries(all))
      return json(numeric ? all.map(([number]) => Number(number)) : all.map(([name]) => name))
    })

    app.get(one, c => {
      const { id, number } = asked(c, desk, level)
      const found = metadataOf(desk, level, id).get(number)
      if (!found) return missing()
      const etag = etagOf(found.revision, md5(found.value))
      return isUnchanged(c, etag) ?? text(found.value, { ETag: etag })
    })

    app.put(one, async c => {
      const { id, number } = asked(c, desk, level)
      if (!isOfUsers(number)) return forbidden()
      const value = await textBody(c, desk.limits.formBytes)
      const key = written(id, number)
      const before = desk.store.get<Written>(key)
      expectRevision(c, desk, before && { revision: before.revision, md5: md5(before.value) })
      const revision = before ? before.revision + 1 : 0
      const kept = desk.store.commit({
        when: [[key, before]],
        put: [[key, { number, revision, value }]],
      })
      if (!kept) throw new Refusal('Revision')
      desk.archive.tell('UpdatedMetadata', id)
      await desk.store.flushed()
      return text('', { ETag: etagOf(revision, md5(value)) })
    })

    app.delete(one, async c => {
      const { id, number } = asked(c, desk, level)
      if (!isOfUsers(number)) return forbidden()
      const key = written(id, number)
      const before = desk.store.get<Written>(key)
      expectRevision(c, desk, before && { revision: before.revision, md5: md5(before.value) })
      if (!before) throw new Refusal('UnknownResource')
      if (!desk.store.commit({ when: [[key, before]], remove: [key] })) {
        throw new Refusal('Revision')
      }
      desk.archive.tell('UpdatedMetadata', id)
      await desk.store.flushed()
      return done()
    })
  }

  function asked(c: Call, { archive }: Desk, level: Level): { id: PublicId; number: number } {
    const id = c.req.param('id')!
    if (archive.catalog.levelOf(id) !== level) throw new Refusal('UnknownResource')
    return { id, number: names.numberOf(c.req.param('name')!) }
  }
}

/** The keys of what users wrote about a resource, for whoever forgets the resource. */
export function metadataKeys(desk: Pick<Desk, 'store'>, id: PublicId): string[] {
  return [...desk.store.range<{ number: number }>({ under: keyOf('metadata', id) })].map(
    ([, { number }]) => written(id, number),
  )
}

const md5 = (value: string): string => createHash('md5').update(value).digest('hex')
