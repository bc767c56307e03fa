import type { AssociationInfo, OperationRequest, Peer, Reply } from '../../standard/dimse/dimse.ts'
import type { Asked } from './asking.ts'
import type { Node } from './settings.ts'

/** A Referenced SOP Sequence's item. */
export interface Reference {
  sopClassUid: string
  sopInstanceUid: string
}

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

/** A commitment that we asked a node for. */
export interface CommitmentRequest {
  transactionUid: string
  /** The node's name and AE title when it was asked. */
  node: string
  aet: string
  /** ISO 8601 in UTC. */
  askedAt: string
  /** `refused`: the node did not take the request. */
  state: 'pending' | 'committed' | 'failed' | 'refused'
  instances: readonly Reference[]
  committed: readonly Reference[]
  /** With the failure reasons of PS3.3 C.14.1.1. */
  failures: readonly (Reference & { reason: number })[]
  /** When the report came. */
  reportedAt?: string
  /** Of `refused`, and of a request whose answer was lost: what happened. */
  why?: string
}

/** Storage commitment, both ways. */
export interface Commitments {
  /**
   * As SCP: takes a request. Resolves when it would survive a power cut, so that the door may answer
   * success; the report follows by itself, retried until the requester takes it.
   * Fault: `busy` (too many are waiting already).
   */
  take(asked: CommitmentAsked): Promise<void>
  /**
   * As SCU: asks a node. The request is durable before it goes out. Resolves when the node has taken
   * it; the report comes later, see `of`.
   */
  request(
    node: Node,
    instances: readonly Reference[],
    asked?: Asked,
  ): Promise<{ transactionUid: string }>
  /** As SCU: an N-EVENT-REPORT of the push model, wherever it came from; what to answer. */
  reported(
    event: Pick<OperationRequest, 'dataset' | 'eventTypeId' | 'transferSyntaxUid'>,
  ): Promise<Reply>
  /** A request of ours by its transaction UID. */
  of(transactionUid: string): CommitmentRequest | undefined
  /** Newest first. */
  requests(): Iterable<CommitmentRequest>
  /** Forgets a request of ours; false when there is none. */
  forget(transactionUid: string): Promise<boolean>
}
