import type { Pause } from './bell.ts'

/** Tells what changed to whoever follows, without ever waiting for them. */
export interface News {
  note(destination: string): void
  notePlan(): void
  /** The names of what changed since the last answer; many changes are told as one. */
  follow(stop: AbortSignal): AsyncIterable<{ destinations: ReadonlySet<string>; plan: boolean }>
}

/** Seconds between two tellings. */
const atMostEvery = 0.25

export function createNews(pause: Pause): News {
  const followers = new Set<{ changed: Set<string>; plan: boolean; wake: () => void }>()
  const tell = (change: (follower: { changed: Set<string>; plan: boolean }) => void) => {
    for (const each of followers) {
      change(each)
      each.wake()
    }
  }
  return {
    note: destination => tell(each => each.changed.add(destination)),
    notePlan: () =>
      tell(each => {
        each.plan = true
      }),

    async *follow(stop) {
      const one = { changed: new Set<string>(), plan: false, wake: () => {}, end: () => one.wake() }
      followers.add(one)
      try {
        while (!stop.aborted) {
          if (one.changed.size === 0 && !one.plan) {
            await new Promise<void>(resolve => {
              one.wake = resolve
              stop.addEventListener('abort', one.end)
            })
            stop.removeEventListener('abort', one.end)
            continue
          }
          const { changed: destinations, plan } = one
          one.changed = new Set()
          one.plan = false
          yield { destinations, plan }
          await pause(atMostEvery, stop).catch(() => {})
        }
      } finally {
        followers.delete(one)
      }
    },
  }
}
