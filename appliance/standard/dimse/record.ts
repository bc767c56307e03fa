import type { Ending, Wait } from './ending.ts'
import type { NegotiatedContext, ProposedContext } from './negotiation.ts'
import { inBrief, sentenceOf, shookNoHands } from './sentence.ts'
import { spokenBy } from './speech.ts'
import { abortSource, contextResult } from './vocabulary.ts'

/** How an association ended. */
export type Outcome =
  /** Released by whoever asked for it: the good end. */
  | 'released'
  | 'rejected'
  /** By the other end. */
  | 'aborted'
  /** By this end, because the other broke the protocol. */
  | 'protocol-broken'
  /** The connection was closed or reset without a word. */
  | 'disconnected'
  | 'timed-out'
  | 'unreachable'
  /** What came was no DICOM: plain text on the TLS port, TLS on the plain port, HTTP, a port scan. */
  | 'not-dicom'
  /** This end was stopped, or gave it up. */
  | 'stopped'

/** What remains of one association, incoming or outgoing, when it is over. */
export interface ConnectionRecord {
  id: number
  direction: 'incoming' | 'outgoing'
  remoteAddress: string
  remotePort: number
  secure: boolean
  tls?: { protocol: string; cipher: string; subject?: string }
  callingAeTitle?: string
  calledAeTitle?: string
  implementationClassUid?: string
  implementationVersionName?: string
  maxPduLength?: number
  /** What was proposed, and what became of it. */
  contexts: ContextRecord[]
  /** Requests and answers by the names of PS3.7 (`C-STORE`, …), from whichever end they came. */
  requests: Record<string, RequestCounts>
  bytesReceived: number
  bytesSent: number
  /** ISO 8601 in UTC by this box's clock. */
  startedAt: string
  durationMs: number
  outcome: Outcome
  /** PS3.8 table 9-21. */
  rejection?: { result: 'permanent' | 'transient'; source: number; reason: number }
  /** PS3.8 table 9-26, and who sent it. */
  abort?: { by: 'peer' | 'us'; source: number; reason: number }
  /** What happened and, when it went wrong, what a technician should change. */
  sentence: string
}

export interface ContextRecord {
  id: number
  abstractSyntax: string
  transferSyntaxes: readonly string[]
  /** Absent when it was never answered. */
  answer?:
    | 'accepted'
    | 'refused'
    | 'abstract-syntax-not-supported'
    | 'transfer-syntaxes-not-supported'
  transferSyntax?: string
}

export interface RequestCounts {
  received: number
  sent: number
  /** Answered with neither success, pending nor a warning, in either direction. */
  failed: number
}

/** A record that is being written while its association lives. */
export type OpenRecord = Omit<
  ConnectionRecord,
  'outcome' | 'sentence' | 'durationMs' | 'bytesReceived' | 'bytesSent'
>

let lastId = 0

/** How associations are numbered through the whole program, so that a log line names just one. */
export const numbering = {
  last: () => lastId,
  /** Those of earlier starts had the numbers up to this one. */
  goOnAfter(id: number): void {
    lastId = Math.max(lastId, id)
  },
}

export function openRecord(
  facts: Pick<OpenRecord, 'direction' | 'remoteAddress' | 'remotePort' | 'secure'> &
    Partial<OpenRecord>,
): OpenRecord {
  return {
    id: ++lastId,
    contexts: [],
    requests: {},
    startedAt: new Date().toISOString(),
    ...facts,
  }
}

/** What the other end says of itself in its request, or in its answer to ours. */
export function noteUser(
  record: OpenRecord,
  user: Pick<OpenRecord, 'maxPduLength' | 'implementationClassUid' | 'implementationVersionName'>,
): void {
  const { maxPduLength, implementationClassUid, implementationVersionName } = user
  if (maxPduLength !== undefined) record.maxPduLength = maxPduLength
  if (implementationClassUid) record.implementationClassUid = inBrief(implementationClassUid)
  if (implementationVersionName)
    record.implementationVersionName = inBrief(implementationVersionName)
}

/** The counts of one service, made when first asked for. */
export function countsOf(record: OpenRecord, operation: string): RequestCounts {
  record.requests[operation] ??= { received: 0, sent: 0, failed: 0 }
  return record.requests[operation]
}

const answers: Record<number, NonNullable<ContextRecord['answer']>> = {
  [contextResult.accepted]: 'accepted',
  [contextResult.abstractSyntaxNotSupported]: 'abstract-syntax-not-supported',
  [contextResult.transferSyntaxesNotSupported]: 'transfer-syntaxes-not-supported',
}

/** What was proposed, with its answers once there are any. */
export function contextRecords(
  contexts: readonly (ProposedContext & Partial<NegotiatedContext>)[],
): ContextRecord[] {
  return contexts.map(({ id, abstractSyntax, transferSyntaxes, result, transferSyntax }) => ({
    id,
    abstractSyntax: inBrief(abstractSyntax),
    transferSyntaxes: transferSyntaxes.slice(0, mostTransferSyntaxes).map(inBrief),
    ...(result === undefined ? {} : { answer: answers[result] ?? 'refused' }),
    ...(transferSyntax === undefined ? {} : { transferSyntax }),
  }))
}

/** More than any device proposes in one context. */
const mostTransferSyntaxes = 64

export function closeRecord(
  record: OpenRecord,
  ending: Ending,
  facts: Pick<ConnectionRecord, 'durationMs' | 'bytesReceived' | 'bytesSent'> & {
    firstBytes: Uint8Array
  },
): ConnectionRecord {
  const { firstBytes, ...counted } = facts
  const outcome = outcomeOf(record, ending, firstBytes)
  const closed: ConnectionRecord = {
    ...record,
    ...counted,
    durationMs: Math.round(counted.durationMs),
    outcome,
    sentence: '',
  }
  if (ending.how === 'rejected') {
    const { result, source, reason } = ending.rj
    closed.rejection = { result: result === 2 ? 'transient' : 'permanent', source, reason }
  } else if (ending.how === 'aborted') closed.abort = { by: 'peer', ...ending.abort }
  else if (ending.how === 'broken' && ending.abort) closed.abort = { by: 'us', ...ending.abort }
  else if (ending.how === 'given-up' || (ending.how === 'timed-out' && abortedFor(ending.wait)))
    closed.abort = { by: 'us', source: abortSource.user, reason: 0 }
  // AE titles are the other end's: they may hold what moves a terminal's cursor.
  closed.sentence = sentenceOf(closed, ending, firstBytes).replace(/[\x00-\x1f\x7f-\x9f]/g, '?')
  return closed
}

function abortedFor(wait: Wait): boolean {
  return wait !== 'artim' && wait !== 'writeStall'
}

function outcomeOf(record: OpenRecord, ending: Ending, firstBytes: Uint8Array): Outcome {
  const foreign =
    firstBytes.length > 0 && spokenBy(firstBytes) !== 'dicom' && !shookNoHands(record, firstBytes)
  switch (ending.how) {
    case 'broken':
      return foreign ? 'not-dicom' : 'protocol-broken'
    case 'given-up':
      return 'stopped'
    case 'disconnected':
      // A port scan or a health probe: it came and went without a word.
      return record.direction === 'incoming' && firstBytes.length === 0
        ? 'not-dicom'
        : 'disconnected'
    default:
      return ending.how
  }
}
