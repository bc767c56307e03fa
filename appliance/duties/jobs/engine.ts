import { randomUUID } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { Fault, faultOf } from '../../faults.ts'
import type { Store } from '../../holdings/catalog/catalog.ts'
import type { Blobs } from '../../holdings/storage/storage.ts'
import type { Log } from '../../log.ts'
import { attendedOf } from './attended.ts'
import { contextOf } from './context.ts'
import { type Change, endedBy, failureOf, interrupted, jobOf, outputOf } from './entries.ts'
import { createHistory } from './history.ts'
import type { Job, JobKind, Jobs, Submission } from './jobs.ts'
import { createOutputs } from './outputs.ts'
import type { JobsSettings } from './settings.ts'
import { createShelf, type Entry } from './shelf.ts'

export interface JobsOptions {
  /** A space of its own. */
  store: Store
  /** Where outputs lie; nobody else's blobs are in it. */
  blobs: Blobs
  settings: JobsSettings
  now: () => Date
  /** Monotonic clock in milliseconds. */
  elapsed: () => number
  /** Whether the disk may take more of what is not an image. */
  hasRoom: () => boolean
  log: Log
  uuid?: () => string
}

/** More would be a client gone wild. */
const unfinishedAtMost = 10_000
/** A job that was under way so often when the process died may be why it died. */
const begunAtMost = 5

/** Opens the jobs of this box: those that ran when the last process ended wait for their turn again. */
export function createJobs(options: JobsOptions): Jobs {
  const { settings, now, elapsed, log } = options
  const uuid = options.uuid ?? randomUUID
  const concurrent = settings.concurrent || availableParallelism()
  const kinds = new Map<string, JobKind>()
  const shelf = createShelf(options.store)
  const entries = new Map<string, Entry>()
  const running = new Map<string, { stop: AbortController; begun: number; done: Promise<void> }>()
  const outputs = createOutputs({ blobs: options.blobs, hasRoom: options.hasRoom })
  const parts = { shelf, outputs, elapsed }
  const history = createHistory({ settings, shelf, entries, outputs })
  const waiters = new Map<string, PromiseWithResolvers<Job>>()
  let lastSeq = 0
  let phase: 'asleep' | 'awake' | 'over' = 'asleep'

  for (const entry of shelf.entries()) {
    lastSeq = Math.max(lastSeq, entry.seq)
    entries.set(entry.id, entry)
  }
  for (const entry of [...entries.values()]) {
    if (entry.state === 'running') move(entry, interrupted(entry))
  }

  const told = (entry: Entry): Job => {
    const run = running.get(entry.id)
    return jobOf(entry, run ? elapsed() - run.begun : 0)
  }

  /** The one place where a state changes. */
  function move(entry: Entry, change: Change): void {
    Object.assign(entry, change)
    if (change.failure === undefined) delete entry.failure
    if (change.state !== 'running') delete entry.ending
    if (change.state === 'succeeded' || change.state === 'failed') {
      entry.finishedAt = now().toISOString()
      entry.over = history.next(change.state)
    } else {
      delete entry.finishedAt
      delete entry.over
    }
    shelf.put(entry)
    if (entry.over === undefined) return
    waiters.get(entry.id)?.resolve(told(entry))
    waiters.delete(entry.id)
    history.trim()
  }

  function next(): Entry | undefined {
    let first: Entry | undefined
    for (const entry of entries.values()) {
      if (entry.state !== 'waiting') continue
      if (!first || entry.priority > first.priority) first = entry
    }
    return first
  }

  function startWhatMay(): void {
    const queued = () => [...running.keys()].filter(id => !entries.get(id)?.attended).length
    while (phase === 'awake' && queued() < concurrent) {
      const entry = next()
      if (!entry) return
      const stop = new AbortController()
      const run = { stop, begun: elapsed(), done: Promise.resolve() }
      running.set(entry.id, run)
      run.done = perform(entry, stop.signal).then(() => startWhatMay())
    }
  }

  /** One run, from its turn to what became of it. Never throws: a broken store is told in the log. */
  async function perform(entry: Entry, stop: AbortSignal): Promise<void> {
    let outcome: Change
    try {
      if (entry.begun >= begunAtMost) {
        throw new Fault('internal', `the box ended ${entry.begun} times while this job ran`)
      }
      move(entry, { state: 'running', begun: entry.begun + 1 })
      const kind = kinds.get(entry.type)
      if (!kind) throw new Fault('not-supported', `nobody does jobs of type ${entry.type}`)
      await kind.run(contextOf(parts, entry, stop))
      outcome = { state: 'succeeded', progress: 1 }
    } catch (error) {
      outcome = stop.aborted ? interrupted(entry) : { state: 'failed', failure: failureOf(error) }
      if (outcome.failure?.code === 'internal') {
        const { detail, advice } = faultOf(error)
        log.error('job-failed', { type: entry.type, job: entry.id, detail, advice })
      }
    }
    settle(entry, { ...outcome, begun: 0 })
  }

  function settle(entry: Entry, outcome: Change): void {
    const run = running.get(entry.id)
    const runtime = entry.runtime + (run ? elapsed() - run.begun : 0)
    running.delete(entry.id)
    try {
      move(entry, { ...outcome, runtime })
    } catch (error) {
      const { code, detail, advice } = faultOf(error)
      log.error('job-not-kept', { job: entry.id, fault: code, detail, advice })
    }
  }

  function enter(about: Partial<Entry> & Pick<Entry, 'type' | 'state' | 'content'>): Entry {
    const entry: Entry = {
      ...{ id: uuid(), seq: ++lastSeq, priority: 0, createdAt: now().toISOString() },
      ...{ runtime: 0, progress: 0, begun: 0, outputs: {} },
      ...about,
    }
    entries.set(entry.id, entry)
    return entry
  }

  function take({ type, description, content = {}, priority = 0, userData }: Submission): Entry {
    if (phase === 'over') throw new Fault('stopping', 'no more jobs are taken')
    if (entries.size >= unfinishedAtMost + settings.history) {
      throw new Fault('busy', 'too many jobs wait already')
    }
    const entry = enter({
      ...{ type, content, priority, state: 'waiting' },
      ...(userData !== undefined && { userData }),
    })
    try {
      shelf.put(entry, { description, content })
    } catch (error) {
      entries.delete(entry.id)
      throw error
    }
    return entry
  }

  function settled(entry: Entry | undefined): Promise<Job> {
    if (!entry) return Promise.reject(new Fault('not-found', 'no such job'))
    if (entry.over !== undefined) return Promise.resolve(told(entry))
    const waiter = waiters.get(entry.id) ?? Promise.withResolvers<Job>()
    waiters.set(entry.id, waiter)
    return waiter.promise
  }

  /** Moves an entry if it is in one of these states, durably; answers whether it was. */
  async function moved(
    id: string,
    from: readonly Job['state'][],
    change: Change,
  ): Promise<boolean> {
    const entry = entries.get(id)
    if (!entry || !from.includes(entry.state)) return false
    move(entry, change)
    await shelf.flushed()
    startWhatMay()
    return true
  }

  /**
   * What waits or is paused ends at once; a running one is asked to end, and that it was asked is
   * kept, so that it does not come to life again. Work of someone else's cannot be paused.
   */
  async function interrupt(id: string, ending: 'paused' | 'cancelled'): Promise<boolean> {
    const entry = entries.get(id)
    if (!entry) return false
    const run = running.get(id)
    if (!run) {
      await moved(id, ending === 'cancelled' ? ['waiting', 'paused'] : ['waiting'], endedBy[ending])
    } else if (!entry.attended) {
      // Cancelling wins over pausing.
      if (entry.ending !== 'cancelled') entry.ending = ending
      shelf.put(entry)
      await shelf.flushed()
      run.stop.abort()
    } else if (ending === 'cancelled') run.stop.abort()
    return true
  }

  return {
    name: 'jobs',
    register: kind => {
      kinds.set(kind.type, kind as JobKind)
    },

    async run(stop) {
      await outputs.sweep([...entries.values()])
      history.trim()
      phase = 'awake'
      startWhatMay()
      await new Promise<void>(resolve => {
        if (stop.aborted) resolve()
        else stop.addEventListener('abort', () => resolve(), { once: true })
      })
      phase = 'over'
      const under = [...running]
      for (const [, run] of under) run.stop.abort()
      // Who does attended work ends it.
      await Promise.all(under.map(([id, run]) => !entries.get(id)?.attended && run.done))
      await history.swept()
      await shelf.flushed()
    },

    submit: async submission => {
      const job = told(take(submission))
      await shelf.flushed()
      startWhatMay()
      return job
    },
    complete: async submission => {
      const over = settled(take(submission))
      await shelf.flushed()
      startWhatMay()
      return over
    },

    attend({ type, content = {}, priority = 0, userData, ...named }) {
      const entry = enter({
        ...{ type, content, priority, state: 'running', attended: true, ...named },
        ...(userData !== undefined && { userData }),
      })
      const stop = new AbortController()
      running.set(entry.id, { stop, begun: elapsed(), done: Promise.resolve() })
      return attendedOf(entry, stop.signal, outcome => {
        if (running.has(entry.id)) settle(entry, outcome)
      })
    },

    list: () => [...entries.values()].map(told),
    totals: history.totals,
    get: id => (entries.has(id) ? told(entries.get(id)!) : undefined),
    settled: id => settled(entries.get(id)),

    cancel: id => interrupt(id, 'cancelled'),
    pause: id => interrupt(id, 'paused'),
    resume: id => moved(id, ['paused'], { state: 'waiting' }),
    async resubmit(id) {
      const entry = entries.get(id)
      if (entry?.state !== 'failed' || entry.attended) return false
      const made = Object.values(entry.outputs).map(({ blob }) => blob)
      const { content } = shelf.order(entry)
      delete entry.checkpoint
      await moved(id, ['failed'], {
        ...{ state: 'waiting', progress: 0, runtime: 0, begun: 0, outputs: {}, content },
      })
      await outputs.remove(made)
      return true
    },
    async remove(id) {
      const entry = entries.get(id)
      if (entry?.over === undefined) return false
      await history.forget([entry])
      return true
    },

    openOutput(id, key, range) {
      const output = outputOf(entries.get(id), key)
      if (!output) throw new Fault('not-found', `the job has no output ${key}`)
      return options.blobs.read(output.blob, range ?? { from: 0, to: output.bytes })
    },
    async removeOutput(id, key) {
      const entry = entries.get(id)
      const output = outputOf(entry, key)
      if (!entry || !output || entry.over === undefined) return false
      await history.dropOutput(entry, key)
      return true
    },
  }
}
