import type { FaultCode } from '../../faults.ts'
import type { Value } from '../../holdings/catalog/catalog.ts'
import type { Bytes } from '../../holdings/storage/storage.ts'

export { createJobs, type JobsOptions } from './engine.ts'
export { type JobsSettings, jobsSettings } from './settings.ts'

/**
 * - `waiting`: its turn comes by priority, then by age.
 * - `running`.
 * - `paused`: until it is resumed.
 * - `succeeded`, `failed`: over; remembered as long as the history goes.
 */
export type JobState = 'waiting' | 'running' | 'paused' | 'succeeded' | 'failed'

/** Why a job failed; `payload` is for programs. */
export interface Failure {
  code: FaultCode
  /** Free of patient data. */
  detail: string
  payload?: Value
}

/** A piece of long work, as it stands. */
export interface Job {
  id: string
  /** The name of its kind. */
  type: string
  state: JobState
  /** Higher ones first. */
  priority: number
  /** Whatever its submitter wanted to find in it again. */
  userData?: Value
  /** Times are ISO 8601 in UTC by this box's clock, which may be wrong. */
  createdAt: string
  finishedAt?: string
  /** Milliseconds of work, over all its runs. */
  runtime: number
  /** From 0 to 1. */
  progress: number
  /** What its kind tells of it to everybody. */
  content: Value
  failure?: Failure
  /** What it made, by key. */
  outputs: Readonly<Record<string, Output>>
}

export interface Output {
  /** MIME type. */
  type: string
  filename: string
  bytes: number
}

/** A way of working. Its description and checkpoints are plain data: they outlive the process. */
export interface JobKind<Description = never> {
  /** Shown, and part of what is kept: a job whose type nobody registers fails when its turn comes. */
  type: string
  /**
   * Does the work, and resolves only when it is done. When `stop` fires it throws soon (anything);
   * it is then run again later, by this process or the next one, with the last checkpoint. What was
   * done behind that checkpoint is done again: that must do no harm.
   */
  run(context: JobContext<Description>): Promise<void>
}

export interface JobContext<Description> {
  id: string
  description: Description
  /** What the last run kept; absent at first and after a resubmission. */
  checkpoint: Value | undefined
  /** Fires at pause, at cancellation, and when the box stops. */
  stop: AbortSignal
  /** Seen by readers at once; kept within about a second of work. */
  tell(news: News): void
  /**
   * Keeps an output; it survives a power cut once this resolves and the job is over. A repeat
   * replaces it. Faults: `storage-full`, `storage-failed`, and what `bytes` throws.
   */
  keep(key: string, about: { type: string; filename: string }, bytes: Bytes): Promise<Output>
}

export interface News {
  progress?: number
  content?: Value
  checkpoint?: Value
}

export interface Submission {
  type: string
  description: Value
  content?: Value
  priority?: number
  userData?: Value
}

/** Work that goes on elsewhere, such as a download, and is only listed here while it lasts. */
export interface Attended {
  id: string
  /** Fires when it is cancelled, and when the box stops. */
  stop: AbortSignal
  tell(news: Omit<News, 'checkpoint'>): void
  /** It is over: well, or with what was thrown. */
  settle(error?: unknown): void
}

/** Work that outlives the request for it, and the process. README.md states what it promises. */
export interface Jobs {
  readonly name: string
  run(stop: AbortSignal): Promise<void>

  register<Description>(kind: JobKind<Description>): void

  /** Resolves when the job would survive a power cut. Faults: `busy` (too many wait), `stopping`. */
  submit(submission: Submission): Promise<Job>
  /** Resolves when the job is over, with what became of it; it goes on when nobody waits any more. */
  complete(submission: Submission): Promise<Job>
  /**
   * Lists work of someone else's until it is settled; it is neither queued nor resumed. It may have a
   * name already, and a beginning.
   */
  attend(about: Omit<Submission, 'description'> & Partial<Pick<Job, 'id' | 'createdAt'>>): Attended

  /** In the order of their submission. */
  list(): Job[]
  /** How many were over since this process began, and how. */
  totals(): { succeeded: number; failed: number }
  get(id: string): Job | undefined
  /** Resolves when the job is over, with what became of it. Fault: `not-found`. */
  settled(id: string): Promise<Job>

  /**
   * These answer whether the job is known, and are durable when they resolve; a running one ends
   * soon after. On one that is over they have no effect.
   */
  cancel(id: string): Promise<boolean>
  pause(id: string): Promise<boolean>
  /** These answer whether the job is known and was in a state for it. */
  resume(id: string): Promise<boolean>
  /** From the beginning, after a failure. */
  resubmit(id: string): Promise<boolean>
  /** Forgets one that is over, with its outputs. */
  remove(id: string): Promise<boolean>

  /** Fault: `not-found`. */
  openOutput(id: string, key: string, range?: { from: number; to: number }): Bytes
  removeOutput(id: string, key: string): Promise<boolean>
}
