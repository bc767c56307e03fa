import { keyOf, type Store, type Value } from '../../holdings/catalog/catalog.ts'
import type { BlobKey } from '../../holdings/storage/storage.ts'
import type { Job, Output } from './jobs.ts'

/** What of a job never changes; written once, read when it runs, so that a long one costs nothing. */
export interface Order {
  description: Value
  /** What was told of it before it first ran. */
  content: Value
}

/** A job in memory, and as it is kept. */
export interface Entry extends Omit<Job, 'outputs'> {
  /** Counted over all jobs of this box. */
  seq: number
  /** Counted over all that are over: the history's order, whatever the clock says. */
  over?: number
  checkpoint?: Value
  /** Runs begun since the last one that ended, or since the last checkpoint. */
  begun: number
  outputs: Record<string, Output & { blob: BlobKey }>
  /** What a running one was asked to become. */
  ending?: 'paused' | 'cancelled'
  /** Work of someone else's: it is kept only when it is over. */
  attended?: boolean
}

/** Jobs in the store: one small record that changes, and one order that does not. */
export interface Shelf {
  entries(): Entry[]
  order(entry: Entry): Order
  put(entry: Entry, order?: Order): void
  remove(entries: readonly Entry[]): void
  flushed(): Promise<void>
}

export function createShelf(store: Store): Shelf {
  const jobKey = ({ seq }: Entry) => keyOf('job', seq)
  const orderKey = ({ seq }: Entry) => keyOf('order', seq)
  return {
    entries: () =>
      Array.from(store.range<Entry>({ under: keyOf('job') }), ([, entry]) => ({
        ...entry,
        outputs: { ...entry.outputs },
      })),
    order: entry => store.get<Order>(orderKey(entry)) ?? { description: undefined, content: {} },
    put(entry, order) {
      // A copy: what the store was given must not change any more.
      const copy = { ...entry, outputs: { ...entry.outputs } }
      store.commit({
        put: [[jobKey(entry), copy], ...(order ? [[orderKey(entry), order] as const] : [])],
      })
    },
    remove(entries) {
      store.commit({ remove: entries.flatMap(entry => [jobKey(entry), orderKey(entry)]) })
    },
    flushed: () => store.flushed(),
  }
}
