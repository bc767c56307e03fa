/**
 * The wire: DICOM's upper layer (PS3.8) and messages (PS3.7) for both ends of an association.
 * README.md states what it promises, its limits, and what was decided.
 */
export {
  type Acceptor,
  type AcceptorOptions,
  type AdmissionWithResponse,
  createAcceptor,
} from './acceptor.ts'
export type { Bytes } from './inflow.ts'
export type { UserIdentity } from './items.ts'
export {
  type Admission,
  type AssociateRequest,
  type CommonExtendedNegotiation,
  type ExtendedNegotiation,
  type NegotiatedContext,
  type Offer,
  type Offers,
  type ProposedContext,
  type Rejection,
  type RoleSelection,
  rejections,
} from './negotiation.ts'
export {
  type ConnectionRecord,
  type ContextRecord,
  numbering,
  type Outcome,
  type RequestCounts,
} from './record.ts'
export {
  type ConnectOptions,
  connect,
  type OutgoingAssociation,
  type OutgoingContext,
  type OutgoingTls,
} from './requestor.ts'
export type {
  AssociationInfo,
  EchoRequest,
  OperationRequest,
  OutgoingRequest,
  OutgoingStore,
  Peer,
  Reply,
  Services,
  StoreRequest,
} from './services.ts'
export {
  defaultLimits,
  defaultTimers,
  type Limits,
  limitsSettings,
  type Timers,
  type TlsSettings,
  timersSettings,
  tlsSettings,
} from './settings.ts'
export { formatStatus, type StatusKind, status, statusKind } from './status.ts'
export { type Clock, systemClock } from './timers.ts'
export { readTlsFiles, type TlsFiles, tlsFilesVersion } from './tls.ts'
export { type Operation, priority, verificationSopClass } from './vocabulary.ts'
