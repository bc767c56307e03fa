/**
 * The remote nodes we know, what each may do, and what we ask of them. README.md states what is
 * promised of commitments and notifications.
 */
export {
  type Asked,
  type Asking,
  type AskingParts,
  createAsking,
  type Match,
  type Model,
  type Progress,
  type Query,
  type SendOptions,
  type Sent,
  type Wanted,
} from './asking.ts'
export { associate, type Call, type Calling, localAetOf } from './association.ts'
export type { Certificate } from './certificate.ts'
export type { CommitmentAsked, Commitments } from './commitment.ts'
export { createNodeServices, type NodeServices } from './nodeServices.ts'
export type { Notice, Recipient } from './notice.ts'
export type { NoticeReport } from './notices.ts'
export { type Ahead, type Fate, type Opened, type Outgoing, sendEach } from './outgoing.ts'
export type { Capabilities, ProbeOptions, Service } from './probe.ts'
export type { CommitmentOwed, Promises } from './promises.ts'
export { type Reading, readAhead } from './reading.ts'
export { type CommitmentDataset, type Reference, readCommitment } from './references.ts'
export { type Nodes, openNodes } from './registry.ts'
export type { CommitmentRequest } from './requesting.ts'
export { type Sending, sendOver } from './send.ts'
export {
  availabilitySopClass,
  type Guarded,
  guardedService,
  models,
  storageCommitmentInstance,
  storageCommitmentSopClass,
} from './services.ts'
export {
  type Allowed,
  manufacturers,
  type Node,
  type NodeInput,
  nodeSettings,
  nodesSettings,
} from './settings.ts'
