import { setImmediate as turn } from 'node:timers/promises'
import { Fault } from '../../faults.ts'
import type { Store } from '../../holdings/catalog/catalog.ts'
import type { AssociationInfo, Peer } from '../../standard/dimse/dimse.ts'
import type { Notice } from './notice.ts'
import type { Notices } from './notices.ts'
import type { Promised } from './promising.ts'
import type { Reference } from './references.ts'
import type { Requesting } from './requesting.ts'

/** What somebody wants us to promise: an N-ACTION of the push model, read. */
export interface CommitmentAsked {
  transactionUid: string
  references: readonly Reference[]
  association: AssociationInfo
  /** To report on the same association, as long as it lasts. */
  peer: Peer
  /** Fires when the association is gone. */
  stop: AbortSignal
}

/** Storage commitment, both ways. */
export interface Commitments {
  /**
   * As SCP: takes a request. Resolves when it would survive a power cut, so that the door may answer
   * success; the report follows by itself, retried until the requester takes it. The same
   * transaction of the same requester again is reported again.
   * Fault: `busy` (too many are waiting already for this requester, or in all).
   */
  take(asked: CommitmentAsked): Promise<void>
  /**
   * As SCU: asks a node. The request is durable before it goes out. Resolves when the node has taken
   * it; the report comes later, see `of`. Faults: those of `Asking`, `request-malformed` (nothing
   * to commit).
   */
  request: Requesting['request']
  /** As SCU: an N-EVENT-REPORT of the push model, wherever it came from; what to answer. */
  reported: Requesting['reported']
  /** A request of ours by its transaction UID. */
  of: Requesting['of']
  /** Newest first. */
  requests: Requesting['requests']
  /** Forgets a request of ours; false when there is none. */
  forget: Requesting['forget']
}

/** Reports that may wait for one requester; past it no further promise is made to it. */
const mostForOne = 10_000
/** The same for all, since under many AE titles one may be many. */
const mostWaiting = 100_000

export function createCommitments(parts: {
  store: Store
  notices: Notices
  requesting: Requesting
  now: () => Date
}): Commitments {
  const { store, notices, requesting, now } = parts
  return {
    ...requesting,

    async take({ transactionUid, references, association, peer, stop }) {
      const to = { aet: association.callingAeTitle, address: association.remoteAddress }
      if (notices.count(mostForOne, to) >= mostForOne)
        throw new Fault('busy', `${mostForOne} reports are waiting for ${to.aet}`)
      if (notices.count(mostWaiting) >= mostWaiting)
        throw new Fault('busy', `${mostWaiting} reports are waiting for their requesters`)
      const about: Promised = { transactionUid, references }
      const notice: Notice = {
        ...{ id: transactionUid, to },
        ...{ kind: 'commitment', about, as: association.calledAeTitle, since: now().getTime() },
      }
      const sayOn = notices.hold(notice)
      try {
        store.commit({ put: [notices.owed(notice)] })
        await store.flushed()
      } catch (thrown) {
        await sayOn()
        throw thrown
      }
      // The answer to the request goes out first.
      void turn().then(() => sayOn(stop.aborted ? undefined : peer))
    },
  }
}
