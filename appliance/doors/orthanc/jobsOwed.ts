import type { Job, Jobs } from '../../duties/jobs/jobs.ts'
import type { CommitmentOwed } from '../../duties/nodes/nodes.ts'
import { Fault } from '../../faults.ts'
import type { Desk } from './desk.ts'
import type { JsonObject } from './json.ts'

/*
 * Reports of storage commitment that others are owed, as the jobs that Orthanc makes of them. They are
 * no jobs here: a job is forgotten with the history, while such a report is owed until it is taken.
 */

/** A job as this door tells it: one that is owed may have failed, and is tried again all the same. */
export type Told = Omit<Job, 'state'> & { state: Job['state'] | 'retrying' }

const type = 'StorageCommitmentScp'

/** What is owed, told as jobs. */
export const owedJobs = (desk: Desk): Told[] =>
  Array.from(desk.network.commitments?.owed() ?? [], told)

/** A report that is owed no more is remembered among the jobs that are over. */
export function rememberReport(jobs: Jobs, owed: CommitmentOwed, how: 'taken' | 'dropped'): void {
  const { id, createdAt, content, progress } = told(owed)
  const job = jobs.attend({ id, createdAt, type, content })
  job.tell({ progress })
  if (how === 'taken') job.settle()
  else job.settle(new Fault('cancelled', ''))
}

function told(owed: CommitmentOwed): Told {
  const { id, state, progress, since, why } = owed
  return {
    ...{ id, type, state, progress, priority: 0, runtime: 0, outputs: {} },
    createdAt: new Date(since).toISOString(),
    content: contentOf(owed),
    ...(why !== undefined && { failure: { code: 'peer-failed', detail: why } }),
  }
}

const contentOf = ({ calledAet, aet, address, transactionUid }: CommitmentOwed): JsonObject => ({
  CalledAet: calledAet,
  Description: '',
  RemoteAet: aet,
  RemoteIp: address,
  TransactionUid: transactionUid,
})
