import { writev } from 'node:fs'
import { Fault } from '../../faults.ts'
import { storageFault } from './errors.ts'
import type { Bytes } from './storage.ts'

/** As much is gathered before it is written: fewer system calls, while memory stays bounded. */
const gathered = 256 * 1024
const mostChunks = 512

/**
 * Writes all of `bytes` into a file and answers how many they were. While one gathered lot is being
 * written the next is gathered, so receiving and writing overlap; a slow disk holds up the source.
 * Chunks must not be changed by their giver afterwards.
 */
export async function pour(bytes: Bytes, file: number): Promise<number> {
  let position = 0
  let lot: Uint8Array[] = []
  let size = 0
  let writing: Promise<void> | undefined
  try {
    for await (const chunk of bytes) {
      if (chunk.length === 0) continue
      lot.push(chunk)
      size += chunk.length
      if (size < gathered && lot.length < mostChunks) continue
      await writing
      writing = writeLot(file, lot, position, size)
      // Whoever awaits it sees its failure; until then it is nobody's unhandled rejection.
      writing.catch(() => {})
      position += size
      lot = []
      size = 0
    }
  } catch (error) {
    // The file is closed next: nothing may still be writing into its number.
    await writing?.catch(() => {})
    throw error
  }
  // The last lot need not wait for the one before; the file is closed when neither is under way.
  const left = [writing, size > 0 ? writeLot(file, lot, position, size) : undefined]
  const failed = (await Promise.allSettled(left)).find(each => each.status === 'rejected')
  if (failed) throw failed.reason
  return position + size
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
