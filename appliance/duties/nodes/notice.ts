import { Fault } from '../../faults.ts'
import { type NewElement, writeDataset } from '../../standard/dicom/dicom.ts'
import { type OutgoingRequest, type Peer, status, statusKind } from '../../standard/dimse/dimse.ts'
import { refusal } from './question.ts'
import type { Node } from './settings.ts'

/** Whom a notice is for: a known node, or whoever called under an AE title. */
export type Recipient = { node: string } | { aet: string; address: string }

/**
 * Something a node must be told, until it takes it. It never changes: how often it was tried is
 * forgotten at a restart, which tries again at once.
 */
export interface Notice {
  /** One of the same id for the same recipient takes its place. */
  id: string
  to: Recipient
  kind: string
  /** Plain data for its kind. */
  about: unknown
  /** The AE title to speak under, where the node has no `localAet`. */
  as?: string
  /** ms since 1970, by this box's clock. */
  since: number
}

/** What is said to a node, in one request. */
export interface Saying {
  request: Omit<OutgoingRequest, 'dataset' | 'transferSyntaxUid'>
  elements: readonly NewElement[]
}

/** A kind of notice. */
export interface Kind {
  sopClassUid: string
  /** Asked for as the SCP that we are (PS3.7 D.3.3.4). */
  role?: { scu: boolean; scp: boolean }
  /** What to say now; `undefined`: nothing any more. */
  compose(notice: Notice, node: Node | undefined): Promise<Saying | undefined>
  /** It was taken, or will not be said any more. */
  settled?(notice: Notice, how: 'taken' | 'dropped'): void
}

/**
 * Says it and waits for the answer. Faults: `peer-declined` (it takes no such request), `peer-failed`
 * (it was refused), those of the wire.
 */
export async function say(peer: Peer, saying: Saying): Promise<void> {
  const { sopClassUid, operation } = saying.request
  const as = operation === 'N-EVENT-REPORT' ? 'scp' : 'scu'
  const agreed = peer.accepted(sopClassUid, undefined, as)
  if (!agreed) throw new Fault('peer-declined', `it takes no ${operation} of ${sopClassUid}`)
  const { transferSyntaxUid } = agreed
  const dataset = writeDataset(saying.elements, transferSyntaxUid)
  for await (const reply of peer.perform({ ...saying.request, transferSyntaxUid, dataset })) {
    // A repeat of what was taken, whose answer was lost.
    if (reply.status === status.duplicateSopInstance) return
    if (statusKind(reply.status) === 'failure') throw refusal(operation, reply)
  }
}
