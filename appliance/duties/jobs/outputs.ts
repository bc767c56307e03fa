import { Fault } from '../../faults.ts'
import type { BlobKey, Blobs, Bytes } from '../../holdings/storage/storage.ts'
import type { Entry } from './shelf.ts'

/** What jobs made, as blobs of their own. */
export interface Outputs {
  /** Faults: `cancelled`, `storage-full`, `storage-failed`; nothing is left then. */
  write(bytes: Bytes, stop: AbortSignal): Promise<{ blob: BlobKey; bytes: number }>
  remove(blobs: readonly BlobKey[]): Promise<void>
  /** Removes what no job names: a crash came between the blob and the job's record. */
  sweep(entries: readonly Entry[]): Promise<void>
}

export function createOutputs(parts: { blobs: Blobs; hasRoom: () => boolean }): Outputs {
  const { blobs, hasRoom } = parts

  /** An output never takes the room that images need. */
  async function* guarded(bytes: Bytes, stop: AbortSignal): Bytes {
    for await (const chunk of bytes) {
      if (stop.aborted) throw new Fault('cancelled', 'the job was stopped')
      if (!hasRoom()) throw new Fault('storage-full', 'no room beside the images')
      yield chunk
    }
  }

  async function remove(given: readonly BlobKey[]): Promise<void> {
    for (const blob of given) await blobs.remove(blob)
  }

  return {
    async write(bytes, stop) {
      const { key, bytes: length } = await blobs.write(guarded(bytes, stop))
      return { blob: key, bytes: length }
    },
    remove,
    async sweep(entries) {
      const named = new Set(
        entries.flatMap(entry => Object.values(entry.outputs).map(({ blob }) => blob)),
      )
      const lost: BlobKey[] = []
      for await (const { key } of blobs.keys()) if (!named.has(key)) lost.push(key)
      await remove(lost)
    },
  }
}
