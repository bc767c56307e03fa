import type { Socket } from 'node:net'
import { Fault } from '../../faults.ts'
import type { Log } from '../../log.ts'
import type { UserIdentity } from './items.ts'
import type { ExtendedNegotiation, NegotiatedContext } from './negotiation.ts'
import { Outgoing } from './outgoing.ts'
import { mostContexts } from './pdu.ts'
import { type ConnectionRecord, openRecord } from './record.ts'
import type { AssociationInfo, Peer, Services } from './services.ts'
import { defaultLimits, defaultTimers, type Limits, type Timers } from './settings.ts'
import { type Clock, systemClock } from './timers.ts'
import { openTransport } from './transport.ts'

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
  /**
   * The longest P-DATA-TF we send, in bytes of its value, even where the other end takes longer ones;
   * asked for with every message, so that a paced line gets its bytes in small portions.
   */
  longestPdu?: () => number | undefined
  /** Ends the attempt, and later the association, by an abort. */
  stop?: AbortSignal
  onRecord?(record: ConnectionRecord): void
  /** Told, over TLS, when the other end's certificate ends, in its own words. */
  onCertificate?(validTo: string): void
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
  /** Resolves when the association is over. */
  ended: Promise<ConnectionRecord>
}

/**
 * Resolves when the association is accepted. Faults: `peer-unreachable`, `peer-timeout`,
 * `peer-refused` (the detail gives source and reason in words), `peer-aborted`, `protocol-broken`,
 * `cancelled`, `request-malformed` (more than 128 contexts, an AE title too long).
 */
export async function connect(options: ConnectOptions): Promise<OutgoingAssociation> {
  const { timers = defaultTimers, limits = defaultLimits, clock = systemClock, stop } = options
  if (options.contexts.length === 0 || options.contexts.length > mostContexts)
    throw new Fault('request-malformed', `${options.contexts.length} presentation contexts`)
  for (const title of [options.callingAeTitle, options.calledAeTitle])
    if (title.length > 16 || title.trim() === '')
      throw new Fault('request-malformed', `"${title}" is no AE title`)
  const record = openRecord({
    direction: 'outgoing',
    remoteAddress: options.host,
    remotePort: options.port,
    secure: options.tls !== undefined,
    callingAeTitle: options.callingAeTitle,
    calledAeTitle: options.calledAeTitle,
  })
  const startedAt = clock.now()
  const outgoing = new Outgoing({ ...options, timers, limits, clock }, record, startedAt)
  let socket: Socket
  try {
    socket = await openTransport(options, { timers, clock, ...(stop ? { stop } : {}) }, record)
  } catch (error) {
    outgoing.unreachable(error)
    throw error
  }
  return outgoing.associate(socket)
}
