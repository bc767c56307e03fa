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
  /** Tells of all whose quiet time is over. */
  settleDue(): void
}

const lookEvery = 1_000

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
  for (const { id } of register.unstable()) quietSince.set(id, elapsed())

  function settleDue(): void {
    const due = elapsed() - options.quiet * 1_000
    for (const [id, since] of quietSince) {
      if (since > due) return
      quietSince.delete(id)
      register.settle(id)
    }
  }

  return {
    name: 'stability',
    touch(instance) {
      for (const id of [instance.series, instance.study, instance.patient]) {
        quietSince.delete(id)
        quietSince.set(id, elapsed())
      }
    },
    settleDue,
    async run(stop) {
      while (!stop.aborted) {
        settleDue()
        await pause(lookEvery, stop)
      }
    },
  }
}
