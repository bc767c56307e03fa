import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'

import { Fault } from '../../faults.ts'
import { keepAhead } from './ahead.ts'
import { fileName, openFile } from './file.ts'
import { createOverlay, gone, type Overlay } from './overlay.ts'
import { createReadable } from './readable.ts'
import { bounds, merged } from './reading.ts'
import { spaceOf, spacePrefix } from './space.ts'
import { standingOf } from './standing.ts'
import type { Key, OpenStore, Range, Value, Writes } from './store.ts'

/**
 * The store on LMDB, one file and one tree, with the newest writes before it in memory.
 *
 * A commit goes into the memory part, whence every read sees it at once; some milliseconds later all
 * that came together is written as one LMDB transaction with LMDB's own full sync. A crash therefore
 * leaves the state of some earlier commit boundary, never a mixture: `flushed()` says when one's own
 * is past it. Why it is so, and what it costs: README.md, "Decided".
 */
export interface LmdbOptions {
  folder: string
  /** How long commits gather before they are written, in milliseconds. */
  gather?: number
  /**
   * Told when the file is damaged: it was moved aside, to `aside`, and the store begins empty. What
   * blobs cannot tell again is in the file only.
   */
  onDamage?: (damage: { why: string; aside: string }) => void
  /** How long a write-out that is tried again may take, in milliseconds. */
  patience?: number
  /** Bytes of disk kept for the file to grow into when the disk is full. */
  ahead?: number
}

/** Above this many entries in memory the next write-out does not wait for the gathering time. */
const plenty = 4_000
/** Above this many the disk has failed for so long that no more is taken. */
const tooMany = 400_000
const retryAfter = 1_000

/** Faults: `data-folder-refused` when the file cannot be opened; it is left as it is, if it is sound; `storage-full`. */
export async function openStore(options: LmdbOptions): Promise<OpenStore> {
  const standing = standingOf(options.folder)
  const db = await openFile(options, standing)
  const readable = createReadable(() => standing.say('doubted'))
  const ahead = options.ahead ?? 16 * 1024 * 1024
  await growAhead()
  const gather = options.gather ?? 300

  /** What is committed and not yet being written; what is being written, below it. */
  let fresh = createOverlay()
  let writing: Overlay | undefined
  let timer: NodeJS.Timeout | undefined
  let run: Promise<void> | undefined
  let failure: Fault | undefined
  let closed = false
  let isStuck = false

  function current(key: Key): Value | undefined {
    const newest = fresh.get(key) ?? writing?.get(key)
    if (newest !== undefined) return newest === gone ? undefined : newest
    // Its bytes are good until the next read only, and so need no copy.
    const bytes = readable.look(() => db.getBinaryFast(key))
    return bytes && readable.value(key, bytes)
  }

  function commit({ when, put, remove }: Writes): boolean {
    if (closed) throw new Fault('stopping', 'the store is closed')
    for (const [key, value] of when ?? []) {
      if (!isDeepStrictEqual(current(key), value)) return false
    }
    if (fresh.size > tooMany) throw failure ?? new Fault('storage-failed', 'the catalogue is stuck')
    if (put?.some(([, value]) => value === undefined)) {
      throw new TypeError('a store keeps no undefined')
    }
    const write = (key: Key, value: Value) => {
      fresh.put(key, value)
      readable.written(key)
    }
    for (const [key, value] of put ?? []) write(key, value)
    for (const key of remove ?? []) write(key, gone)
    if (fresh.size > plenty) void writeOut().catch(() => {})
    else if (fresh.size > 0) timer ??= setTimeout(() => void writeOut().catch(() => {}), gather)
    return true
  }

  /** Writes all that is fresh as one transaction; resolves when it would survive a power cut. */
  async function writeOut(): Promise<void> {
    if (isStuck) throw failure
    clearTimeout(timer)
    timer = undefined
    // Whoever comes while a write is under way waits for the one after it, all together.
    if (run) {
      await run.catch(() => {})
      if (run || fresh.size === 0) return run ?? settled()
    }
    if (fresh.size === 0) return settled()
    run = writeFresh().finally(() => {
      run = undefined
    })
    return run
  }

  async function settled(): Promise<void> {
    if (failure) throw failure
  }

  /** Only between two writes. Where the disk gives nothing, what was given before must do. */
  async function growAhead(): Promise<void> {
    const { lastPageNumber, pageSize } = db.getStats() as {
      lastPageNumber: number
      pageSize: number
    }
    const used = (lastPageNumber + 1) * pageSize
    await keepAhead(join(options.folder, fileName), used, ahead).catch(() => {})
  }

  /**
   * After a failed write of its meta page LMDB gives itself up, and lmdb-js then never answers: what
   * is tried again after a failure and not answered for so long is past help in this process.
   */
  async function answered(work: Promise<unknown>): Promise<unknown> {
    if (!failure) return work
    let waiting: NodeJS.Timeout | undefined
    const silence = new Promise((_, reject) => {
      waiting = setTimeout(() => {
        isStuck = true
        reject(new Error('LMDB gave itself up over a failing disk'))
      }, options.patience ?? 10_000)
    })
    return Promise.race([work, silence]).finally(() => clearTimeout(waiting))
  }

  async function writeFresh(): Promise<void> {
    const batch = fresh
    writing = batch
    fresh = createOverlay()
    try {
      // Nothing may throw within the batch: lmdb-js would wait for its end for ever.
      const writes = Array.from(batch.entries(), ([key, value]) => ({
        key,
        bytes: value === gone ? undefined : Buffer.from(JSON.stringify(value)),
      }))
      const heard = new Set<Promise<unknown>>()
      const done = db.batch(() => {
        for (const { key, bytes } of writes) {
          const each = bytes === undefined ? db.remove(key) : db.put(key, bytes)
          // Mostly the same promise for all: rejected and unheard it would end the process.
          if (!heard.has(each)) each.catch(() => {})
          heard.add(each)
        }
      })
      await answered(done)
      failure = undefined
      writing = undefined
      await growAhead()
    } catch (error) {
      failure = await faultOfCommit(error)
      // What came meanwhile is newer: it goes on top of what could not be written.
      const newer = fresh
      fresh = batch
      for (const [key, value] of newer.entries()) fresh.put(key, value)
      if (!closed && !isStuck) timer = setTimeout(() => void writeOut().catch(() => {}), retryAfter)
      throw failure
    } finally {
      writing = undefined
    }
  }

  const overlays = () => (writing ? [fresh, writing] : [fresh])

  const store: OpenStore = {
    get: <T>(key: Key) => current(key) as T | undefined,
    range: <T>(range: Range = {}) => merged<T>({ db, overlays, readable }, range),
    count(range = {}) {
      const { from, to } = bounds(range)
      const limit = range.limit ?? Number.POSITIVE_INFINITY
      if (limit <= 0) return 0
      if (overlays().every(overlay => overlay.keys(from, to).length === 0)) {
        // lmdb-js counts natively, and always to the end.
        const within = { start: from, ...(to !== undefined && { end: to }) }
        const all = readable.look(() => db.getKeysCount(within))
        return Math.min(all, limit)
      }
      let count = 0
      for (const _ of merged({ db, overlays, readable }, range, 'keys')) if (++count >= limit) break
      return count
    },
    commit,
    flushed: writeOut,
    trouble: () => failure,
    isStuck: () => isStuck,
    unreadable: readable.unreadable,
    disown: () => standing.say('unusable'),
    space: name => spaceOf(store, spacePrefix(name)),
    async close() {
      if (closed) return
      closed = true
      try {
        while (fresh.size > 0 || run) await writeOut()
      } finally {
        clearTimeout(timer)
        // It would not be answered either.
        if (!isStuck) {
          await db.close()
          standing.closed()
        }
      }
    },
  }
  return store
}

/** lmdb-js rejects with a general error that carries the real one as a promise. */
async function faultOfCommit(error: unknown): Promise<Fault> {
  let cause: unknown = error
  const commitError = (error as { commitError?: Promise<unknown> }).commitError
  if (commitError) cause = await commitError.then(() => error).catch(real => real)
  const detail = cause instanceof Error ? cause.message : String(cause)
  const full = /No space left|MDB_MAP_FULL|ENOSPC/.test(detail)
  return new Fault(full ? 'storage-full' : 'storage-failed', `catalogue: ${detail}`, { cause })
}
