import type { JobKind } from '../../duties/jobs/jobs.ts'
import { Fault } from '../../faults.ts'
import type { Instance, PublicId } from '../../holdings/catalog/catalog.ts'
import type { Bytes } from '../../holdings/storage/storage.ts'
import { transferSyntaxes } from '../../standard/dicom/dicom.ts'
import { createNaming } from './archiveNames.ts'
import { ancestorOf, type Desk } from './desk.ts'
import { descriptionOfJobs } from './jobsBodies.ts'
import type { JsonObject } from './json.ts'
import { createMedia } from './media.ts'
import { convertedFile } from './transcoding.ts'
import { type Member, zipped } from './zip.ts'

/** An archive as it was asked for; plain data, which a job keeps. */
export interface Wanted {
  resources: readonly PublicId[]
  /** With a DICOMDIR and file names for media; else in folders for people. */
  media: boolean
  /** More in the DICOMDIR than must be. */
  extended: boolean
  /** Names in all letters that there are. */
  utf8: boolean
  filename: string
  /** The transfer syntax of what can be converted; the rest stays as it is. */
  transcode?: string
  /** How much may not get lost by it, 1 to 100. */
  quality?: number
}

const comment = 'Created by Waystation'
const megabyte = 1024 * 1024
/** How much an image may grow that is decompressed; only tells which members get room for 4 GB. */
const growth = 50

/** What of an archive is known before it is made; `size` is that of the ZIP file so far. */
export function contentOf(desk: Desk, wanted: Wanted, size = 0): JsonObject {
  const { instances, bytes } = sumsOf(desk, wanted.resources)
  return {
    ArchiveSize: String(size),
    ArchiveSizeMB: Math.floor(size / megabyte),
    Description: descriptionOfJobs,
    InstancesCount: instances,
    Transcode: wanted.transcode,
    UncompressedSize: String(bytes),
    UncompressedSizeMB: Math.floor(bytes / megabyte),
  }
}

/** Makes the archive as the job's output `archive`. Interrupted, it is begun anew. */
export function archiveJob(desk: Desk, type: 'Archive' | 'Media'): JobKind<Wanted> {
  return {
    type,
    async run({ description, tell, keep }) {
      const making = createMaking(desk, description)
      const bytes = (async function* () {
        for await (const chunk of making.zip) {
          tell({ progress: making.progress() })
          yield chunk
        }
      })()
      const about = { type: 'application/zip', filename: description.filename }
      const output = await keep('archive', about, bytes)
      tell({ content: making.content(output.bytes) })
    },
  }
}

/** The archive while it is made, listed among the jobs as long as somebody reads it. */
export async function* attendedZip(desk: Desk, wanted: Wanted): Bytes {
  const making = createMaking(desk, wanted)
  const type = wanted.media ? 'Media' : 'Archive'
  const job = desk.jobs.attend({ type, content: making.content(0) })
  let size = 0
  let outcome: unknown = new Fault('cancelled', 'the caller went away')
  try {
    for await (const chunk of making.zip) {
      if (job.stop.aborted) throw new Fault('cancelled', 'on request')
      size += chunk.length
      job.tell({ progress: making.progress() })
      yield chunk
    }
    outcome = undefined
  } catch (error) {
    outcome = error
    throw error
  } finally {
    job.tell({ content: making.content(size) })
    job.settle(outcome)
  }
}

function createMaking(desk: Desk, wanted: Wanted) {
  const { bytes } = sumsOf(desk, wanted.resources)
  let begun = 0
  const members = membersOf(desk, wanted, instance => {
    begun += instance.bytes
  })
  return {
    zip: zipped(members, comment),
    progress: () => Math.min(begun / Math.max(bytes, 1), 0.99),
    content: (size: number) => contentOf(desk, wanted, size),
  }
}

/** Each instance once, however often it is among the resources. */
function* instancesOf(desk: Desk, resources: readonly PublicId[]): Iterable<Instance> {
  for (const id of outermost(desk, resources)) yield* desk.archive.catalog.instancesOf(id)
}

/** Of resources those that are not part of another one. */
function outermost(desk: Desk, resources: readonly PublicId[]): PublicId[] {
  const all = new Set(resources)
  return [...all].filter(id =>
    (['Patient', 'Study', 'Series'] as const).every(level => {
      const above = ancestorOf(desk, id, level)
      return above === undefined || above === id || !all.has(above)
    }),
  )
}

function sumsOf(desk: Desk, resources: readonly PublicId[]): { instances: number; bytes: number } {
  const { catalog } = desk.archive
  const sums = { instances: 0, bytes: 0 }
  for (const id of outermost(desk, resources)) {
    const parent = catalog.parent(id)
    sums.instances += parent?.instances ?? (catalog.instance(id) ? 1 : 0)
    sums.bytes += parent?.bytes ?? catalog.instance(id)?.bytes ?? 0
  }
  return sums
}

async function* membersOf(
  desk: Desk,
  wanted: Wanted,
  began: (instance: Instance) => void,
): AsyncIterable<Member> {
  const nameOf = createNaming(desk, wanted.utf8)
  const media = wanted.media ? createMedia(desk, { extended: wanted.extended }) : undefined
  const { transcode: to, quality = desk.settings.lossyQuality } = wanted
  const into = to === undefined ? undefined : { to, quality }
  for (const instance of instancesOf(desk, wanted.resources)) {
    began(instance)
    const { syntax, sopInstanceUid, file } = await convertedFile(desk, instance, into)
    const transferSyntaxUid = syntax
    const converted = syntax !== instance.transferSyntaxUid
    const written = { transferSyntaxUid, sopInstanceUid }
    const name = media ? await media.add(instance, written) : nameOf(instance)
    const bytes = converted ? instance.bytes * growth : instance.bytes
    const compression = compressionOf(transferSyntaxUid)
    yield { name, bytes, at: desk.now(), compression, content: file }
  }
  if (media) {
    const directory = media.directory()
    const content = (async function* () {
      yield directory
    })()
    yield { name: 'DICOMDIR', bytes: directory.length, at: desk.now(), compression: 1, content }
  }
}

/** Plain pixels shrink to half at little cost; compressed ones do not shrink again. */
function compressionOf(transferSyntaxUid: string): number {
  return transferSyntaxes.get(transferSyntaxUid)?.kind === 'uncompressed' ? 1 : 0
}
