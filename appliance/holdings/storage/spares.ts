import { closeSync, constants, open, unlink } from 'node:fs'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import type { BlobKey } from './storage.ts'

/** An empty file whose name would survive a power cut, open for synchronous writing (`O_DSYNC`). */
export interface Spare {
  key: BlobKey
  path: string
  file: number
}

export interface Spares {
  /** In key order. Errors: those of the file system; the next call tries again. */
  take(): Promise<Spare>
  /** Whether it is made ahead, and not taken. */
  has(key: BlobKey): boolean
  /** What was not taken is removed again. */
  close(): Promise<void>
}

const { O_CREAT, O_DSYNC, O_EXCL, O_WRONLY } = constants
const durably = O_WRONLY | O_CREAT | O_EXCL | O_DSYNC

const openFile = promisify(open)
const removeFile = promisify(unlink)

/** As many are made at once, and share one sync of their folder. */
const batch = 16
/** When fewer are left the next are made, while those are being filled. */
const low = 8

/**
 * Files made ahead: a blob then costs two turns of the disk, its bytes and their sync, instead of
 * five, and its name is durable before it has a byte. `next` gives growing keys, and throws when there
 * are none left.
 */
export function createSpares(options: {
  next: () => BlobKey
  pathOf: (key: BlobKey) => string
  makeFolder: (path: string) => Promise<void>
  syncFolder: (path: string) => Promise<void>
}): Spares {
  const { next, pathOf, makeFolder, syncFolder } = options
  let ready: Spare[] = []
  let making: Promise<void> | undefined
  const untaken = new Set<BlobKey>()

  async function make(): Promise<void> {
    const made: Spare[] = []
    try {
      const paths = Array.from({ length: batch }, () => {
        const key = next()
        untaken.add(key)
        return { key, path: pathOf(key) }
      })
      const folders = new Set(paths.map(({ path }) => dirname(path)))
      for (const folder of folders) await makeFolder(folder)
      for (const { key, path } of paths) {
        made.push({ key, path, file: await openFile(path, durably, 0o640) })
      }
      for (const folder of folders) await syncFolder(folder)
    } catch (error) {
      await discard(made)
      throw error
    }
    ready = [...ready, ...made]
  }

  /** One batch at a time, so that they become ready in key order. */
  function more(): Promise<void> {
    making ??= make().finally(() => {
      making = undefined
    })
    return making
  }

  return {
    async take() {
      // Whoever waited with others may find that they took all of a batch.
      while (ready.length === 0) await more()
      const spare = ready.shift()!
      untaken.delete(spare.key)
      // What fails here fails again, and is told, when it is needed.
      if (ready.length < low) more().catch(() => {})
      return spare
    },
    has: key => untaken.has(key),
    async close() {
      await making?.catch(() => {})
      const left = ready
      ready = []
      await discard(left)
    },
  }
}

async function discard(spares: readonly Spare[]): Promise<void> {
  for (const { path, file } of spares) {
    closeSync(file)
    // What cannot be removed now is swept at the next start.
    await removeFile(path).catch(() => {})
  }
}
