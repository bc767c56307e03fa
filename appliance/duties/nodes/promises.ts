import { createHash } from 'node:crypto'
import type { Store } from '../../holdings/catalog/catalog.ts'
import type { Notice } from './notice.ts'
import type { Notices } from './notices.ts'
import type { CommitmentReports, Promised } from './promising.ts'

/** A report of storage commitment that we owe, as it stands: told from its notice, never kept beside it. */
export interface CommitmentOwed {
  /** A UUID that stays the same over restarts; one that is asked for again is another. */
  id: string
  transactionUid: string
  /** Who asked, and under which AE title of ours. */
  aet: string
  address: string
  calledAet: string
  /** ms since 1970, by this box's clock. */
  since: number
  /** `running`: the instances are being looked at. `retrying`: it was not taken, and is said again by itself. */
  state: 'waiting' | 'running' | 'retrying'
  /** From 0 to 1: of beginning, looking at each instance, and reporting. */
  progress: number
  /** Why it was not taken the last time. */
  why?: string
}

/** What others asked us to promise, for those who want to see it or to end it. */
export interface Promises {
  /** In no order. */
  owed(): Iterable<CommitmentOwed>
  /** It is not reported any more; false when there is none. Durable when it resolves. */
  withdraw(id: string): Promise<boolean>
}

export function createPromises(parts: {
  store: Pick<Store, 'flushed'>
  notices: Pick<Notices, 'waiting' | 'withdraw'>
  reports: Pick<CommitmentReports, 'judged'>
}): Promises {
  const { store, notices, reports } = parts
  function* commitments() {
    for (const notice of notices.waiting()) if (notice.kind === 'commitment') yield notice
  }
  return {
    *owed() {
      for (const notice of commitments()) yield owedOf(notice, reports)
    },
    async withdraw(id) {
      for (const notice of commitments()) {
        if (idOf(notice) !== id || !notices.withdraw(notice.to, notice.id)) continue
        await store.flushed()
        return true
      }
      return false
    },
  }
}

export function owedOf(
  notice: Notice & { failures?: number; why?: string },
  { judged }: Pick<CommitmentReports, 'judged'>,
): CommitmentOwed {
  const { to, as = '', since, about, failures = 0, why } = notice
  const { done, of, goesOn } = judged(notice)
  const hasFailed = failures > 0 && !goesOn
  return {
    ...{ id: idOf(notice), transactionUid: (about as Promised).transactionUid, since },
    ...('aet' in to ? to : { aet: to.node, address: '' }),
    calledAet: as,
    state: hasFailed ? 'retrying' : goesOn ? 'running' : 'waiting',
    progress: goesOn || done > 0 ? (1 + done) / (2 + of) : 0,
    ...(hasFailed && why !== undefined && { why }),
  }
}

/** RFC 9562 §5.8: a UUID of our own making. */
function idOf({ to, id, since }: Notice): string {
  const hex = createHash('sha256')
    .update(JSON.stringify([to, id, since]))
    .digest('hex')
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `9${hex.slice(17, 20)}`,
  ]
  return [...parts, hex.slice(20, 32)].join('-')
}
