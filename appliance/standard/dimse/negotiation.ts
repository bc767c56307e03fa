import type { UserIdentity } from './items.ts'

/** What a caller proposes, PS3.8 §9.3.2 and PS3.7 Annex D, whole and as it came. */
export interface AssociateRequest {
  remoteAddress: string
  remotePort: number
  secure: boolean
  /** What the caller's certificate says, when one was shown and verified. */
  certificate?: { subject: string; fingerprint: string }
  protocolVersion: number
  applicationContext: string
  callingAeTitle: string
  calledAeTitle: string
  contexts: readonly ProposedContext[]
  /** 0: any length. */
  maxPduLength: number
  implementationClassUid?: string
  implementationVersionName?: string
  asynchronousOperations?: { invoked: number; performed: number }
  roles: readonly RoleSelection[]
  extended: readonly ExtendedNegotiation[]
  commonExtended: readonly CommonExtendedNegotiation[]
  userIdentity?: UserIdentity
}

export interface ProposedContext {
  id: number
  abstractSyntax: string
  transferSyntaxes: readonly string[]
}

/** A context with its answer; `result` as in PS3.8 table 9-18. */
export interface NegotiatedContext extends ProposedContext {
  result: number
  /** The one that was chosen, when accepted. */
  transferSyntax?: string
  /** May the association's requestor be SCU, and SCP, of it (PS3.7 D.3.3.4). */
  requestorIsScu: boolean
  requestorIsScp: boolean
}

/** PS3.7 D.3.3.4; from the view of the association's requestor. */
export interface RoleSelection {
  sopClassUid: string
  scu: boolean
  scp: boolean
}

/** PS3.7 D.3.3.5. */
export interface ExtendedNegotiation {
  sopClassUid: string
  applicationInformation: Uint8Array
}

/** PS3.7 D.3.3.6. */
export interface CommonExtendedNegotiation {
  sopClassUid: string
  serviceClassUid: string
  relatedSopClassUids: readonly string[]
}

/** A refusal with its place in PS3.8 table 9-21, and a sentence for the technician. */
export interface Rejection {
  result: 'permanent' | 'transient'
  source: number
  reason: number
  /** What to change; for the log and the connection record, it does not go over the wire. */
  sentence: string
}

export type Admission = 'accepted' | Rejection

/** What this end takes of one abstract syntax. */
export interface Offer {
  /** Best first; `any`: the first that the caller names. */
  transferSyntaxes: readonly string[] | 'any'
  /** May the caller be SCP of it (C-GET's storage classes); as SCU it always may. */
  callerMayBeScp?: boolean
  /** Answers extended negotiation; `undefined`: no answer, the defaults hold (PS3.7 D.3.3.5.2). */
  extended?(applicationInformation: Uint8Array): Uint8Array | undefined
}

/** `undefined`: abstract syntax not supported. Called once for every proposed context. */
export type Offers = (abstractSyntax: string, request: AssociateRequest) => Offer | undefined
