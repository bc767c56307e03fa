import { setTimeout as wait } from 'node:timers/promises'
import { Fault } from '../../faults.ts'
import type { Log } from '../../log.ts'
import { type Instance, type OpenStore, openCatalog, type Store } from '../catalog/catalog.ts'
import type { BlobKey, Blobs, Closing, Room } from '../storage/storage.ts'
import type { Archive, Service } from './archive.ts'
import { bytesOfSetting, createCapacity } from './capacity.ts'
import { changesAfter, createBell } from './changes.ts'
import { createClaims } from './claims.ts'
import { exactly } from './exactly.ts'
import { forgetCatalog } from './forgetting.ts'
import { createMending } from './mending.ts'
import { createRebuilding, isRebuildWanted } from './rebuild.ts'
import { type Receiving, receiveDataset, receiveFile } from './receive.ts'
import { recover, type Standing } from './recover.ts'
import { removeGivenUp } from './removal.ts'
import { reread } from './reread.ts'
import { untilDue, wasDue } from './schedule.ts'
import { createScrub } from './scrub.ts'
import type { ArchiveSettings } from './settings.ts'
import { createStability } from './stability.ts'
import { type Took, timed } from './timed.ts'
import { damageOf, verify } from './verify.ts'
import { createWatermark } from './watermark.ts'

export interface ArchiveOptions {
  /** Opens storage, told the newest key up to which all is settled. */
  openBlobs: (after?: BlobKey) => Promise<Blobs & Partial<Room & Closing>>
  store: Store & Partial<Pick<OpenStore, 'trouble' | 'unreadable'>>
  settings: ArchiveSettings
  /** Wall clock; may jump. */
  now: () => Date
  /** Monotonic clock in milliseconds. */
  elapsed: () => number
  /** Whether an instance must not be evicted: it is still owed to somebody. */
  holds: (instance: Instance) => boolean
  log: Log
  /** How text is read that names no character set; Latin 1 unless given. Asked for each instance. */
  characterSet?: () => string
  /** Told how long storage took. */
  took?: Took
  /** Waits, or until the signal; the clock's own wait unless given. */
  pause?: (milliseconds: number, stop: AbortSignal) => Promise<void>
}

const latin1 = () => 'ISO_IR 100'

const sleep = (milliseconds: number, stop: AbortSignal) =>
  wait(milliseconds, undefined, { signal: stop }).catch(() => undefined)

/**
 * Opens the archive: what the last run left unfinished is finished or swept first. Faults:
 * `data-folder-refused`, `storage-failed`.
 */
export async function openArchive(options: ArchiveOptions): Promise<Archive> {
  const { settings, now, elapsed, log } = options
  const bell = createBell()
  const { catalog, register, remaking } = await openCatalog({
    ...{ store: options.store, now },
    onChange: bell.ring,
  })
  const { took } = options
  const opened = await options.openBlobs(register.watermark())
  const blobs = took ? timed(opened, elapsed, took) : opened
  const characterSet = options.characterSet ?? latin1
  const newest = await reconcile({ blobs, catalog, register, now, log, characterSet })
  const trouble = () => options.store.trouble?.()
  const capacity = createCapacity({
    room: blobs.room?.bind(blobs),
    reserve: bytesOfSetting(settings.reserve),
    ...{ elapsed, log },
    trouble,
  })
  const pause = options.pause ?? sleep
  const stability = createStability({ register, quiet: settings.stableAge, elapsed, pause })
  const scrub = createScrub({
    ...{ blobs, catalog, register, now, elapsed, pause, log },
    rate: settings.scrubRate * 1e6,
    until: settled => untilDue(settings.scrubSchedule, settled),
    wasDue: (since, upTo) => wasDue(settings.scrubSchedule, since, upTo),
  })
  const room: Service = {
    name: 'room',
    async run(stop) {
      for (; !stop.aborted; await pause(2_000, stop)) await capacity.refresh()
    },
  }
  const parts: Receiving = {
    ...{ blobs, catalog, register, settings, capacity, stability, now, log, characterSet },
    ...{ elapsed, took: took ?? (() => {}) },
    watermark: createWatermark(newest),
    claims: createClaims(),
  }
  const rebuilding = createRebuilding({ ...parts, remaking })
  const upkeep: Service = {
    name: 'upkeep',
    async run(stop) {
      if (isRebuildWanted(register)) await rebuilding.rebuild(stop).catch(() => undefined)
      else await remaking.clear()
    },
  }
  const mending = createMending({
    ...{ remaking, rebuilding, pause, log },
    unreadable: () => options.store.unreadable?.(),
  })
  const underWay = new Set<Promise<unknown>>()
  let closing = false
  /** What may take long ends early when the archive is closed. */
  const over = new AbortController()

  function tracked<T>(work: () => Promise<T>): Promise<T> {
    if (closing) return Promise.reject(new Fault('stopping', 'the archive is being closed'))
    const done = work()
    underWay.add(done)
    const forget = () => underWay.delete(done)
    done.then(forget, forget)
    return done
  }

  return {
    catalog,
    services: [stability, scrub, room, upkeep, mending],
    receiveDataset: (dataset, announced, origin) =>
      tracked(() => receiveDataset(parts, dataset, announced, origin)),
    receiveFile: (file, origin) => tracked(() => receiveFile(parts, file, origin)),

    open(id, range, into) {
      const instance = catalog.instance(id)
      if (!instance) throw new Fault('not-found', 'no such instance')
      const to = Math.min(range?.to ?? instance.bytes, instance.bytes)
      const from = Math.min(range?.from ?? 0, to)
      return exactly(blobs.read(instance.blob, { from, to }, into), to - from)
    },

    remove: id =>
      tracked(async () => {
        const { left, blobs: keys } = register.forget(id)
        await removeGivenUp(parts, keys)
        return { left }
      }),

    tell(kind, id) {
      const level = catalog.levelOf(id)
      if (level === undefined) throw new Fault('not-found', 'no such resource')
      register.tell({ kind, level, id })
    },

    reread: (id, limit = 'all') => tracked(() => reread(parts, id, limit, over.signal)),

    quarantine: () => Array.from(register.quarantined()),
    openQuarantined(blob) {
      const aside = register.quarantinedAt(blob)
      if (!aside) throw new Fault('not-found', 'not in quarantine')
      return blobs.read(blob, { from: 0, to: aside.instance.bytes })
    },
    discardQuarantined: blob =>
      tracked(async () => {
        if (!register.quarantinedAt(blob)) throw new Fault('not-found', 'not in quarantine')
        register.discard(blob)
        await removeGivenUp(parts, [blob])
      }),
    releaseQuarantined: blob =>
      tracked(async () => {
        const aside = register.quarantinedAt(blob)
        if (!aside) throw new Fault('not-found', 'not in quarantine')
        const { instance } = aside
        const file = blobs.read(blob, { from: 0, to: instance.bytes })
        const releasing = { ...settings, sameUidOtherBytes: 'overwrite' } as const
        const received = await receiveFile({ ...parts, settings: releasing }, file, instance.origin)
        register.discard(blob)
        await removeGivenUp(parts, [blob])
        return received
      }),
    scrub: { begin: scrub.begin, report: scrub.report },
    damaged: () => Array.from(register.damaged()),
    verify: stop => verify({ blobs, register }, stop),
    async inspect(id) {
      const instance = catalog.instance(id)
      if (!instance) throw new Fault('not-found', 'no such instance')
      return (await damageOf(blobs, instance)) ?? 'intact'
    },
    rebuild: (stop = over.signal) =>
      tracked(() => rebuilding.rebuild(AbortSignal.any([stop, over.signal]))),
    rebuildReport: rebuilding.report,
    async forgetCatalog() {
      closing = true
      over.abort()
      await Promise.allSettled(underWay)
      await blobs.close?.()
      register.close()
      await forgetCatalog(register)
    },

    changes: (after, stop) => changesAfter(catalog, bell, after, stop),

    readiness() {
      if (closing) return { refused: 'stopping' }
      if (capacity.isFull() || trouble()?.code === 'storage-full')
        return { refused: 'storage-full' }
      return trouble() ? { refused: 'storage-failed' } : 'receiving'
    },

    async close() {
      if (closing) return
      closing = true
      over.abort()
      await Promise.allSettled(underWay)
      await blobs.close?.()
      register.close()
      await register.flushed()
    },
  }
}

/**
 * Blobs that the catalogue does not speak of are listed or swept; answers the newest key. Those that
 * could not be read are remembered and tried again at the next start.
 */
async function reconcile(parts: Parameters<typeof recover>[0]): Promise<BlobKey> {
  const { blobs, register } = parts
  await removeGivenUp(parts, register.givenUp())
  const isMadeAgain = register.watermark() === undefined
  const left: LeftAlone = []
  const settle = async (key: BlobKey, bytes: number, standing: Standing) => {
    if (register.knows(key)) return
    const recovery = await recover(parts, key, bytes, standing)
    if (recovery === 'left alone') left.push([key, bytes])
  }
  for (const [key, bytes] of register.fact<LeftAlone>('left') ?? [])
    await settle(key, bytes, 'doubted')
  let newest = register.watermark()
  // Of a catalogue made from nothing only the newest blobs may be what a power cut left unfinished;
  // to read all the others, every byte, is the scrub's business.
  const unfinishedFrom = isMadeAgain ? await newestBut(blobs, mostUnfinished) : undefined
  for await (const { key, bytes } of blobs.keys(newest)) {
    const isNew = unfinishedFrom === undefined || key >= unfinishedFrom
    await settle(key, bytes, isMadeAgain ? (isNew ? 'doubted' : 'settled') : 'unfinished')
    newest = key
  }
  register.setFact('left', left)
  // A box without an image says so: what the next cut leaves unfinished is then known as such.
  newest ??= beforeFirst
  register.advance(newest)
  await register.flushed()
  return newest
}

const beforeFirst = '00000000' as BlobKey

type LeftAlone = [BlobKey, number][]

/** More are never being written at the same time. */
const mostUnfinished = 1_024

/** The oldest of so many newest keys; undefined when there are no more than that. */
async function newestBut(blobs: Blobs, count: number): Promise<BlobKey | undefined> {
  const newest: BlobKey[] = []
  let all = 0
  for await (const { key } of blobs.keys()) newest[all++ % count] = key
  return all > count ? newest[all % count] : undefined
}
