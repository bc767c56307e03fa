import type { Bytes } from './inflow.ts'
import type { ExtendedNegotiation } from './negotiation.ts'
import type { Operation } from './vocabulary.ts'

/** What both ends know of an association, from its acceptance to its end. */
export interface AssociationInfo {
  /** Counted from 1 since the start of the program; the `id` of its connection record. */
  id: number
  remoteAddress: string
  remotePort: number
  callingAeTitle: string
  calledAeTitle: string
  /** The other end's, PS3.7 D.3.3.2. */
  implementationClassUid?: string
  implementationVersionName?: string
  /** Over TLS. */
  secure: boolean
  /** What the other end takes in one P-DATA-TF, in bytes; 0: any length (PS3.8 D.1). */
  maxPduLength: number
  /** What was agreed beyond the defaults, as the acceptor answered it (PS3.7 D.3.3.5). */
  extended?: readonly ExtendedNegotiation[]
  since: Date
}

/** The answer to a request, in either direction. */
export interface Reply {
  status: number
  /** At most 64 characters go over the wire, and nothing that is not ASCII. */
  errorComment?: string
  /** Tags that are to blame, (0000,0901). */
  offendingElements?: number[]
  /** Identifier, attribute list or event reply, in the context's transfer syntax. */
  dataset?: Uint8Array
  /** Sub-operations of C-MOVE and C-GET, PS3.7 §9.1.3 and §9.1.4. */
  remaining?: number
  completed?: number
  failed?: number
  warning?: number
  /** Of N-CREATE: the instance that was made. Of other services it repeats the request's. */
  sopInstanceUid?: string
  /** In which context it came; only of replies received. */
  transferSyntaxUid?: string
}

interface Request {
  association: AssociationInfo
  /** What can be asked of the other end on the same association, as C-GET does. */
  peer: Peer
  messageId: number
  contextId: number
  transferSyntaxUid: string
  /** Affected or Requested SOP Class UID. */
  sopClassUid: string
  /** Fires when the association is gone: no reply will reach anyone. */
  stop: AbortSignal
}

export type EchoRequest = Request

export interface StoreRequest extends Request {
  sopInstanceUid: string
  priority: number
  /** Set by the SCP of a C-MOVE, PS3.7 §9.1.1.1. */
  moveOriginatorAeTitle?: string
  moveOriginatorMessageId?: number
  /**
   * The dataset's bytes as they come, to be read once. Reading slowly slows the sender. Ends after
   * the last fragment; throws `peer-aborted`, `peer-timeout`, `protocol-broken` or `stopping` when
   * that will never come, so that nothing is half kept. What a service leaves unread when it
   * answers is read and dropped before the answer is sent. The arrays belong to the reader.
   */
  data: Bytes
}

/** C-FIND, C-MOVE, C-GET and the N-services. */
export interface OperationRequest extends Request {
  operation: Operation
  sopInstanceUid?: string
  priority?: number
  moveDestination?: string
  actionTypeId?: number
  eventTypeId?: number
  /** Of N-GET: the tags asked for. */
  attributeIdentifiers?: number[]
  /** Identifier or attribute list, whole; its size is limited by the setting `identifierBytes`. */
  dataset?: Uint8Array
  /** Fires at C-CANCEL and when the association is gone. */
  cancelled: AbortSignal
}

/**
 * What an end answers. A service that throws is answered for with 0x0110 (0xA700 for
 * `storage-full` and `busy`, 0x0213 of N-services) and the fault's advice as Error Comment; the
 * association lives on.
 */
export interface Services {
  /** Without it C-ECHO is answered with success. */
  echo?(request: EchoRequest): Promise<Reply>
  store?(request: StoreRequest): Promise<Reply>
  /**
   * Everything else by its name. Several replies (C-FIND, C-MOVE, C-GET) come from an
   * `AsyncIterable`: all but the last are pending; one that ends while pending is closed with
   * success, or 0xFE00 when it was cancelled.
   */
  operations?: {
    [name in Exclude<Operation, 'C-ECHO' | 'C-STORE'>]?: (
      request: OperationRequest,
    ) => Promise<Reply> | AsyncIterable<Reply>
  }
}

/** An instance to be sent as it is: the bytes go out unread and unchanged. */
export interface OutgoingStore {
  sopClassUid: string
  sopInstanceUid: string
  /** Of `data`. A context must have been accepted with exactly this one. */
  transferSyntaxUid: string
  /** As it comes, or all of it, which costs less. Not to be changed before the answer is there. */
  data: AsyncIterable<Uint8Array> | Uint8Array
  priority?: number
  moveOriginatorAeTitle?: string
  moveOriginatorMessageId?: number
}

/** Any request but C-STORE and C-ECHO. */
export interface OutgoingRequest {
  operation: Exclude<Operation, 'C-STORE' | 'C-ECHO'>
  sopClassUid: string
  /** The context's abstract syntax where it is another, as with meta SOP classes. */
  abstractSyntax?: string
  sopInstanceUid?: string
  /** In the transfer syntax of the accepted context: ask `accepted` first. */
  dataset?: Uint8Array
  /** Names one context of several of the abstract syntax. */
  transferSyntaxUid?: string
  priority?: number
  moveDestination?: string
  actionTypeId?: number
  eventTypeId?: number
  attributeIdentifiers?: number[]
  /** Sends C-CANCEL when it fires; replies go on until the final one. */
  cancel?: AbortSignal
}

/** The other end of a living association, as far as it can be asked for something. */
export interface Peer {
  /**
   * The context in which this end may ask for `abstractSyntax`; with a transfer syntax, only one
   * that was accepted with exactly that. `undefined`: the other end takes no such thing.
   */
  accepted(
    abstractSyntax: string,
    transferSyntaxUid?: string,
    /** `scp`: in which it may report an event, N-EVENT-REPORT. */
    as?: 'scu' | 'scp',
  ): { contextId: number; transferSyntaxUid: string } | undefined

  /** Faults of all three: `peer-declined` (no such context), `peer-timeout`, `peer-aborted`, `protocol-broken`. */
  echo(): Promise<Reply>

  /**
   * Resolves with the other end's answer, whatever its status. When `data` throws, the association
   * is aborted, because a begun message cannot be taken back, and the same error comes out.
   */
  store(instance: OutgoingStore): Promise<Reply>

  /**
   * Every reply as it comes; the last is the one that is not pending. Breaking off the loop sends
   * C-CANCEL where the service has it, and drops what still comes.
   */
  perform(request: OutgoingRequest): AsyncIterable<Reply>
}
