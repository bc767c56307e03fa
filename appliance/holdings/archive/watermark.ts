import type { BlobKey } from '../storage/storage.ts'

/**
 * Up to which key everything is settled: listed, or gone. A key given to a write begun later is
 * greater than every key that was known when it began, so nothing that is still being written lies
 * below the greatest key that was known when the oldest of them began.
 */
export interface Watermark {
  /** At the beginning of a write; the function is called, once at least, when it is settled. */
  begin(): (key?: BlobKey) => void
  value(): BlobKey | undefined
}

export function createWatermark(start: BlobKey | undefined): Watermark {
  let greatest = start
  const underWay = new Set<{ since: BlobKey | undefined }>()
  return {
    begin() {
      const write = { since: greatest }
      underWay.add(write)
      return key => {
        underWay.delete(write)
        if (key !== undefined && (greatest === undefined || key > greatest)) greatest = key
      }
    },
    value() {
      // They are in the order in which they began.
      for (const oldest of underWay) return oldest.since
      return greatest
    },
  }
}
