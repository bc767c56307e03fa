import { closeSync, open, read, readdir, stat, statfs, unlink } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Fault } from '../../faults.ts'
import { onDisk, storageFault } from './errors.ts'
import { createFolder, createFolderSync } from './folders.ts'
import { pour, wholeAtMost } from './pour.ts'
import { createSpares } from './spares.ts'
import type { BlobKey, Blobs, Bytes, Closing, Room } from './storage.ts'

/**
 * Blobs as files of this box: `<aaa>/<bb>/<key>.dcm`, where the key is a growing number of
 * eight hexadecimal digits and the folders are its first three and next two, so that a folder holds
 * at most 4,096 files and new ones all go into the newest.
 *
 * A blob is written into a file that was made ahead, empty, with its name synced, and then synced
 * itself. So after a crash an empty file is rubbish, and one whose writer was answered is whole; one
 * whose writer was not answered may be short or torn. (Earlier versions wrote `<key>.part`.)
 */
export interface DiskOptions {
  folder: string
  /**
   * Everything up to this key is settled, and behind it nothing without bytes was answered for, so
   * that is swept. Without it nothing is.
   */
  after?: BlobKey
}

const blobName = /^([0-9a-f]{8})\.(dcm|part)$/
/** A CT image in one turn of the thread pool, and little enough for many readers at once. */
const readSize = 1024 * 1024
/** As many may gather a whole image in memory before it is written; of more, each less. */
const fewWriters = 16
const lastNumber = 0xffffffff

const fs = {
  open: promisify(open),
  unlink: promisify(unlink),
  stat: promisify(stat),
  statfs: promisify(statfs),
  readdir: promisify(readdir) as (path: string) => Promise<string[]>,
  read: promisify(read),
}

/**
 * For one process at a time: what another has made ahead would be swept. Fault:
 * `data-folder-refused` when the folder cannot be made, read or written.
 */
export async function openDisk(options: DiskOptions): Promise<Blobs & Room & Closing> {
  const root = options.folder
  const syncFolder = createFolderSync()
  let last: number
  try {
    await createFolder(root)
    last = Math.max(await newest(root), options.after ? Number.parseInt(options.after, 16) : 0)
    await sweep(root, options.after, syncFolder)
  } catch (error) {
    throw new Fault('data-folder-refused', `blobs: ${(error as Error).message}`, { cause: error })
  }
  const folders = new Map<string, Promise<void>>()

  /** A folder is made, and synced into its parents, when its first file is. */
  function makeFolder(folder: string): Promise<void> {
    let made = folders.get(folder)
    if (!made) {
      if (folders.size > 16) folders.clear()
      made = createFolder(folder)
      folders.set(folder, made)
      made.catch(() => folders.delete(folder))
    }
    return made
  }

  const spares = createSpares({
    next() {
      if (last >= lastNumber) throw new Fault('storage-full', 'all blob keys were given')
      return keyOfNumber(++last)
    },
    pathOf: key => fileOf(root, key),
    ...{ makeFolder, syncFolder },
  })
  async function remove(key: BlobKey): Promise<void> {
    try {
      await fs.unlink(fileOf(root, key))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
      throw storageFault(error)
    }
    await onDisk(syncFolder(folderOf(root, key)))
  }

  /** Not whole yet, so not to be told of. */
  const writing = new Set<BlobKey>()

  return {
    async write(bytes: Bytes) {
      const { key, path, file } = await onDisk(spares.take())
      writing.add(key)
      try {
        const whole = writing.size > fewWriters ? undefined : wholeAtMost
        const length = await pour(bytes, file, () => onDisk(fs.open(path, 'r+')), whole)
        closeSync(file)
        return { key, bytes: length }
      } catch (error) {
        closeSync(file)
        // What cannot be removed now is swept, or found out by its note, at the next start. Synced,
        // since later keys are soon settled: what a power cut brought back then would stay for ever.
        await remove(key).catch(() => {})
        throw error
      } finally {
        writing.delete(key)
      }
    },

    async *read(key, range, into) {
      let at = range?.from ?? 0
      const end = range?.to ?? Number.POSITIVE_INFINITY
      const first = await openAndRead(
        fileOf(root, key),
        at,
        Math.max(0, Math.min(readSize, end - at)),
        into,
      )
      const { file } = first
      let { chunk } = first
      let isOpen = true
      try {
        for (;;) {
          at += chunk.length
          if (at >= end || chunk.length === 0) {
            // Whoever reads a small blob holds no file meanwhile.
            closeSync(file)
            isOpen = false
          }
          if (chunk.length > 0) yield chunk
          if (!isOpen) return
          const room = Buffer.allocUnsafeSlow(Math.min(readSize, end - at))
          const { bytesRead } = await onDisk(fs.read(file, room, 0, room.length, at))
          chunk = bytesRead === room.length ? room : room.subarray(0, bytesRead)
        }
      } finally {
        if (isOpen) closeSync(file)
      }
    },

    remove,

    async *keys(after) {
      for await (const { folder, names } of leaves(root, after)) {
        for (const name of names) {
          const key = name.slice(0, 8) as BlobKey
          if (!name.endsWith('.dcm') || (after !== undefined && key <= after)) continue
          const bytes = await sizeOf(join(folder, name))
          const isWhole = bytes !== undefined && !writing.has(key) && !spares.has(key)
          if (isWhole) yield { key, bytes }
        }
      }
    },

    async room() {
      const { bavail, bsize, blocks } = await onDisk(fs.statfs(root))
      return { free: bavail * bsize, total: blocks * bsize }
    },

    close: spares.close,
  }
}

const keyOfNumber = (value: number) => value.toString(16).padStart(8, '0') as BlobKey
const folderOf = (root: string, key: string) => `${root}/${key.slice(0, 3)}/${key.slice(3, 5)}`
const fileOf = (root: string, key: BlobKey) => `${folderOf(root, key)}/${key}.dcm`

/** The first bytes of a file from `at` on; nothing but the thread pool is waited for in between. */
function openAndRead(
  path: string,
  at: number,
  length: number,
  into?: Uint8Array,
): Promise<{ file: number; chunk: Uint8Array }> {
  return new Promise((resolve, reject) => {
    open(path, 'r', (refusal, file) => {
      if (refusal) return reject(storageFault(refusal))
      const fits = into !== undefined && into.length >= length
      const chunk = fits ? into.subarray(0, length) : Buffer.allocUnsafeSlow(length)
      read(file, chunk, 0, length, at, (error, count) => {
        if (!error)
          return resolve({ file, chunk: count < length ? chunk.subarray(0, count) : chunk })
        closeSync(file)
        reject(storageFault(error))
      })
    })
  })
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await fs.stat(path)).size
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw storageFault(error)
  }
}

/** The folders of blobs from the one of `after` on, in key order, each with its names in order. */
async function* leaves(
  root: string,
  after: BlobKey | undefined,
): AsyncIterable<{ folder: string; names: string[] }> {
  for (const upper of (await onDisk(fs.readdir(root))).sort()) {
    if (!/^[0-9a-f]{3}$/.test(upper) || (after && upper < after.slice(0, 3))) continue
    for (const lower of (await onDisk(fs.readdir(join(root, upper)))).sort()) {
      if (!/^[0-9a-f]{2}$/.test(lower) || (after && upper + lower < after.slice(0, 5))) continue
      const folder = join(root, upper, lower)
      const names = await onDisk(fs.readdir(folder))
      yield { folder, names: names.filter(name => blobName.test(name)).sort() }
    }
  }
}

/** The highest number that a file, whole or not, has. */
async function newest(root: string): Promise<number> {
  const uppers = (await fs.readdir(root)).filter(name => /^[0-9a-f]{3}$/.test(name)).sort()
  for (const upper of uppers.reverse()) {
    const lowers = (await fs.readdir(join(root, upper))).filter(name => /^[0-9a-f]{2}$/.test(name))
    for (const lower of lowers.sort().reverse()) {
      const names = (await fs.readdir(join(root, upper, lower))).filter(name => blobName.test(name))
      const highest = names.sort().at(-1)
      if (highest) return Number.parseInt(highest, 16)
    }
  }
  return 0
}

/** Durably: once what lies behind `after` is settled, what came back would be swept no more. */
async function sweep(
  root: string,
  after: BlobKey | undefined,
  syncFolder: (path: string) => Promise<void>,
): Promise<void> {
  for await (const { folder, names } of leaves(root, after)) {
    let isSwept = false
    for (const name of names) {
      if (after !== undefined && name.slice(0, 8) <= after) continue
      const isEmpty = async () => after !== undefined && (await sizeOf(join(folder, name))) === 0
      if (!name.endsWith('.part') && !(await isEmpty())) continue
      await fs.unlink(join(folder, name))
      isSwept = true
    }
    if (isSwept) await syncFolder(folder)
  }
}
