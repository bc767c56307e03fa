import { Fault } from '../../faults.ts'
import type { Log } from '../../log.ts'
import type { Admission, AssociateRequest, Offers } from './negotiation.ts'
import type { ConnectionRecord } from './record.ts'
import type { Services } from './services.ts'
import type { Limits, Timers, TlsSettings } from './settings.ts'
import type { Clock } from './timers.ts'

export interface AcceptorOptions {
  /** The address to listen on; default: all. */
  host?: string
  /** Plain DICOM; 0 takes a free one, `undefined` none. */
  port?: number
  /** DICOM over TLS, on a port of its own. */
  tls?: TlsSettings & { port: number }
  /** Called AE titles that are ours; `any`: whatever the caller says. */
  aeTitles: readonly string[] | 'any'
  timers?: Timers
  limits?: Limits
  /**
   * Asked once for every association, after protocol version, application context, called AE
   * title and limits were found in order. Knows the caller, the TLS policy of its node, and user
   * identity (PS3.7 D.3.3.7). Answers 'accepted', a rejection (see `rejections`), or accepts with a
   * server response to the identity.
   */
  admit?(request: AssociateRequest): AdmissionWithResponse | Promise<AdmissionWithResponse>
  offers: Offers
  services: Services
  onRecord?(record: ConnectionRecord): void
  log: Log
  clock?: Clock
}

export type AdmissionWithResponse = Admission | { userIdentityResponse: Uint8Array }

export interface Acceptor {
  name: string
  /** Until `stop`: then new associations are refused as transient, those in work are finished. */
  run(stop: AbortSignal): Promise<void>
  /** The ports taken. Rejects with `port-taken`. */
  listening: Promise<{ port?: number; tlsPort?: number }>
  /** Associations living now. */
  associations(): number
}

export function createAcceptor(_options: AcceptorOptions): Acceptor {
  throw new Fault('not-supported')
}
