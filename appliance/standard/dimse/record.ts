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
