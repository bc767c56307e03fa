import { schedule } from 'node-cron'

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
