import { closeSync, fsync, openSync } from 'node:fs'
import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'

const fsyncFile = promisify(fsync)

/**
 * Makes a folder with its parents; their names survive a power cut when it resolves. Not by Node's
 * recursive `mkdir`, which never ends where a file system lets nothing be made, such as /proc.
 */
export async function createFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o750 })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return
    if (code !== 'ENOENT' || dirname(path) === path || (await isThere(dirname(path)))) throw error
    await createFolder(dirname(path))
    await mkdir(path, { mode: 0o750 })
  }
  await syncFolder(dirname(path))
}

export const isThere = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  )

async function syncFolder(path: string): Promise<void> {
  const folder = openSync(path, 'r')
  try {
    await fsyncFile(folder)
  } finally {
    closeSync(folder)
  }
}

/**
 * Syncs folders for many at once: whoever asks while a sync of the same folder is running is served,
 * with all others who ask meanwhile, by the one sync after it, since the running one may have begun
 * before their file had its name.
 */
export function createFolderSync(
  sync: (path: string) => Promise<void> = syncFolder,
): (path: string) => Promise<void> {
  const running = new Map<string, Promise<void>>()
  const waiting = new Map<string, Promise<void>>()

  function start(path: string): Promise<void> {
    const done = sync(path).finally(() => {
      if (running.get(path) === done) running.delete(path)
    })
    running.set(path, done)
    return done
  }

  return path => {
    const now = running.get(path)
    if (!now) return start(path)
    let next = waiting.get(path)
    if (!next) {
      next = now
        .catch(() => {})
        .then(() => {
          waiting.delete(path)
          return start(path)
        })
      waiting.set(path, next)
    }
    return next
  }
}
