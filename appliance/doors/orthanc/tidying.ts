import type { Archive, Service } from '../../holdings/archive/archive.ts'
import { keyOf, type PublicId, type Store } from '../../holdings/catalog/catalog.ts'
import type { BlobKey, Blobs } from '../../holdings/storage/storage.ts'
import { attachmentKey, blobsOf, packedKeys, type Written, writtenOf } from './attached.ts'
import { labelKeys } from './labels.ts'
import { metadataKeys } from './metadata.ts'
import { protectionKeys } from './protection.ts'

interface Tidied {
  archive: Pick<Archive, 'catalog' | 'changes'>
  store: Store
  attachments: Blobs
}

/** Forgets what users wrote about those of the resources that are gone, and its bytes after it. */
export async function forgetWritten(
  parts: Pick<Tidied, 'archive' | 'store' | 'attachments'>,
  ids: Iterable<PublicId>,
): Promise<void> {
  const remove: string[] = []
  const blobs: BlobKey[] = []
  for (const id of ids) {
    if (parts.archive.catalog.levelOf(id) !== undefined) continue
    remove.push(
      ...metadataKeys(parts, id),
      ...labelKeys(parts, id),
      ...protectionKeys(id),
      ...packedKeys(id),
    )
    for (const written of writtenOf(parts, id)) {
      remove.push(attachmentKey(id, written.number))
      blobs.push(...blobsOf(written))
    }
  }
  if (remove.length === 0) return
  parts.store.commit({ remove })
  if (blobs.length === 0) return
  await parts.store.flushed()
  for (const blob of blobs) await parts.attachments.remove(blob)
}

const cursorKey = keyOf('tidied')
const atOnce = 500

/**
 * Follows the change log, so that what users wrote goes with its resource whichever door removed it,
 * also when nobody was there to see. What comes back before it was noticed keeps what was written.
 */
export function createTidying(parts: Tidied): Service {
  const { archive, store } = parts
  return {
    name: 'orthanc-tidying',
    async run(stop) {
      let isDue = false
      for await (const { seq, kind } of archive.changes(store.get<number>(cursorKey) ?? 0, stop)) {
        isDue ||= kind === 'Deleted'
        // A log tells that a study is gone and not each of its images: all that is written is asked.
        if (seq < archive.catalog.lastChange()) continue
        if (isDue) await tidy(parts, stop)
        isDue = false
        store.commit({ put: [[cursorKey, seq]] })
      }
    },
  }
}

async function tidy(parts: Tidied, stop: AbortSignal): Promise<void> {
  const written = writtenAbout(parts.store).values()
  while (!stop.aborted) {
    const some = Array.from(written.take(atOnce))
    if (some.length === 0) return
    await forgetWritten(parts, some)
    await new Promise(resolve => setImmediate(resolve))
  }
}

function writtenAbout(store: Store): Set<PublicId> {
  const ids = new Set<PublicId>()
  for (const table of ['metadata', 'labels', 'attachment', 'protected', 'packed']) {
    const under = keyOf(table)
    // Behind the table stands the identifier, whatever follows it.
    for (const [key] of store.range({ under })) {
      const id = /[0-9a-f]{8}(-[0-9a-f]{8}){4}/.exec(key.slice(under.length))?.[0]
      if (id) ids.add(id)
    }
  }
  return ids
}

/**
 * Removes bytes of attachments that no record speaks of: their writing was cut off before they were
 * told. To be done before anything is attached.
 */
export async function sweepAttachments({
  store,
  attachments,
}: Omit<Tidied, 'archive'>): Promise<void> {
  const known = new Set<BlobKey>()
  for (const [, written] of store.range<Written>({ under: keyOf('attachment') })) {
    for (const blob of blobsOf(written)) known.add(blob)
  }
  for await (const { key } of attachments.keys()) if (!known.has(key)) await attachments.remove(key)
}
