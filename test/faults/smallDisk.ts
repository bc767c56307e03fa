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

/**
 * A disk that is larger than what stands behind it: once that is full (`fill(behind, 0)`), what is
 * written to it fails when it is flushed, with EIO or ENOSPC, as on a card that dies. It takes the right to
 * mount: `undefined` without.
 */
export function failingDisks(
  after: (cleanUp: () => unknown) => void,
): (megabytes: number) => Promise<{ folder: string; behind: string } | undefined> {
  const mounted: string[] = []
  // What was mounted last goes first.
  after(() => {
    for (const folder of mounted) execFileSync('umount', [folder], { stdio: 'ignore' })
  })
  const smallDisk = smallDisks(after)
  const freshFolder = freshFolders(after)
  return async megabytes => {
    const behind = await smallDisk(megabytes)
    if (!behind) return undefined
    const [device, folder] = [`${behind}/device`, await freshFolder()]
    try {
      execFileSync('truncate', ['-s', `${4 * megabytes}M`, device])
      // Without a journal, which would take the whole disk down at the first error.
      execFileSync('mkfs.ext4', ['-q', '-O', '^has_journal', device], { stdio: 'ignore' })
      execFileSync('mount', ['-o', 'loop,errors=continue', device, folder], { stdio: 'ignore' })
    } catch {
      return undefined
    }
    mounted.push(folder)
    return { folder, behind }
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
