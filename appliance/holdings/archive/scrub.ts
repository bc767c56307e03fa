import type { Log } from '../../log.ts'
import type { Catalog, Register } from '../catalog/catalog.ts'
import type { BlobKey, Blobs } from '../storage/storage.ts'
import type { Service } from './archive.ts'
import { damageOf } from './verify.ts'

/** How far the present pass is; kept in the catalogue, so that a restart goes on where it was. */
interface Progress {
  after: BlobKey | ''
  /** When the pass began, ISO 8601. */
  began: string
  looked: number
  damaged: number
}

/** How the scrub stands. Times are ISO 8601 in UTC by this box's clock. */
export interface ScrubReport {
  underWay?: { began: string; looked: number; damaged: number }
  last?: { began: string; ended: string; looked: number; damaged: number }
}

/**
 * Reads blob after blob, slowly, and compares each with its digest, for ever: what a disk lost
 * silently is found while its source may still have it. Damage is marked in the catalogue, and a
 * marked instance that comes again takes the damaged one's place.
 */
export function createScrub(options: {
  blobs: Blobs
  catalog: Catalog
  register: Register
  /** Bytes a second. */
  rate: number
  /** Waits until a pass is due. */
  until: (stop: AbortSignal) => Promise<void>
  /** Whether a pass was due behind one time and up to another. */
  wasDue: (since: Date, upTo: Date) => boolean
  now: () => Date
  elapsed: () => number
  pause: (milliseconds: number, stop: AbortSignal) => Promise<void>
  log: Log
}): Service & {
  pass(stop: AbortSignal): Promise<Progress>
  begin(): void
  report(): ScrubReport
} {
  const { blobs, catalog, register, now, pause, log } = options

  let asked = new AbortController()
  let isReading = false

  async function pass(stop: AbortSignal): Promise<Progress> {
    const fresh: Progress = { after: '', began: now().toISOString(), looked: 0, damaged: 0 }
    let progress = register.fact<Progress>('scrub') ?? fresh
    for (const { instance } of register.listed(progress.after || undefined)) {
      if (stop.aborted) return progress
      const damage = await damageOf(blobs, instance)
      // It may have been removed or replaced while it was read.
      const isStillThere = catalog.instance(instance.id)?.blob === instance.blob
      const damaged = damage !== undefined && isStillThere
      if (damaged) {
        register.markDamaged(instance.blob, damage)
        const advice =
          'Send this image again from its source; it then takes the damaged one’s place.'
        log.error('instance-damaged', {
          ...{ sopInstanceUid: instance.sopInstanceUid, blob: instance.blob, damage, advice },
        })
      }
      progress = {
        ...progress,
        after: instance.blob,
        looked: progress.looked + 1,
        damaged: progress.damaged + (damaged ? 1 : 0),
      }
      register.setFact('scrub', progress)
      await pause((instance.bytes / options.rate) * 1_000, stop)
    }
    if (!stop.aborted) {
      const { began, looked, damaged } = progress
      register.setFact('scrubbed', { began, looked, damaged, ended: now().toISOString() })
      register.setFact('scrub', { ...fresh, began: now().toISOString() })
      log.info('scrub-finished', { looked: progress.looked, damaged: progress.damaged })
    }
    return progress
  }

  /** Whether a pass was due while the box was off: since the last one ended, or since the first start. */
  function wasMissed(): boolean {
    const last = register.fact<{ ended: string }>('scrubbed')?.ended
    const since = last ?? register.fact<string>('scrubAwaited')
    if (since === undefined) {
      register.setFact('scrubAwaited', now().toISOString())
      return false
    }
    const missed = options.wasDue(new Date(since), now())
    if (missed) log.info('scrub-made-up-for', { since })
    return missed
  }

  return {
    name: 'scrub',
    pass,
    begin: () => asked.abort(),
    report() {
      const progress = register.fact<Progress>('scrub')
      const last = register.fact<ScrubReport['last']>('scrubbed')
      const { began, looked, damaged } = progress ?? { began: '', looked: 0, damaged: 0 }
      return {
        ...((isReading || progress?.after) && { underWay: { began, looked, damaged } }),
        ...(last && { last }),
      }
    },
    async run(stop) {
      // What the last run did not finish goes on at once, and so does what was due meanwhile.
      let isDue = Boolean(register.fact<Progress>('scrub')?.after) || wasMissed()
      for (; !stop.aborted; isDue = false) {
        if (!isDue) {
          await options.until(AbortSignal.any([stop, asked.signal]))
          asked = new AbortController()
        }
        if (stop.aborted) return
        isReading = true
        await pass(stop).finally(() => {
          isReading = false
        })
      }
    },
  }
}
