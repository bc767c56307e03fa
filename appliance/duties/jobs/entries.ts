import { Fault, faultOf } from '../../faults.ts'
import type { Failure, Job, News } from './jobs.ts'
import type { Entry } from './shelf.ts'

/** What changes with a state. */
export type Change = Partial<Entry> & Pick<Entry, 'state'>

/** A job as everybody may read it; `under` is how long it has been running now. */
export function jobOf(entry: Entry, under: number): Job {
  const { seq: _, over: __, checkpoint: ___, begun: ____, ...rest } = entry
  const { ending: _____, attended: ______, ...job } = rest
  const outputs = Object.fromEntries(
    Object.entries(entry.outputs).map(([key, { blob: _blob, ...output }]) => [key, output]),
  )
  return { ...job, outputs, runtime: entry.runtime + under }
}

export function failureOf(error: unknown): Failure {
  const fault = faultOf(error)
  const payload = error instanceof Error ? (error as { payload?: unknown }).payload : undefined
  // What nobody foresaw may tell too much.
  const detail = fault.code === 'internal' && !(error instanceof Fault) ? '' : fault.detail
  return { code: fault.code, detail, ...(payload !== undefined && { payload }) }
}

export const endedBy: Record<'paused' | 'cancelled', Change> = {
  paused: { state: 'paused' },
  cancelled: { state: 'failed', failure: { code: 'cancelled', detail: '' } },
}

/** What becomes of one that was interrupted: what was asked for it, else it runs again later. */
export const interrupted = ({ ending }: Entry): Change =>
  ending ? endedBy[ending] : { state: 'waiting' }

export function hear(entry: Entry, { progress, content }: News): void {
  if (progress !== undefined) entry.progress = Math.min(Math.max(progress, 0), 1)
  if (content !== undefined) entry.content = content
}

export const outputOf = (entry: Entry | undefined, key: string) =>
  entry && Object.hasOwn(entry.outputs, key) ? entry.outputs[key] : undefined
