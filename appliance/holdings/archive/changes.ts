import type { Catalog, Change } from '../catalog/catalog.ts'

/** Those who wait for the next change, woken without polling. */
export interface Bell {
  ring(): void
  heard(stop: AbortSignal): Promise<void>
}

export function createBell(): Bell {
  let next = Promise.withResolvers<void>()
  return {
    ring() {
      next.resolve()
      next = Promise.withResolvers()
    },
    heard(stop) {
      const ring = next.promise
      return new Promise(resolve => {
        const done = () => {
          stop.removeEventListener('abort', done)
          resolve()
        }
        stop.addEventListener('abort', done)
        if (stop.aborted) done()
        void ring.then(done)
      })
    },
  }
}

const page = 256

/** See `Archive.changes`. */
export async function* changesAfter(
  catalog: Catalog,
  bell: Bell,
  after: number,
  stop: AbortSignal,
): AsyncIterable<Change> {
  let last = after
  while (!stop.aborted) {
    const changes = catalog.changes(last, page)
    for (const change of changes) {
      if (stop.aborted) return
      last = change.seq
      yield change
    }
    // Nothing can be told between the look above and this: both are in one turn.
    if (changes.length === 0) await bell.heard(stop)
  }
}
