import type { Socket } from 'node:net'
import { type Fault, faultOf } from '../../faults.ts'
import { implementation } from '../dicom/dicom.ts'
import type { AcceptorOptions } from './acceptor.ts'
import { Association } from './association.ts'
import type { AssociationUser } from './associationUser.ts'
import { Conversation } from './conversation.ts'
import type { Ending } from './ending.ts'
import type { Budget } from './inflow.ts'
import {
  type AssociateRequest,
  answersTo,
  formRejection,
  type NegotiatedContext,
  negotiate,
  type Rejection,
  rejections,
  requestOf,
} from './negotiation.ts'
import type { AssociateRq } from './pdu.ts'
import { closeRecord, contextRecords, countsOf, noteUser, type OpenRecord } from './record.ts'
import type { AssociationInfo } from './services.ts'
import type { Limits, Timers } from './settings.ts'
import type { Clock } from './timers.ts'
import { contextResult } from './vocabulary.ts'

/** What an incoming association has in common with all others of its acceptor. */
export interface Surroundings {
  options: AcceptorOptions
  timers: Timers
  limits: Limits
  clock: Clock
  budget: Budget
  /** Why no further association is taken now, if so. */
  refusal(remoteAddress: string): Rejection | undefined
  /** It asked for an association, and counts as one from now on. */
  associates(incoming: Incoming): void
  ended(incoming: Incoming): void
  closed(incoming: Incoming): void
}

/** One association that somebody else asked for: admission, then a conversation, then its record. */
export class Incoming implements AssociationUser {
  readonly association: Association
  readonly remoteAddress: string
  readonly #around: Surroundings
  readonly #record: OpenRecord
  readonly #certificate: AssociateRequest['certificate']
  readonly #startedAt: number
  #conversation: Conversation | undefined

  constructor(
    socket: Socket,
    around: Surroundings,
    record: OpenRecord,
    certificate?: AssociateRequest['certificate'],
  ) {
    this.#around = around
    this.#record = record
    this.#certificate = certificate
    this.remoteAddress = record.remoteAddress
    this.#startedAt = around.clock.now()
    this.association = new Association({
      socket,
      role: 'acceptor',
      user: this,
      timers: around.timers,
      limits: around.limits,
      clock: around.clock,
    })
  }

  /** Finishes what is in work, then ends. */
  finish(fault: Fault): void {
    if (this.#conversation) this.#conversation.finish(fault)
    else this.association.giveUp(fault)
  }

  requested(rq: AssociateRq): void {
    const { remoteAddress, remotePort, secure } = this.#record
    this.#around.associates(this)
    const request = requestOf(rq, {
      remoteAddress,
      remotePort,
      secure,
      ...(this.#certificate ? { certificate: this.#certificate } : {}),
    })
    this.#note(request)
    const rejection =
      formRejection(request) ?? this.#around.refusal(remoteAddress) ?? this.#calledWrongly(request)
    if (rejection) this.#reject(rejection)
    else void this.#admit(request)
  }

  /** Never used: we asked for nothing. */
  accepted(): void {}

  fragment(
    contextId: number,
    command: boolean,
    last: boolean,
    piece: Uint8Array,
    ends: boolean,
  ): boolean {
    return this.#conversation!.fragment(contextId, command, last, piece, ends)
  }

  chunkRead(): void {
    this.#conversation?.chunkRead()
  }

  releaseAsked(): void {
    this.#conversation!.releaseAsked()
  }

  ended(ending: Ending): void {
    const { association } = this
    this.#conversation?.ended(ending)
    this.#around.ended(this)
    report(this.#around.options, this.#record, ending, {
      durationMs: this.#around.clock.now() - this.#startedAt,
      bytesReceived: association.bytesReceived,
      bytesSent: association.bytesSent,
      firstBytes: association.firstBytes,
    })
  }

  closed(): void {
    this.#around.closed(this)
  }

  #note(request: AssociateRequest): void {
    const record = this.#record
    record.callingAeTitle = request.callingAeTitle
    record.calledAeTitle = request.calledAeTitle
    noteUser(record, request)
    record.contexts = contextRecords(request.contexts)
  }

  #calledWrongly(request: AssociateRequest): Rejection | undefined {
    const { aeTitles } = this.#around.options
    if (aeTitles === 'any' || aeTitles.includes(request.calledAeTitle)) return undefined
    return {
      ...rejections.calledAeTitleNotRecognized,
      sentence: `it calls AE title ${request.calledAeTitle || '(none)'}; this box is ${aeTitles.join(', ')}; change the scanner or add the alias`,
    }
  }

  async #admit(request: AssociateRequest): Promise<void> {
    const { options } = this.#around
    try {
      const answer = options.admit?.(request) ?? 'accepted'
      // Without a promise there is nothing to wait for, and the answer goes out in this turn.
      const admission = answer instanceof Promise ? await answer : answer
      if (this.association.ending) return
      if (admission === 'accepted') this.#accept(request)
      else if ('userIdentityResponse' in admission)
        this.#accept(request, admission.userIdentityResponse)
      else this.#reject(admission)
    } catch (thrown) {
      const fault = faultOf(thrown)
      options.log.error('admission-failed', {
        association: this.#record.id,
        code: fault.code,
        detail: fault.detail,
        advice: fault.advice,
      })
      this.#reject({ ...rejections.temporaryCongestion, sentence: fault.advice.replace(/\.$/, '') })
    }
  }

  #reject(rejection: Rejection): void {
    const { result, source, reason, sentence } = rejection
    this.association.reject({ result: result === 'transient' ? 2 : 1, source, reason }, sentence)
  }

  #accept(request: AssociateRequest, userIdentityResponse?: Uint8Array): void {
    const { options, limits, timers, budget } = this.#around
    const record = this.#record
    const contexts = negotiate(request, options.offers)
    record.contexts = contextRecords(contexts)
    const answers = answersTo(request, contexts, options.offers)
    const info: AssociationInfo = {
      id: record.id,
      remoteAddress: record.remoteAddress,
      remotePort: record.remotePort,
      callingAeTitle: request.callingAeTitle,
      calledAeTitle: request.calledAeTitle,
      ...(request.implementationClassUid
        ? { implementationClassUid: request.implementationClassUid }
        : {}),
      ...(request.implementationVersionName
        ? { implementationVersionName: request.implementationVersionName }
        : {}),
      secure: record.secure,
      maxPduLength: request.maxPduLength,
      extended: answers.extended,
      since: new Date(record.startedAt),
    }
    this.association.accept({
      protocolVersion: 1,
      calledAeTitle: request.calledAeTitle,
      callingAeTitle: request.callingAeTitle,
      applicationContext: request.applicationContext,
      contexts: contexts.map(answerOf),
      user: {
        maxPduLength: limits.pduLength,
        implementationClassUid: implementation.classUid,
        implementationVersionName: implementation.versionName,
        ...answers,
        ...(userIdentityResponse && request.userIdentity?.positiveResponseRequested
          ? { userIdentityResponse }
          : {}),
      },
    })
    this.#conversation = new Conversation({
      association: this.association,
      role: 'acceptor',
      info,
      contexts,
      services: options.services,
      limits,
      timers,
      budget,
      counts: operation => countsOf(record, operation),
      log: options.log,
    })
  }
}

/** The transfer syntax of a refused context means nothing, but many readers want one (PS3.8 §9.3.3.2). */
function answerOf(context: NegotiatedContext) {
  return {
    id: context.id,
    result: context.result,
    transferSyntax:
      context.result === contextResult.accepted
        ? context.transferSyntax!
        : (context.transferSyntaxes[0] ?? ''),
  }
}

/** The record goes out, and one line to the log: a warning when a person should do something. */
export function report(
  options: Pick<AcceptorOptions, 'log' | 'onRecord'>,
  record: OpenRecord,
  ending: Ending,
  facts: Parameters<typeof closeRecord>[2],
): void {
  const closed = closeRecord(record, ending, facts)
  const { id, direction, remoteAddress, callingAeTitle, calledAeTitle, outcome, sentence } = closed
  const fields = {
    association: id,
    direction,
    remoteAddress,
    callingAeTitle,
    calledAeTitle,
    outcome,
    requests: closed.requests,
    bytesReceived: closed.bytesReceived,
    bytesSent: closed.bytesSent,
    durationMs: closed.durationMs,
  }
  const silent = facts.firstBytes.length === 0 && direction === 'incoming'
  if (outcome === 'released' || outcome === 'stopped' || silent)
    options.log[silent ? 'debug' : 'info']('association-ended', { ...fields, sentence })
  else options.log.warn('association-ended', { ...fields, advice: sentence })
  options.onRecord?.(closed)
}
