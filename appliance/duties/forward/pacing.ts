import type { Bytes } from '../../holdings/storage/storage.ts'
import type { Pause } from './bell.ts'
import type { Priority } from './delivery.ts'

/** Lets bytes through at a rate, the most urgent first. */
export interface Pacing {
  /**
   * The same bytes, in small pieces and no faster than the rate of that moment allows, behind room
   * for `overhead` bytes that go with them.
   */
  paced(bytes: Bytes, overhead: number, priority: Priority, stop: AbortSignal): Bytes
}

interface Waiting {
  bytes: number
  priority: Priority
  since: number
  go(): void
}

/**
 * A piece is what the rate allows in so many seconds, within bounds. Each of several connections may
 * hold two of them read ahead, which go out in one second besides what that second allows.
 */
const pieceSeconds = 0.01
const smallest = 512
const largest = 65_536
/** Seconds after which a stream behind more urgent ones gets a piece, so that its far side lives on. */
const starvedAfter = 5
/** What a late timer left unused may be made up for, seconds. */
const catchUp = 0.02

export function createPacing(parts: {
  /** Bytes a second; `undefined`: as fast as it goes. */
  rate: () => number | undefined
  /** Seconds of running, from any start. */
  elapsed: () => number
  pause: Pause
}): Pacing {
  const { rate, elapsed, pause } = parts
  const waiting = new Set<Waiting>()
  /** When the line is free again. */
  let free = 0
  let serving = false

  function next(): Waiting | undefined {
    let first: Waiting | undefined
    for (const each of waiting) {
      if (elapsed() - each.since > starvedAfter) return each
      if (!first || each.priority < first.priority) first = each
    }
    return first
  }

  async function serve(): Promise<void> {
    if (serving) return
    serving = true
    // What asks in the same turn is weighed together.
    await Promise.resolve()
    const never = new AbortController().signal
    while (waiting.size > 0) {
      const wait = free - elapsed()
      if (wait > 0) await pause(wait, never)
      const chosen = next()
      if (!chosen) break
      const speed = rate()
      free = Math.max(elapsed() - catchUp, free) + (speed ? chosen.bytes / speed : 0)
      waiting.delete(chosen)
      chosen.go()
      await Promise.resolve()
    }
    serving = false
  }

  async function turn(bytes: number, priority: Priority, stop: AbortSignal): Promise<void> {
    if (rate() === undefined || stop.aborted) return
    await new Promise<void>(resolve => {
      const entry: Waiting = { bytes, priority, since: elapsed(), go: done }
      function done() {
        waiting.delete(entry)
        stop.removeEventListener('abort', done)
        resolve()
      }
      stop.addEventListener('abort', done, { once: true })
      waiting.add(entry)
      void serve()
    })
  }

  return {
    async *paced(bytes, overhead, priority, stop) {
      await turn(overhead, priority, stop)
      for await (const chunk of bytes) {
        for (let at = 0; at < chunk.length; ) {
          const speed = rate()
          const piece =
            speed === undefined
              ? chunk.length
              : Math.min(largest, Math.max(smallest, Math.floor(speed * pieceSeconds)))
          const part = chunk.subarray(at, at + piece)
          at += part.length
          await turn(part.length, priority, stop)
          yield part
        }
      }
    },
  }
}
