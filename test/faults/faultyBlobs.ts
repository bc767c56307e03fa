import { Fault } from '../../appliance/faults.ts'
import type { BlobKey, Blobs, Bytes } from '../../appliance/holdings/storage/storage.ts'

/** What goes wrong at the n-th call (from 1) of a verb, or at every call. */
export interface Trouble {
  verb: 'write' | 'read' | 'remove'
  at: number | 'always'
  /**
   * `full`, `failing`: the disk's error after `after` bytes, nothing left. `short`: the bytes end
   * early and the blob stays under its name, as after a power cut. `slow`: waits for `until`.
   */
  how: 'full' | 'failing' | 'short' | 'slow'
  after?: number
  until?: Promise<void>
}

/** Storage in which things go wrong as listed. The list may be changed while it is used. */
export function faultyBlobs<B extends Blobs>(inner: B, troubles: readonly Trouble[]): B {
  const calls = { write: 0, read: 0, remove: 0 }
  const troubleOf = (verb: Trouble['verb']): Trouble | undefined => {
    const call = ++calls[verb]
    return troubles.find(each => each.verb === verb && (each.at === 'always' || each.at === call))
  }
  const error = ({ how }: Trouble) =>
    how === 'full' ? new Fault('storage-full', 'ENOSPC') : new Fault('storage-failed', 'EIO')

  async function* spoiled(bytes: Bytes, trouble: Trouble): Bytes {
    let left = trouble.after ?? 0
    for await (const chunk of bytes) {
      if (trouble.how === 'slow') await trouble.until
      else if (chunk.length > left) {
        if (left > 0) yield chunk.subarray(0, left)
        if (trouble.how === 'short') {
          // The rest is drunk and lost, so that the giver sees nothing.
          left = 0
          continue
        }
        throw error(trouble)
      } else left -= chunk.length
      yield chunk
    }
  }

  return {
    ...inner,
    write(bytes: Bytes) {
      const trouble = troubleOf('write')
      return inner.write(trouble ? spoiled(bytes, trouble) : bytes)
    },
    read(key: BlobKey, range?: { from: number; to: number }, into?: Uint8Array) {
      const trouble = troubleOf('read')
      return trouble ? spoiled(inner.read(key, range, into), trouble) : inner.read(key, range, into)
    },
    async remove(key: BlobKey) {
      const trouble = troubleOf('remove')
      if (trouble?.how === 'slow') await trouble.until
      else if (trouble) throw error(trouble)
      await inner.remove(key)
    },
  }
}
