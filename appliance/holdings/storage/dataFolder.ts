import { randomUUID } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { open, readdir, readFile, readlink, statfs, symlink, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Fault, faultOf } from '../../faults.ts'
import { createFolder, isThere } from './folders.ts'

/** What the file `waystation.json` in a data folder says. */
export interface FolderMark {
  product: 'Waystation'
  /** Of the folder as a whole; what is in it has versions of its own. */
  format: number
  id: string
}

const format = 1
const markName = 'waystation.json'
const lockName = 'waystation.lock'
/** What a fresh volume may hold. */
const harmless = new Set(['lost+found'])
/** With less there is no beginning: the catalogue keeps 16 MB for itself ahead of its need. */
const leastForFirst = 32e6

/**
 * Takes a data folder for this process alone, before anything else in it is opened: an empty or
 * missing one is marked as ours. Faults: `data-folder-refused` when it belongs to something else, was
 * made by a newer version, is used by another process or cannot be written; `storage-full` when one
 * that is not ours yet has no room to begin with; `storage-failed`. Nothing is changed then. One that
 * is ours already needs no free block.
 */
export async function claimDataFolder(
  folder: string,
): Promise<{ id: string; release(): Promise<void> }> {
  const refuse = (why: string, cause?: unknown) =>
    new Fault('data-folder-refused', `${folder}: ${why}`, { cause })
  try {
    const mark = await readMark(folder)
    if (mark === undefined) {
      const others = (await namesIn(folder)).filter(name => !harmless.has(name))
      if (others.length > 0) throw refuse(`it is not empty, and there is no ${markName} in it`)
      await demandRoom(folder)
      await createFolder(folder)
    } else if (mark === 'unreadable' || mark.product !== 'Waystation') {
      throw refuse(`its ${markName} is not one of Waystation`)
    } else if (mark.format > format) {
      throw refuse('it was made by a newer version of Waystation')
    }
    const lock = join(folder, lockName)
    await takeLock(lock, refuse)
    const release = () => unlink(lock).catch(() => {})
    if (mark) return { id: mark.id, release }
    try {
      return { id: await writeMark(folder), release }
    } catch (error) {
      await unlink(join(folder, markName)).catch(() => {})
      await release()
      throw error
    }
  } catch (error) {
    if (error instanceof Fault) throw error
    const fault = faultOf(error)
    const isWritable = (error as NodeJS.ErrnoException).code !== 'EROFS'
    if (isWritable && (fault.code === 'storage-full' || fault.code === 'storage-failed')) {
      throw new Fault(fault.code, `${folder}: ${fault.detail}`, { cause: error })
    }
    throw refuse((error as Error).message, error)
  }
}

/** Before anything is made: what stands above a folder that is not there yet says how much is free. */
async function demandRoom(folder: string): Promise<void> {
  let there = folder
  while (!(await isThere(there)) && dirname(there) !== there) there = dirname(there)
  const { bavail, bsize, blocks } = await statfs(there)
  // File systems without blocks, such as /proc, say for themselves why nothing can be made there.
  if (blocks > 0 && bavail * bsize < leastForFirst) {
    throw new Fault('storage-full', `${folder}: less than ${leastForFirst / 1e6} MB are free`)
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

async function readMark(folder: string): Promise<FolderMark | 'unreadable' | undefined> {
  let text: string
  try {
    text = await readFile(join(folder, markName), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  // As a power cut right after the first start leaves it: nothing else is in the folder yet.
  if (text === '') return undefined
  try {
    const mark = JSON.parse(text) as FolderMark
    return Number.isInteger(mark.format) ? mark : 'unreadable'
  } catch {
    return 'unreadable'
  }
}

async function writeMark(folder: string): Promise<string> {
  const mark: FolderMark = { product: 'Waystation', format, id: randomUUID() }
  const file = await open(join(folder, markName), 'w', 0o640)
  try {
    await file.writeFile(`${JSON.stringify(mark)}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  const directory = await open(folder, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
  return mark.id
}

/**
 * A symbolic link that names its holder: made in one step or not at all, and with no block of the
 * disk. One whose holder is no more, of this boot or an earlier one, is taken over.
 */
async function takeLock(lock: string, refuse: (why: string) => Fault): Promise<void> {
  const mine = holderOf(process.pid)!
  for (let attempt = 1; ; attempt++) {
    try {
      await symlink(mine, lock)
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt > 3) throw error
    }
    const holder = await readlink(lock).catch(() => undefined)
    if (holder === undefined) continue
    const pid = Number(holder.split('-')[0])
    if (holderOf(pid) === holder) throw refuse(`process ${pid} is using it`)
    await unlink(lock).catch(() => {})
  }
}

/** The process that has claimed a data folder and lives; undefined when none has. */
export function holderOfDataFolder(folder: string): number | undefined {
  try {
    const holder = readlinkSync(join(folder, lockName))
    const pid = Number(holder.split('-')[0])
    return holderOf(pid) === holder ? pid : undefined
  } catch {
    return undefined
  }
}

/** Process number, when it began, and of which boot; undefined when there is none. */
function holderOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const began = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').slice(0, 8)
    return `${pid}-${began}-${boot}`
  } catch {
    return undefined
  }
}
