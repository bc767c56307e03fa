import { execFileSync } from 'node:child_process'
import { closeSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { freshFolders } from './holdings.ts'

/**
 * Disks of their own, small enough to be filled; gone when the test file is done. It takes the right
 * to mount: `undefined` without.
 */
export function smallDisks(
  after: (cleanUp: () => unknown) => void,
): (megabytes: number) => Promise<string | undefined> {
  const mounted: string[] = []
  after(() => {
    for (const folder of mounted) execFileSync('umount', ['-l', folder], { stdio: 'ignore' })
  })
  const freshFolder = freshFolders(after)
  return async megabytes => {
    const folder = await freshFolder()
    try {
      const size = `size=${megabytes}m`
      execFileSync('mount', ['-t', 'tmpfs', '-o', size, 'tmpfs', folder], { stdio: 'ignore' })
    } catch {
      return undefined
    }
    mounted.push(folder)
    return folder
  }
}

/** Lets nothing more be written on a disk, or lets it again. */
export function remount(folder: string, mode: 'ro' | 'rw'): void {
  execFileSync('mount', ['-o', `remount,${mode}`, folder])
}

/** Takes all space but so much; answers how to give it back. */
export function fill(folder: string, leave: number): () => void {
  const path = `${folder}/ballast`
  const file = openSync(path, 'w')
  const block = Buffer.alloc(64 * 1024, 1)
  try {
    for (;;) {
      const left = freeOn(folder) - leave
      if (left < 4_096) break
      writeSync(file, block, 0, Math.min(left, block.length))
    }
  } finally {
    closeSync(file)
  }
  return () => rmSync(path)
}

export function freeOn(folder: string): number {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize
}
