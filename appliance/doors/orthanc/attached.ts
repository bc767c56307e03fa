import { createHash, randomUUID } from 'node:crypto'
import { type Instance, keyOf, type Level, type PublicId } from '../../holdings/catalog/catalog.ts'
import type { BlobKey, Bytes } from '../../holdings/storage/storage.ts'
import type { Desk } from './desk.ts'
import { Refusal } from './errors.ts'
import type { JsonObject } from './json.ts'
import { packedOf, partOf } from './packing.ts'

/** Bytes of an attachment as they lie in the storage. */
interface Stored {
  blob: BlobKey
  bytes: number
  md5: string
}

/** What users attached: the record lies in this door's own space of the store, the bytes in blobs. */
export interface Written extends Stored {
  number: number
  revision: number
  uuid: string
  /** Orthanc's compressed form, while it is to be kept so. */
  packed?: Stored
}

/** One attachment, the user's or the DICOM file itself, as its routes see it. */
export interface Attachment {
  number: number
  revision: number
  uuid: string
  size: number
  md5(): Promise<string>
  open(range?: { from: number; to: number }): Bytes
  /** Of what is stored; absent unless compressed. */
  packed?: () => Promise<Packed>
}

/** Orthanc's compressed form of an attachment. */
export interface Packed {
  size: number
  md5: string
  open(range?: { from: number; to: number }): Bytes
}

export const dicom = 1

const packedKey = (id: PublicId) => keyOf('packed', id)

/** What of an instance is to be forgotten with it: that its file is to be told as compressed. */
export const packedKeys = (id: PublicId): string[] => [packedKey(id)]

/**
 * Has the DICOM file told as compressed, or not: a file is kept byte for byte as it came, so its
 * compressed form is made each time somebody wants it. Would survive a power cut.
 */
export async function markPacked(desk: Desk, id: PublicId, compressed: boolean): Promise<void> {
  desk.store.commit(compressed ? { put: [[packedKey(id), true]] } : { remove: [packedKey(id)] })
  await desk.store.flushed()
}

const keyFor = (id: PublicId, number: number) => keyOf('attachment', id, number)

/** Orthanc names each stored file by a UUID; ours follows from the dataset, so it stays the same. */
export function uuidOf(instance: Instance): string {
  const hex = instance.datasetDigest.slice(0, 32)
  return [8, 12, 16, 20, 32].map((end, i) => hex.slice([0, 8, 12, 16, 20][i], end)).join('-')
}

export function writtenOf(desk: Pick<Desk, 'store'>, id: PublicId): Written[] {
  return [...desk.store.range<Written>({ under: keyOf('attachment', id) })].map(([, each]) => each)
}

export const writtenAt = (desk: Desk, id: PublicId, number: number): Written | undefined =>
  desk.store.get<Written>(keyFor(id, number))

export function numbersOf(desk: Desk, level: Level, id: PublicId): number[] {
  const own = writtenOf(desk, id).map(each => each.number)
  return level === 'Instance' ? [dicom, ...own] : own
}

/** Refusal: UnknownResource. */
export function attachmentOf(desk: Desk, level: Level, id: PublicId, number: number): Attachment {
  const { archive, attachments } = desk
  if (level === 'Instance' && number === dicom) {
    const instance = archive.catalog.instance(id)!
    return {
      number,
      revision: instance.revision ?? 0,
      uuid: uuidOf(instance),
      size: instance.bytes,
      md5: () => desk.headers.md5(instance),
      open: range => archive.open(id, range),
      ...(desk.store.get<true>(packedKey(id)) && { packed: () => packedFile(desk, instance) }),
    }
  }
  const own = writtenAt(desk, id, number)
  if (!own) throw new Refusal('UnknownResource')
  const { packed, revision, uuid } = own
  const reading =
    ({ blob, bytes }: Stored) =>
    (range = { from: 0, to: bytes }) =>
      attachments.read(blob, range)
  return {
    ...{ number, revision, uuid, size: own.bytes, open: reading(own) },
    md5: async () => own.md5,
    ...(packed && {
      packed: async () => ({ size: packed.bytes, md5: packed.md5, open: reading(packed) }),
    }),
  }
}

async function packedFile({ archive, headers }: Desk, instance: Instance): Promise<Packed> {
  const form = () => packedOf(instance.bytes, archive.open(instance.id))
  const { size, md5 } = await headers.packed(instance, form)
  return { size, md5, open: range => (range ? partOf(form(), range) : form()) }
}

export async function infoOf(attachment: Attachment): Promise<JsonObject> {
  const { size } = attachment
  const [md5, packed] = await Promise.all([attachment.md5(), attachment.packed?.()])
  return {
    CompressedMD5: packed?.md5 ?? md5,
    CompressedSize: packed?.size ?? size,
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
  const all = numbersOf(desk, level, id)
  return Promise.all(all.map(number => infoOf(attachmentOf(desk, level, id, number))))
}

/**
 * Keeps bytes under a resource; they would survive a power cut before anything speaks of them.
 * Refusal: Revision when another was faster.
 */
export async function attach(
  desk: Desk,
  id: PublicId,
  number: number,
  bytes: Bytes,
): Promise<Written> {
  const before = writtenAt(desk, id, number)
  const stored = await keep(desk, bytes)
  const now: Written = {
    ...{ number, uuid: randomUUID(), ...stored },
    revision: before ? before.revision + 1 : 0,
  }
  await replace(desk, id, before, now)
  return now
}

/** Refusal: Revision when another was faster. */
export const detach = (desk: Desk, id: PublicId, before: Written): Promise<void> =>
  replace(desk, id, before, undefined)

/** Puts it into Orthanc's compressed form, or out of it. */
export async function repack(
  desk: Desk,
  id: PublicId,
  before: Written,
  compressed: boolean,
): Promise<void> {
  if ((before.packed !== undefined) === compressed) return
  const { packed: _, ...plain } = before
  const packed = compressed
    ? await keep(desk, packedOf(before.bytes, desk.attachments.read(before.blob)))
    : undefined
  await replace(desk, id, before, { ...plain, ...(packed && { packed }) }, false)
}

/** The only place where an attachment's record changes: what it no longer speaks of goes after it. */
async function replace(
  desk: Desk,
  id: PublicId,
  before: Written | undefined,
  now: Written | undefined,
  told = true,
): Promise<void> {
  const number = (now ?? before)!.number
  const key = keyFor(id, number)
  const isThere = desk.archive.catalog.levelOf(id) !== undefined
  const kept =
    isThere &&
    desk.store.commit({
      when: [[key, before]],
      ...(now ? { put: [[key, now] as const] } : { remove: [key] }),
    })
  const gone = kept ? blobsOf(before) : blobsOf(now)
  const left = new Set(kept ? blobsOf(now) : blobsOf(before))
  if (kept && told) desk.archive.tell('UpdatedAttachment', id)
  if (kept) await desk.store.flushed()
  for (const blob of gone) if (!left.has(blob)) await desk.attachments.remove(blob)
  if (!kept) throw new Refusal(isThere ? 'Revision' : 'UnknownResource')
}

export const blobsOf = (written: Written | undefined): BlobKey[] =>
  written ? [written.blob, ...(written.packed ? [written.packed.blob] : [])] : []

export const attachmentKey = keyFor

async function keep({ attachments }: Desk, bytes: Bytes): Promise<Stored> {
  const hash = createHash('md5')
  async function* hashed() {
    for await (const chunk of bytes) {
      hash.update(chunk)
      yield chunk
    }
  }
  const { key, bytes: length } = await attachments.write(hashed())
  return { blob: key, bytes: length, md5: hash.digest('hex') }
}
