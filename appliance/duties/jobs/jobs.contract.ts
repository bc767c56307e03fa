import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type OpenStore, openStore } from '../../holdings/catalog/catalog.ts'
import { type Blobs, openBlobs, storageSettings } from '../../holdings/storage/storage.ts'
import { silentLog } from '../../log.ts'
import { createJobs, type JobKind, type Jobs, jobsSettings } from './jobs.ts'

/** Jobs on a real store and real files, which can be ended in order or as by a power cut. */
export interface Bench {
  /**
   * Opens them (again), with these kinds, and lets them run. Those that were not stopped before are
   * left where they are, as by a power cut: nothing of theirs is written any more.
   */
  start(kinds: readonly JobKind<never>[], settings?: object): Promise<Jobs>
  /** Ends them as SIGTERM does. */
  stop(): Promise<void>
  blobs(): Promise<number>
  /** What `hasRoom` answers. */
  room: boolean
}

export async function withJobs(use: (bench: Bench) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'waystation-jobs-'))
  const store: OpenStore = await openStore({ folder: join(folder, 'catalog') })
  const blobs: Blobs = await openBlobs(storageSettings.parse({}), join(folder, 'jobs'))
  let end: () => Promise<void> = async () => undefined
  let elapsed = 0
  const bench: Bench = {
    room: true,
    async start(kinds, settings = {}) {
      const jobs = createJobs({
        ...{ store: store.space('jobs'), blobs, log: silentLog },
        settings: jobsSettings.parse(settings),
        now: () => new Date('2026-03-04T05:06:07.089Z'),
        elapsed: () => (elapsed += 1000),
        hasRoom: () => bench.room,
      })
      for (const kind of kinds) jobs.register(kind)
      const stopping = new AbortController()
      const over = jobs.run(stopping.signal)
      end = async () => {
        stopping.abort()
        await over
      }
      return jobs
    },
    stop: () => end(),
    async blobs() {
      return (await Array.fromAsync(blobs.keys())).length
    },
  }
  try {
    await use(bench)
  } finally {
    await store.close()
    await rm(folder, { recursive: true, force: true })
  }
}

/** A kind that counts up to its description, one step each time it is let. */
export function stepping(type = 'Stepping') {
  const begun: { id: string; from: unknown }[] = []
  let letGo = Promise.withResolvers<void>()
  let arrived = Promise.withResolvers<void>()
  const kind: JobKind<number> = {
    type,
    async run({ id, description, checkpoint, stop, tell }) {
      begun.push({ id, from: checkpoint })
      for (let step = Number(checkpoint ?? 0); step < description; step++) {
        arrived.resolve()
        const stopped = new Promise<void>(resolve => {
          if (stop.aborted) resolve()
          else stop.addEventListener('abort', () => resolve(), { once: true })
        })
        await Promise.race([letGo.promise, stopped])
        if (stop.aborted) throw new Error('stopped')
        letGo = Promise.withResolvers()
        arrived = Promise.withResolvers()
        tell({
          progress: (step + 1) / description,
          content: { step: step + 1 },
          checkpoint: step + 1,
        })
      }
    },
  }
  return {
    kind,
    begun,
    /** Resolves when a step waits to be let. */
    arrived: () => arrived.promise,
    /** Lets one step happen, and waits for the next one to wait. */
    async step() {
      const next = arrived
      await next.promise
      letGo.resolve()
    },
  }
}
