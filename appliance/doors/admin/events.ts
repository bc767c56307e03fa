import type { Context } from 'hono'
import { streamSSE } from 'hono/streaming'
import type { HttpEnv } from '../../host/http/http.ts'

export interface Event {
  event: string
  data: string
  id?: string
}

/** The longest that a stream says nothing, ms: NATs and proxies forget what is silent for a minute. */
export const longestSilence = 15_000

export type After = (milliseconds: number, then: () => void) => { end(): void }

/**
 * An answer of server-sent events: those of everything that `follow` tells, until the caller goes or
 * the server stops, at which `follow` is told to stop. After 15 seconds without any it says `alive`, an event with a
 * name since a browser keeps comments to itself, and a page must notice that nothing comes any more.
 * What is said to a caller that vanished without a word is never acknowledged, so that the system
 * gives its connection up.
 */
export function eventsOf<T>(
  context: Context,
  follow: (stop: AbortSignal) => AsyncIterable<T>,
  eventsFor: (told: T) => readonly Event[],
  after: After = afterMilliseconds,
): Response {
  // nginx would keep events until it has a page full of them.
  context.header('X-Accel-Buffering', 'no')
  // Nobody would read the stream, and nobody end it.
  if (context.req.raw.method === 'HEAD') {
    return context.body(null, 200, { 'Content-Type': 'text/event-stream' })
  }
  return streamSSE(context, async stream => {
    const gone = new AbortController()
    const end = () => gone.abort()
    stream.onAbort(end)
    const { stopping } = (context.env ?? {}) as HttpEnv
    if (stopping?.aborted) end()
    stopping?.addEventListener('abort', end, { once: true })
    let silence: { end(): void } | undefined
    gone.signal.addEventListener('abort', () => silence?.end())
    const hush = () => {
      silence?.end()
      if (gone.signal.aborted) return
      silence = after(longestSilence, () => void say({ event: 'alive', data: '{}' }))
    }
    const say = async (event: Event) => {
      await stream.writeSSE(event)
      hush()
    }
    hush()
    try {
      for await (const told of follow(gone.signal)) {
        for (const event of eventsFor(told)) await say(event)
      }
    } finally {
      stopping?.removeEventListener('abort', end)
      gone.abort()
    }
  })
}

function afterMilliseconds(milliseconds: number, then: () => void): { end(): void } {
  const timer = setTimeout(then, milliseconds)
  return { end: () => clearTimeout(timer) }
}
