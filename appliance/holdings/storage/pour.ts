import { closeSync, fdatasync, writev } from 'node:fs'
import { promisify } from 'node:util'
import { Fault } from '../../faults.ts'
import { onDisk, storageFault } from './errors.ts'
import type { Bytes } from './storage.ts'

/** As much is gathered before it is written: fewer system calls, while memory stays bounded. */
const gathered = 256 * 1024
/** Before a blob's first lot: a CT image is written and synced in one turn of the thread pool. */
export const wholeAtMost = 768 * 1024
const mostChunks = 512
/** Of a large blob so much is synced while the rest arrives: at its end little is left to wait for. */
const syncedAhead = 16 * 1024 * 1024

const syncFile = promisify(fdatasync)

/**
 * Writes all of `bytes` into an empty file and answers how many they were, once they would survive a
 * power cut. `file` is open for synchronous writing (`O_DSYNC`): up to `whole` bytes are gathered,
 * written and synced in one turn of the thread pool. Of more than that `open` opens the file again,
 * to be synced now and then, and at the end; while one lot is being written the next is gathered, so
 * receiving and writing overlap, and a slow disk holds up the source. Chunks must not be changed by
 * their giver afterwards.
 */
export async function pour(
  bytes: Bytes,
  file: number,
  open: () => Promise<number>,
  whole = gathered,
): Promise<number> {
  let position = 0
  let lot: Uint8Array[] = []
  let size = 0
  let lots: number | undefined
  let writing: Promise<void> | undefined
  let unsynced = 0
  let syncing: Promise<void> | undefined
  let syncFailure: unknown
  function syncAhead(lots: number): void {
    unsynced = 0
    // Linux tells a file's failed write once: whoever hears of it here must not forget it.
    syncing = onDisk(syncFile(lots))
      .catch(error => {
        syncFailure ??= error
      })
      .finally(() => {
        syncing = undefined
      })
  }
  try {
    for await (const chunk of bytes) {
      if (chunk.length === 0) continue
      lot.push(chunk)
      size += chunk.length
      if (size < (lots === undefined ? whole : gathered) && lot.length < mostChunks) continue
      lots ??= await open()
      await writing
      if (syncFailure) throw syncFailure
      if (unsynced >= syncedAhead && !syncing) syncAhead(lots)
      writing = writeLot(lots, lot, position, size)
      // Whoever awaits it sees its failure; until then it is nobody's unhandled rejection.
      writing.catch(() => {})
      position += size
      unsynced += size
      lot = []
      size = 0
    }
    // The last lot need not wait for the one before; what is synced or closed is being written no more.
    const left = [writing, size > 0 ? writeLot(lots ?? file, lot, position, size) : undefined]
    const failed = (await Promise.allSettled(left)).find(each => each.status === 'rejected')
    if (failed) throw failed.reason
    await syncing
    if (lots !== undefined) await onDisk(syncFile(lots))
    if (syncFailure) throw syncFailure
    return position + size
  } finally {
    await writing?.catch(() => {})
    await syncing
    if (lots !== undefined) closeSync(lots)
  }
}

/** `writev` may take only a part; the rest follows until the disk takes nothing. */
function writeLot(
  file: number,
  lot: readonly Uint8Array[],
  position: number,
  size: number,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const next = (rest: readonly Uint8Array[], at: number, left: number) =>
      writev(file, rest, at, (error, written) => {
        if (error) reject(storageFault(error))
        else if (written === left) resolve()
        else if (written === 0) reject(new Fault('storage-failed', 'the disk took no bytes'))
        else next(behind(rest, written), at + written, left - written)
      })
    next(lot, position, size)
  })
}

/** What is left of a lot behind its first `written` bytes. */
export function behind(lot: readonly Uint8Array[], written: number): Uint8Array[] {
  const rest: Uint8Array[] = []
  let skip = written
  for (const chunk of lot) {
    if (skip < chunk.length) rest.push(skip === 0 ? chunk : chunk.subarray(skip))
    skip = Math.max(0, skip - chunk.length)
  }
  return rest
}
