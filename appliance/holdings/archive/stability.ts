import { setImmediate as turn } from 'node:timers/promises'
import type { Instance, PublicId, Register } from '../catalog/catalog.ts'
import type { Service } from './archive.ts'

/**
 * Tells when nothing has come for a patient, study or series for the quiet time: once for each
 * quiet period, since the catalogue keeps which are not stable, also over restarts. After a restart
 * the quiet time begins anew. Only the monotonic clock counts: the other may jump.
 */
export interface Stability extends Service {
  /** Something came. */
  touch(instance: Pick<Instance, 'series' | 'study' | 'patient'>): void
}

const lookEvery = 1_000
/** After a catalogue was made again all of it may be due at once: others get their turn in between. */
const atOnce = 100
const flushEvery = 2_000

export function createStability(options: {
  register: Register
  /** Seconds. */
  quiet: number
  elapsed: () => number
  pause: (milliseconds: number, stop: AbortSignal) => Promise<void>
}): Stability {
  const { register, elapsed, pause } = options
  /** Since when each is quiet, the longest first. */
  const quietSince = new Map<PublicId, number>()
  /** Those left by the last run to which nothing has come since: quiet since the start. */
  const carried = new Set<PublicId>()
  const started = elapsed()

  /** There may be very many, and the start must not wait for them. */
  async function readCarried(stop: AbortSignal): Promise<void> {
    let count = 0
    for (const { id } of register.unstable()) {
      if (!quietSince.has(id)) carried.add(id)
      if (++count % atOnce === 0) await turn()
      if (stop.aborted) return
    }
  }

  function* due(): Iterable<PublicId> {
    const limit = elapsed() - options.quiet * 1_000
    if (started <= limit) yield* carried
    for (const [id, since] of quietSince) {
      if (since > limit) return
      yield id
    }
  }

  /** Tells of all whose quiet time is over; what the disk does not take now is told later. */
  async function settleDue(stop: AbortSignal): Promise<void> {
    let count = 0
    for (const id of due()) {
      carried.delete(id)
      quietSince.delete(id)
      register.settle(id)
      if (++count % atOnce === 0) await turn()
      if (stop.aborted) return
      const flushes = count % flushEvery === 0
      if (flushes && !(await register.flushed().then(ok, failed))) return
    }
  }

  return {
    name: 'stability',
    touch(instance) {
      for (const id of [instance.series, instance.study, instance.patient]) {
        carried.delete(id)
        quietSince.delete(id)
        quietSince.set(id, elapsed())
      }
    },
    async run(stop) {
      await readCarried(stop)
      while (!stop.aborted) {
        await settleDue(stop)
        await pause(lookEvery, stop)
      }
    },
  }
}

const ok = () => true
const failed = () => false
