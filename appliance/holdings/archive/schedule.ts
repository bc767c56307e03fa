import { createTask, parse, schedule } from 'node-cron'

/** Resolves at the next time that a cron expression names, or when stopped. */
export function untilDue(expression: string, stop: AbortSignal): Promise<void> {
  if (stop.aborted) return Promise.resolve()
  return new Promise(resolve => {
    const done = () => {
      stop.removeEventListener('abort', done)
      void task.destroy()
      resolve()
    }
    const task = schedule(expression, done)
    stop.addEventListener('abort', done)
  })
}

/** No schedule names fewer than one day in so many: 29 February. */
const daysBack = 4 * 366

/** Whether a time that the expression names lies behind `since` and not behind `upTo`. */
export function wasDue(expression: string, since: Date, upTo: Date): boolean {
  const task = createTask(expression, () => undefined)
  const { hour, minute, second } = parse(expression)
  const descending = (numbers: readonly number[]) => numbers.toSorted((a, b) => b - a)
  const [hours, minutes, seconds] = [descending(hour), descending(minute), descending(second)]
  try {
    for (let back = 0; back < daysBack; back++) {
      const day = [upTo.getFullYear(), upTo.getMonth(), upTo.getDate() - back] as const
      if (new Date(day[0], day[1], day[2] + 1) <= since) return false
      for (const h of hours) {
        for (const m of minutes) {
          for (const s of seconds) {
            const at = new Date(...day, h, m, s)
            if (at > upTo) continue
            if (at <= since) break
            if (task.match(at)) return true
          }
        }
      }
    }
    return false
  } finally {
    void task.destroy()
  }
}
