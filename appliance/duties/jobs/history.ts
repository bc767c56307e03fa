import type { Outputs } from './outputs.ts'
import type { JobsSettings } from './settings.ts'
import type { Entry, Shelf } from './shelf.ts'

/** The jobs that are over, oldest first, and how long they and what they made are kept. */
export interface History {
  /** The number of the next one that is over, which it counts. */
  next(ended: 'succeeded' | 'failed'): number
  /** How many were over since this process began, and how. */
  totals(): { succeeded: number; failed: number }
  /** Lets go of what is beyond the settings. */
  trim(): void
  /** Durable when it resolves. */
  forget(entries: readonly Entry[]): Promise<void>
  dropOutput(entry: Entry, key: string): Promise<void>
  /** Resolves when nothing that was let go of is still being removed. */
  swept(): Promise<void>
}

export function createHistory(parts: {
  settings: JobsSettings
  shelf: Shelf
  entries: Map<string, Entry>
  outputs: Outputs
}): History {
  const { settings, shelf, entries, outputs } = parts
  let last = 0
  const totals = { succeeded: 0, failed: 0 }
  const sweeping = new Set<Promise<void>>()

  const blobsOf = (entry: Entry) => Object.values(entry.outputs).map(({ blob }) => blob)

  /**
   * The record goes first: a blob that no record names is swept at the next start, while a record
   * without its blob would promise what is not there.
   */
  async function forget(given: readonly Entry[]): Promise<void> {
    const blobs = given.flatMap(blobsOf)
    shelf.remove(given)
    for (const entry of given) entries.delete(entry.id)
    await shelf.flushed()
    await outputs.remove(blobs)
  }

  async function dropOutputs(entry: Entry, keys: readonly string[]): Promise<void> {
    const blobs = keys.map(key => entry.outputs[key]!.blob)
    for (const key of keys) delete entry.outputs[key]
    shelf.put(entry)
    await shelf.flushed()
    await outputs.remove(blobs)
  }

  function inBackground(work: Promise<void>): void {
    // What could not be removed is swept at the next start.
    const done = work.catch(() => undefined).finally(() => sweeping.delete(done))
    sweeping.add(done)
  }

  return {
    next(ended) {
      totals[ended]++
      if (last === 0) for (const { over = 0 } of entries.values()) last = Math.max(last, over)
      return ++last
    },
    totals: () => ({ ...totals }),
    trim() {
      const finished = [...entries.values()]
        .filter(({ over }) => over !== undefined)
        .sort((a, b) => a.over! - b.over!)
      const beyond = finished.splice(0, Math.max(0, finished.length - settings.history))
      if (beyond.length > 0) inBackground(forget(beyond))
      const making = finished.filter(({ outputs }) => Object.keys(outputs).length > 0)
      for (const entry of making.slice(0, Math.max(0, making.length - settings.outputs))) {
        inBackground(dropOutputs(entry, Object.keys(entry.outputs)))
      }
    },
    forget,
    dropOutput: (entry, key) => dropOutputs(entry, [key]),
    async swept() {
      await Promise.all(sweeping)
    },
  }
}
