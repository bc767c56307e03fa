import type { UserIdentity, UserInformation } from './items.ts'
import type { AssociateRq } from './pdu.ts'
import { inBrief } from './sentence.ts'
import { applicationContextName, contextResult } from './vocabulary.ts'

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
  /** Best first; `any`, or a test: the first that the caller names, or of those that pass. */
  transferSyntaxes: readonly string[] | 'any' | ((uid: string) => boolean)
  /** May the caller be SCP of it (C-GET's storage classes); as SCU it always may. */
  callerMayBeScp?: boolean
  /** Answers extended negotiation; `undefined`: no answer, the defaults hold (PS3.7 D.3.3.5.2). */
  extended?(applicationInformation: Uint8Array): Uint8Array | undefined
}

/** `undefined`: abstract syntax not supported. Called once for every proposed context. */
export type Offers = (abstractSyntax: string, request: AssociateRequest) => Offer | undefined

/** The rejections of PS3.8 table 9-21, for whoever decides on admission to add a sentence to. */
export const rejections = {
  noReason: { result: 'permanent', source: 1, reason: 1 },
  applicationContextNotSupported: { result: 'permanent', source: 1, reason: 2 },
  callingAeTitleNotRecognized: { result: 'permanent', source: 1, reason: 3 },
  calledAeTitleNotRecognized: { result: 'permanent', source: 1, reason: 7 },
  protocolVersionNotSupported: { result: 'permanent', source: 2, reason: 2 },
  temporaryCongestion: { result: 'transient', source: 3, reason: 1 },
  localLimitExceeded: { result: 'transient', source: 3, reason: 2 },
} as const satisfies Record<string, Omit<Rejection, 'sentence'>>

/** What must hold of every request, whoever sends it: PS3.8 §9.3.2 and PS3.7 A.2.1. */
export function formRejection(request: AssociateRequest): Rejection | undefined {
  if ((request.protocolVersion & 1) === 0)
    return {
      ...rejections.protocolVersionNotSupported,
      sentence: `it speaks version ${request.protocolVersion} of the protocol, which does not exist; update it`,
    }
  if (request.applicationContext !== applicationContextName)
    return {
      ...rejections.applicationContextNotSupported,
      sentence: `it names the application context ${inBrief(request.applicationContext) || '(none)'}, not DICOM's ${applicationContextName}; update it`,
    }
  return undefined
}

/** What came over the wire, with where it came from. */
export function requestOf(
  rq: AssociateRq,
  caller: Pick<AssociateRequest, 'remoteAddress' | 'remotePort' | 'secure' | 'certificate'>,
): AssociateRequest {
  const { user, ...head } = rq
  return { ...caller, ...head, ...user }
}

/**
 * Answers every proposed context. The transfer syntax is the best of the offer that was proposed,
 * or the first proposed where any will do. A role holds for every context of its abstract syntax
 * (PS3.7 D.3.3.4); without one the requestor is SCU.
 */
export function negotiate(request: AssociateRequest, offers: Offers): NegotiatedContext[] {
  return request.contexts.map(context => {
    const offer = offers(context.abstractSyntax, request)
    const role = request.roles.findLast(one => one.sopClassUid === context.abstractSyntax)
    const refused = { ...context, requestorIsScu: false, requestorIsScp: false }
    if (!offer) return { ...refused, result: contextResult.abstractSyntaxNotSupported }
    const { transferSyntaxes } = offer
    const chosen =
      transferSyntaxes === 'any'
        ? context.transferSyntaxes[0]
        : typeof transferSyntaxes === 'function'
          ? context.transferSyntaxes.find(transferSyntaxes)
          : transferSyntaxes.find(uid => context.transferSyntaxes.includes(uid))
    if (!chosen) return { ...refused, result: contextResult.transferSyntaxesNotSupported }
    return {
      ...context,
      result: contextResult.accepted,
      transferSyntax: chosen,
      requestorIsScu: role?.scu ?? true,
      requestorIsScp: (role?.scp ?? false) && (offer.callerMayBeScp ?? false),
    }
  })
}

/** The parts of our user information that answer the caller's; one operation at a time (D.3.3.3). */
export function answersTo(
  request: AssociateRequest,
  contexts: readonly NegotiatedContext[],
  offers: Offers,
): Pick<UserInformation, 'asynchronousOperations' | 'roles' | 'extended' | 'commonExtended'> {
  const accepted = new Map(
    contexts
      .filter(context => context.result === contextResult.accepted)
      .map(context => [context.abstractSyntax, context]),
  )
  const roles = request.roles.flatMap(({ sopClassUid }) => {
    const context = accepted.get(sopClassUid)
    if (!context) return []
    return [{ sopClassUid, scu: context.requestorIsScu, scp: context.requestorIsScp }]
  })
  const extended = request.extended.flatMap(({ sopClassUid, applicationInformation }) => {
    if (!accepted.has(sopClassUid)) return []
    const answer = offers(sopClassUid, request)?.extended?.(applicationInformation)
    return answer ? [{ sopClassUid, applicationInformation: answer }] : []
  })
  return {
    ...(request.asynchronousOperations
      ? { asynchronousOperations: { invoked: 1, performed: 1 } }
      : {}),
    roles,
    extended,
    // Common extended negotiation has no answer (PS3.7 D.3.3.6).
    commonExtended: [],
  }
}

/** The other end's answers put to what was proposed to it; a context without an answer is refused. */
export function answeredContexts(
  proposed: readonly (ProposedContext & { role?: { scu: boolean; scp: boolean } })[],
  ac: {
    contexts: readonly { id: number; result: number; transferSyntax: string }[]
    user: Pick<UserInformation, 'roles'>
  },
): NegotiatedContext[] {
  const answers = new Map(ac.contexts.map(answer => [answer.id, answer]))
  return proposed.map(({ role, ...context }) => {
    const answer = answers.get(context.id)
    const result = answer?.result ?? contextResult.refusedByProvider
    const accepted =
      result === contextResult.accepted && context.transferSyntaxes.includes(answer!.transferSyntax)
    if (!accepted)
      return {
        ...context,
        result: result === contextResult.accepted ? contextResult.refusedByProvider : result,
        requestorIsScu: false,
        requestorIsScp: false,
      }
    // A role that was proposed and not answered is refused: the default holds.
    const agreed = role && ac.user.roles.find(one => one.sopClassUid === context.abstractSyntax)
    return {
      ...context,
      result,
      transferSyntax: answer!.transferSyntax,
      requestorIsScu: agreed ? role.scu && agreed.scu : true,
      requestorIsScp: agreed ? role.scp && agreed.scp : false,
    }
  })
}
