import {
  type Asking,
  type Node,
  type Nodes,
  type Sending,
  type Sent,
  sendOver,
} from '../../duties/nodes/nodes.ts'
import { faultOf } from '../../faults.ts'
import type { Archive } from '../../holdings/archive/archive.ts'
import type { Instance } from '../../holdings/catalog/catalog.ts'
import type { Fields, Log } from '../../log.ts'
import { explicitLittleEndian, transferSyntaxes, writeDataset } from '../../standard/dicom/dicom.ts'
import {
  type AssociationInfo,
  type Offer,
  type OperationRequest,
  type Reply,
  status,
  statusKind,
} from '../../standard/dimse/dimse.ts'
import { losslessTargets } from '../../standard/pixels/pixels.ts'
import { identifierSyntaxes } from './find.ts'
import { instancesAskedFor, isRetrieve } from './retrieveIdentifier.ts'

type Service = (request: OperationRequest) => AsyncIterable<Reply>

export interface RetrieveParts {
  archive: Archive
  /** Converts what a peer does not take as it is. */
  transcoder?: Sending['transcoder']
  nodes: Pick<Nodes, 'ofAeTitle'>
  /** The known node that a caller is, if it is one. */
  nodeOf(caller: AssociationInfo): Node | undefined
  log: Log
}

/** What is offered of a class of C-MOVE or C-GET; undefined for every other abstract syntax. */
export function retrieveOffer(abstractSyntax: string): Offer | undefined {
  if (!isRetrieve(abstractSyntax)) return undefined
  return { transferSyntaxes: identifierSyntaxes, extended: answerExtended }
}

/** Relational retrieval yes, conversion to enhanced multi-frame no: PS3.4 §C.5.2.1. */
const answerExtended = (proposed: Uint8Array): Uint8Array =>
  Uint8Array.from(proposed.subarray(0, 2), (byte, at) => (at === 0 && byte === 1 ? 1 : 0))

/**
 * In which transfer syntaxes whoever asks by C-GET gets instances: of several in one context one to
 * which everything can be converted without loss, else the one that is proposed alone.
 */
export const givenSyntaxes: readonly string[] = [
  ...new Set([
    explicitLittleEndian,
    ...[...transferSyntaxes.values()]
      .filter(({ kind, retired }) => kind === 'uncompressed' && !retired)
      .map(({ uid }) => uid),
    ...losslessTargets,
    ...transferSyntaxes.keys(),
  ]),
]

/**
 * C-MOVE as SCP (PS3.4 §C.4.2): to known nodes only (A801H). The sub-operations go on when the one
 * who asked has left only as far as the instance that is on its way.
 */
export function createMove(parts: RetrieveParts & { asking: Pick<Asking, 'store'> }): Service {
  const { nodes, asking } = parts
  return request => {
    const destination = request.moveDestination?.trim() ?? ''
    const { callingAeTitle, remoteAddress } = request.association
    // An address is known of one node only: whoever asks for itself.
    const node = nodes.ofAeTitle(
      destination,
      destination === callingAeTitle ? remoteAddress : undefined,
    )
    return subOperations(parts, request, 'C-MOVE', {
      refusal: node
        ? undefined
        : {
            status: status.moveDestinationUnknown,
            errorComment: `no node has the AE title ${destination || '(none)'}`,
          },
      send: instances =>
        asking.store(node!, instances, {
          cancel: request.cancelled,
          moveOriginatorAeTitle: callingAeTitle,
          moveOriginatorMessageId: request.messageId,
        }),
    })
  }
}

/** C-GET as SCP (PS3.4 §C.4.3): over the same association, whose requestor is SCP of storage. */
export function createGet(parts: RetrieveParts): Service {
  return request => {
    const mayConvert = parts.nodeOf(request.association)?.allows.transcoding ?? true
    const { archive, transcoder } = parts
    const sending = { archive, ...(transcoder && mayConvert ? { transcoder } : {}) }
    return subOperations(parts, request, 'C-GET', {
      send: instances => sendOver(sending, request.peer, instances, { cancel: request.cancelled }),
    })
  }
}

/**
 * Sends what the identifier names, with a pending reply after each instance; the final one tells of
 * all (PS3.4 §C.4.2.1.5, §C.4.2.3): success; B000H when some failed or came with a warning; A702H
 * when none could be sent; FE00H after a C-CANCEL. Failed ones are listed, and logged with the reason;
 * those that were left when the association with the receiver ended, in one line.
 */
async function* subOperations(
  { archive, log }: Pick<RetrieveParts, 'archive' | 'log'>,
  request: OperationRequest,
  operation: 'C-MOVE' | 'C-GET',
  {
    refusal,
    send,
  }: { refusal?: Reply | undefined; send(instances: Instance[]): AsyncIterable<Sent> },
): AsyncGenerator<Reply> {
  const asked = instancesAskedFor(request, operation, archive.catalog)
  if ('refusal' in asked || refusal) {
    yield 'refusal' in asked ? asked.refusal : refusal!
    return
  }
  const { instances } = asked
  let [completed, warning] = [0, 0]
  const failures: { uid: string; why: string }[] = []
  const settled = () => completed + warning + failures.length
  const fail = (failed: readonly Instance[], code: string, why: string, which: Fields) => {
    for (const { sopInstanceUid: uid } of failed) failures.push({ uid, why })
    log.warn('retrieve-failed', {
      operation,
      callingAeTitle: request.association.callingAeTitle,
      ...{ ...which, code, detail: why },
      advice: 'Not sent; the detail says why. Ask for it again once that is mended.',
    })
  }
  const counts = () => ({ completed, failed: failures.length, warning })
  const pending = () => ({
    status: status.pending,
    remaining: instances.length - settled(),
    ...counts(),
  })
  try {
    for await (const sent of send(instances)) {
      const { instance, outcome } = sent
      if (outcome === 'failed')
        fail([instance], sent.code, sent.why, { sopInstanceUid: instance.sopInstanceUid })
      else if (statusKind(sent.status) === 'warning') warning++
      else completed++
      if (settled() < instances.length) yield pending()
    }
  } catch (thrown) {
    // The association with the destination is over, and with it all that is left.
    const { code, detail, advice } = faultOf(thrown)
    const left = instances.slice(settled())
    fail(left, code, detail || advice, { instances: left.length })
  }
  const remaining = instances.length - settled()
  const cancelled = remaining > 0
  const list = failures.length > 0 && { dataset: failedList(failures, request.transferSyntaxUid) }
  const comment = failures[0] && { errorComment: failures[0].why }
  if (cancelled) yield { status: status.cancel, remaining, ...counts(), ...list, ...comment }
  else if (failures.length > 0 && completed + warning === 0)
    yield { status: status.outOfResourcesSubOperations, ...counts(), ...list, ...comment }
  else if (failures.length > 0 || warning > 0)
    yield { status: status.subOperationsCompleteWithFailures, ...counts(), ...list, ...comment }
  else yield { status: status.success, ...counts() }
}

/** A value with a 16-bit length has no room for more: PS3.5 §7.1.2. */
const longestList = 0xfffe

/** Failed SOP Instance UID List, as much as one element holds. */
function failedList(failures: readonly { uid: string }[], transferSyntaxUid: string): Uint8Array {
  const value: string[] = []
  let length = 0
  for (const { uid } of failures) {
    length += uid.length + 1
    if (length > longestList) break
    value.push(uid)
  }
  return writeDataset([{ tag: 'FailedSOPInstanceUIDList', value }], transferSyntaxUid)
}
