import { Fault } from '../../faults.ts'
import type { Log } from '../../log.ts'
import type { UserIdentity } from './items.ts'
import type { ExtendedNegotiation, NegotiatedContext } from './negotiation.ts'
import type { ConnectionRecord } from './record.ts'
import type { AssociationInfo, Peer, Services } from './services.ts'
import type { Limits, Timers } from './settings.ts'
import type { Clock } from './timers.ts'

export interface ConnectOptions {
  host: string
  port: number
  callingAeTitle: string
  calledAeTitle: string
  /** At most 128, in order of their ids 1, 3, 5 …; the same abstract syntax may come again. */
  contexts: readonly OutgoingContext[]
  tls?: OutgoingTls
  userIdentity?: UserIdentity
  extended?: readonly ExtendedNegotiation[]
  /** What the other end may ask of us: C-STORE in a C-GET, N-EVENT-REPORT of a commitment. */
  services?: Services
  timers?: Timers
  limits?: Limits
  /** Ends the attempt, and later the association, by an abort. */
  stop?: AbortSignal
  onRecord?(record: ConnectionRecord): void
  log: Log
  clock?: Clock
}

export interface OutgoingContext {
  abstractSyntax: string
  transferSyntaxes: readonly string[]
  /** Asked for when given (PS3.7 D.3.3.4); without it this end is SCU. */
  role?: { scu: boolean; scp: boolean }
}

export interface OutgoingTls {
  certificateFile?: string
  keyFile?: string
  authoritiesFile?: string
  revocationsFile?: string
  /** The name its certificate must bear, and asked for (SNI); default: `host`. */
  serverName?: string
  /** `false`: any certificate does; for a closed network that has no authority. */
  verify?: boolean
}

export interface OutgoingAssociation extends Peer {
  info: AssociationInfo
  contexts: readonly NegotiatedContext[]
  /** The other end's answers to extended negotiation. */
  extended: readonly ExtendedNegotiation[]
  /** Server response to the user identity, when one was asked for and came. */
  userIdentityResponse?: Uint8Array
  /** Finishes what is in work, then parts in good order. Resolves however the other end takes it. */
  release(): Promise<void>
  abort(): void
  /** Resolves when the connection is gone. */
  ended: Promise<ConnectionRecord>
}

/**
 * Resolves when the association is accepted. Faults: `peer-unreachable`, `peer-timeout`,
 * `peer-refused` (the detail gives source and reason in words), `peer-aborted`, `protocol-broken`,
 * `cancelled`.
 */
export function connect(_options: ConnectOptions): Promise<OutgoingAssociation> {
  throw new Fault('not-supported')
}
