import type { Ending } from './ending.ts'
import type { AssociateAc, AssociateRq } from './pdu.ts'

/** Who uses an association: indications and confirmations of PS3.8 §7, in this order. */
export interface AssociationUser {
  /** Acceptor: answer by `accept` or `reject`. */
  requested(rq: AssociateRq): void
  /** Requestor. */
  accepted(ac: AssociateAc): void
  /** As of `PduSink`; answers whether the sender got on. */
  fragment(
    contextId: number,
    command: boolean,
    last: boolean,
    piece: Uint8Array,
    ends: boolean,
  ): boolean
  /** A chunk of the socket has been read to its end. */
  chunkRead(): void
  /** Answer by `answerRelease`, when all is answered that was asked. */
  releaseAsked(): void
  ended(ending: Ending): void
  /** The transport connection is gone, some time after the association. */
  closed(): void
}
