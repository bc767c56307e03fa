import { Fault } from '../../faults.ts'
import type { Log } from '../../log.ts'
import type { Room } from '../storage/storage.ts'

/**
 * Whether there is room to receive. Below the reserve nothing new is taken, so that the catalogue,
 * the queries and the relay, which all need a little, keep working on a full disk. What arrives is
 * counted against the free space that was last asked for, so that a large object is broken off
 * before the disk is.
 */
export interface Capacity {
  /** Before an instance. Fault: `storage-full`. */
  admit(): Promise<void>
  /** While bytes arrive. Fault: `storage-full`. */
  take(bytes: number): void
  isFull(): boolean
  /** Asks the disk anew. */
  refresh(): Promise<void>
}

const freshFor = 1_000

export function createCapacity(options: {
  room: Room['room'] | undefined
  reserve: number
  /** Why the catalogue cannot be written just now. */
  trouble?: () => Fault | undefined
  elapsed: () => number
  log: Log
}): Capacity {
  const { room, reserve, elapsed, log } = options
  let free = Number.POSITIVE_INFINITY
  let askedAt = Number.NEGATIVE_INFINITY
  let asking: Promise<void> | undefined
  let full = false

  async function ask(): Promise<void> {
    if (!room) return
    free = (await room()).free
    askedAt = elapsed()
    const now = free < reserve
    if (now !== full) {
      full = now
      if (full) {
        const advice = 'Free space on the data volume or let the relay catch up.'
        log.warn('receiving-stopped', { reason: 'storage-full', free, reserve, advice })
      } else log.info('receiving-resumed', { free, reserve })
    }
  }

  function refresh(): Promise<void> {
    asking ??= ask().finally(() => {
      asking = undefined
    })
    return asking
  }

  const refuse = () =>
    new Fault('storage-full', `less than ${Math.round(reserve / 1e6)} MB are free`)

  return {
    refresh,
    isFull: () => full,
    async admit() {
      const trouble = options.trouble?.()
      if (trouble) throw new Fault(trouble.code, trouble.detail, { cause: trouble })
      if (elapsed() - askedAt > freshFor || free < reserve) await refresh()
      if (full || free < reserve) throw refuse()
    },
    take(bytes) {
      free -= bytes
      if (free < reserve) throw refuse()
    },
  }
}

/** Bytes of a setting such as "1 GB" or "200 MB", decimal. */
export function bytesOfSetting(text: string): number {
  const [, amount, unit] = /^(\d+) ?(MB|GB)$/.exec(text)!
  return Number(amount) * (unit === 'GB' ? 1e9 : 1e6)
}
