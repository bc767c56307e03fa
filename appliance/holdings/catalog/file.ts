import { closeSync, fsyncSync, openSync } from 'node:fs'
import { mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { open as openLmdb, type RootDatabaseOptionsWithPath } from 'lmdb'
import { Fault, faultOf } from '../../faults.ts'
import type { LmdbOptions } from './lmdb.ts'
import { unsoundnessOf } from './soundness.ts'
import type { Standing } from './standing.ts'
import type { Key } from './store.ts'

export const fileName = 'catalog.mdb'
/** As LMDB makes its table for its usual 126 readers. */
const readersSize = 8_272

const keyEncoder = {
  writeKey: (key: Key, target: Buffer, start: number) => start + target.write(key, start, 'latin1'),
  readKey: (source: Buffer, start: number, end: number) => source.toString('latin1', start, end),
}

const environment = (folder: string) =>
  ({
    path: join(folder, fileName),
    encoding: 'binary',
    // Full sync at every transaction, by LMDB's own two meta pages and nothing added to it.
    overlappingSync: false,
    // lmdb-js hears nothing of its own batch's failure, which then would end the process.
    eventTurnBatching: false,
    // One tree: an instance's entries share its upper pages.
    maxDbs: 1,
    keyEncoder,
  }) as unknown as RootDatabaseOptionsWithPath

/** One damaged file is kept, the newest: two would take the disk. */
async function moveAside({ folder, onDamage }: LmdbOptions, why: string): Promise<void> {
  const aside = join(folder, `${fileName}.damaged`)
  await rename(join(folder, fileName), aside)
  await rm(join(folder, `${fileName}-lock`), { force: true })
  syncFolder(folder)
  onDamage?.({ why, aside })
}

/**
 * Opens the file, once it is known to be sound; moved aside, and begun anew, where it is not.
 * Faults: `data-folder-refused`, `storage-full`.
 */
export async function openFile(options: LmdbOptions, standing: Standing) {
  const { folder } = options
  try {
    const first = await mkdir(folder, { recursive: true, mode: 0o750 })
    const why = await distrustOf(join(folder, fileName), standing)
    if (why) await moveAside(options, why)
    standing.inUse()
    await keepReaders(join(folder, `${fileName}-lock`))
    const db = openLmdb<Buffer, Key>(environment(folder))
    syncFolder(folder)
    if (first) syncFolder(dirname(first))
    return db
  } catch (error) {
    const { code } = faultOf(error)
    const refused = code === 'storage-full' ? code : 'data-folder-refused'
    throw new Fault(refused, `catalogue: ${(error as Error).message}`, { cause: error })
  }
}

/** Why it must not be opened; undefined when it may, or is not there. */
async function distrustOf(path: string, { found }: Standing): Promise<string | undefined> {
  if (found !== 'unusable') {
    return unsoundnessOf(path, found === 'doubted' ? 'thorough' : 'usual')
  }
  const isThere = await stat(path).catch(() => undefined)
  return isThere && 'what the catalogue begins with could not be read'
}

/**
 * LMDB maps its table of readers for writing: a table without blocks is a SIGBUS on a full disk. Its
 * own first size is kept when it is longer already.
 */
async function keepReaders(path: string): Promise<void> {
  const file = await open(path, 'a', 0o640)
  try {
    const { size } = await file.stat()
    if (size < readersSize) await file.write(Buffer.alloc(readersSize - size))
  } finally {
    await file.close()
  }
}

function syncFolder(path: string): void {
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
