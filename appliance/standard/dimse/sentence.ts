import { type Ending, waits } from './ending.ts'
import type { ConnectionRecord, ContextRecord } from './record.ts'
import { spokenBy } from './speech.ts'

/**
 * One sentence for the technician at the scanner: what happened and, when it went wrong, what to
 * change and where.
 */
export function sentenceOf(
  record: ConnectionRecord,
  ending: Ending,
  firstBytes: Uint8Array,
): string {
  const who = nameOf(record)
  const incoming = record.direction === 'incoming'
  switch (ending.how) {
    case 'released':
      return `${who} ${incoming ? 'called' : 'was called'}, ${workOf(record)}, and the association was released${refusedPart(record)}.`
    case 'rejected':
      if (ending.by === 'us') return `${who} was refused: ${ending.sentence}.`
      return `${who} refused us: ${rejectionInWords(ending.rj)}.`
    case 'aborted':
      return `${who} aborted the association after ${workOf(record)}${refusedPart(record) || `; its own log says why (source ${ending.abort.source}, reason ${ending.abort.reason})`}.`
    case 'broken':
      if (shookNoHands(record, firstBytes))
        return `${who} did not get through the TLS port: ${ending.violation.detail}.`
      return (
        foreign(record, firstBytes) ??
        `${who} broke the DICOM protocol: ${ending.violation.detail}; update it, or look for a device between us that changes the data.`
      )
    case 'disconnected':
      if (firstBytes.length === 0 && incoming)
        return `${who} opened a connection and closed it without a word; a port scan or a health probe does that.`
      if (record.callingAeTitle === undefined)
        return (
          foreign(record, firstBytes) ??
          `${who} closed the connection before an association stood; check what runs at that address and port.`
        )
      return `${who} closed the connection without releasing the association, after ${workOf(record)}; check the network between us, and whether it was switched off.`
    case 'timed-out':
      if (ending.wait === 'trickle')
        return `${who} was given up after ${workOf(record)}, since ${waits.trickle}; check the network between us, or lower the limit "slowestSender".`
      return `${who} was given up, since ${waits[ending.wait]} in time; check the network between us, or raise the timer "${ending.wait}".`
    case 'given-up':
      return `The association with ${who} was ended by this box (${ending.fault.detail || ending.fault.advice}).`
  }
}

function nameOf(record: ConnectionRecord): string {
  const { remoteAddress, remotePort } = record
  if (record.direction === 'outgoing')
    return `${record.calledAeTitle} at ${remoteAddress}:${remotePort}`
  return record.callingAeTitle === undefined
    ? remoteAddress
    : `${record.callingAeTitle || '(no AE title)'} at ${remoteAddress}`
}

function workOf(record: ConnectionRecord): string {
  const done = Object.entries(record.requests).map(([operation, { received, sent, failed }]) => {
    const count = received + sent
    return `${count} ${operation}${failed > 0 ? ` (${failed} failed)` : ''}`
  })
  return done.length > 0 ? done.join(', ') : 'no request'
}

/** Names a few contexts that were refused, since that is why a sender sends nothing. */
function refusedPart(record: ConnectionRecord): string {
  const refused = record.contexts.filter(context => context.answer && context.answer !== 'accepted')
  if (refused.length === 0) return ''
  const [first, ...more] = refused
  const others = more.length > 0 ? ` and ${more.length} more` : ''
  return `; not taken: ${reasonOf(first!)}${others}`
}

function reasonOf(context: ContextRecord): string {
  return context.answer === 'transfer-syntaxes-not-supported'
    ? `${context.abstractSyntax} in ${namesOf(context.transferSyntaxes)} (offer another transfer syntax)`
    : `${context.abstractSyntax} (this SOP class is not among those taken)`
}

/** The record has them all. */
function namesOf(transferSyntaxes: readonly string[]): string {
  const named = transferSyntaxes.slice(0, 3).join(', ') || 'no transfer syntax'
  return transferSyntaxes.length > 3 ? `${named} and ${transferSyntaxes.length - 3} more` : named
}

/**
 * A UID or a name for records, which outlive associations: one longer than any (PS3.5 §9.1) is not
 * kept whole. Nor is the text that it was cut from: V8 keeps that of a slice.
 */
export function inBrief(text: string): string {
  return text.length > 64 ? `${Buffer.from(text.slice(0, 63)).toString()}…` : text
}

/** TLS was begun or should have been, on the port for it, and came to nothing. */
export function shookNoHands(
  record: Pick<ConnectionRecord, 'direction' | 'secure' | 'tls'>,
  firstBytes: Uint8Array,
): boolean {
  const speech = spokenBy(firstBytes)
  return (
    record.direction === 'incoming' &&
    record.secure &&
    record.tls === undefined &&
    (speech === 'tls' || speech === 'dicom')
  )
}

function foreign(record: ConnectionRecord, firstBytes: Uint8Array): string | undefined {
  if (firstBytes.length === 0) return undefined
  const who = nameOf(record)
  const speech = spokenBy(firstBytes)
  if (record.direction === 'outgoing') {
    if (speech === 'tls')
      return `${who} speaks TLS on that port; turn TLS on for this node, or use its plain port.`
    if (speech === 'http') return `${who} speaks HTTP on that port; use its DICOM port.`
  } else {
    if (speech === 'tls')
      return `${who} speaks TLS on the plain DICOM port; set it to the TLS port, or turn TLS off there.`
    if (speech === 'http')
      return `${who} speaks HTTP on the DICOM port; set it to the HTTP port, or the device to DICOM.`
  }
  return speech === 'unknown'
    ? `${who} does not speak DICOM; check which device it is and which port it should use.`
    : undefined
}

/** PS3.8 table 9-21 in words that say where to look. */
export function rejectionInWords(rj: { result: number; source: number; reason: number }): string {
  const known = reasons[`${rj.source}/${rj.reason}`]
  return `${known ?? `source ${rj.source}, reason ${rj.reason}`}${rj.result === 2 ? ' (transient)' : ''}`
}

const reasons: Record<string, string> = {
  '1/1': 'it gives no reason; look into its log',
  '1/2': 'application context name not supported',
  '1/3': 'it does not know our AE title; add it there',
  '1/7': 'it does not answer to the AE title we call; correct it here',
  '2/1': 'it gives no reason; look into its log',
  '2/2': 'protocol version not supported',
  '3/1': 'temporary congestion; it will be tried again',
  '3/2': 'it is at its limit of associations',
}
