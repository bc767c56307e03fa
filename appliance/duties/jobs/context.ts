import { hear } from './entries.ts'
import type { JobContext } from './jobs.ts'
import type { Outputs } from './outputs.ts'
import type { Entry, Shelf } from './shelf.ts'

/** Progress that is behind by less, in milliseconds, need not be kept. */
const keptEvery = 500

/** What a run is given: the job as it stands, and where its news go. */
export function contextOf(
  { shelf, outputs, elapsed }: { shelf: Shelf; outputs: Outputs; elapsed: () => number },
  entry: Entry,
  stop: AbortSignal,
): JobContext<never> {
  let kept = elapsed()
  return {
    id: entry.id,
    description: shelf.order(entry).description as never,
    checkpoint: entry.checkpoint,
    stop,
    tell(news) {
      hear(entry, news)
      if (news.checkpoint !== undefined) {
        entry.checkpoint = news.checkpoint
        entry.begun = 1
      }
      if (elapsed() - kept < keptEvery) return
      kept = elapsed()
      shelf.put(entry)
    },
    async keep(key, about, bytes) {
      const made = await outputs.write(bytes, stop)
      const former = entry.outputs[key]
      entry.outputs[key] = { ...about, ...made }
      shelf.put(entry)
      await shelf.flushed()
      if (former) await outputs.remove([former.blob])
      return { ...about, bytes: made.bytes }
    },
  }
}
