import type { Socket } from 'node:net'
import { Fault, faultOf } from '../../faults.ts'
import { implementation } from '../dicom/dicom.ts'
import { Association } from './association.ts'
import type { AssociationUser } from './associationUser.ts'
import { Conversation } from './conversation.ts'
import { type Ending, faultOfEnding } from './ending.ts'
import { report } from './incoming.ts'
import { answeredContexts, type NegotiatedContext } from './negotiation.ts'
import type { AssociateAc } from './pdu.ts'
import {
  type ConnectionRecord,
  closeRecord,
  contextRecords,
  countsOf,
  noteUser,
  type OpenRecord,
} from './record.ts'
import type { ConnectOptions, OutgoingAssociation } from './requestor.ts'
import { rejectionInWords } from './sentence.ts'
import type { AssociationInfo } from './services.ts'
import type { Limits, Timers } from './settings.ts'
import { spokenBy } from './speech.ts'
import type { Clock } from './timers.ts'
import { applicationContextName } from './vocabulary.ts'

type Settled = ConnectOptions & { timers: Timers; limits: Limits; clock: Clock }

/** One association that we ask for, from a connected socket to its record. */
export class Outgoing implements AssociationUser {
  readonly #options: Settled
  readonly #record: OpenRecord
  readonly #startedAt: number
  readonly #proposed: readonly ({ id: number } & ConnectOptions['contexts'][number])[]
  readonly #accepted = Promise.withResolvers<OutgoingAssociation>()
  readonly #ended = Promise.withResolvers<ConnectionRecord>()
  #association: Association | undefined
  #conversation: Conversation | undefined

  constructor(options: Settled, record: OpenRecord, startedAt: number) {
    this.#options = options
    this.#record = record
    this.#startedAt = startedAt
    this.#proposed = options.contexts.map((context, index) => ({ id: 2 * index + 1, ...context }))
    record.contexts = contextRecords(this.#proposed)
  }

  /** No connection came about. */
  unreachable(error: unknown): void {
    const fault = faultOf(error)
    const ending: Ending = { how: 'given-up', fault }
    const facts = {
      durationMs: this.#options.clock.now() - this.#startedAt,
      bytesReceived: 0,
      bytesSent: 0,
      firstBytes: new Uint8Array(0),
    }
    const outcome = fault.code === 'peer-timeout' ? 'timed-out' : 'unreachable'
    const { abort: _none, ...closed } = closeRecord(this.#record, ending, facts)
    this.#options.onRecord?.({
      ...closed,
      outcome: fault.code === 'cancelled' ? 'stopped' : outcome,
      sentence: `${closed.calledAeTitle} was not reached: ${fault.detail}. ${fault.advice}`,
    })
  }

  associate(socket: Socket): Promise<OutgoingAssociation> {
    const { timers, limits, clock, stop } = this.#options
    const association = new Association({
      socket,
      role: 'requestor',
      user: this,
      timers,
      limits,
      clock,
    })
    this.#association = association
    const onStop = () => association.giveUp(new Fault('cancelled', 'on request'))
    stop?.addEventListener('abort', onStop, { once: true })
    void this.#ended.promise.then(() => stop?.removeEventListener('abort', onStop))
    association.open({
      protocolVersion: 1,
      calledAeTitle: this.#options.calledAeTitle,
      callingAeTitle: this.#options.callingAeTitle,
      applicationContext: applicationContextName,
      contexts: this.#proposed.map(({ role: _asked, ...context }) => context),
      user: {
        maxPduLength: limits.pduLength,
        implementationClassUid: implementation.classUid,
        implementationVersionName: implementation.versionName,
        roles: rolesOf(this.#options.contexts),
        extended: [...(this.#options.extended ?? [])],
        commonExtended: [],
        ...(this.#options.userIdentity ? { userIdentity: this.#options.userIdentity } : {}),
      },
    })
    if (stop?.aborted) onStop()
    return this.#accepted.promise
  }

  /** Never used: nobody asks us. */
  requested(): void {}

  accepted(ac: AssociateAc): void {
    const { user } = ac
    const record = this.#record
    const contexts = answeredContexts(this.#proposed, ac)
    record.contexts = contextRecords(contexts)
    noteUser(record, user)
    const { implementationClassUid, implementationVersionName } = user
    const info: AssociationInfo = {
      id: record.id,
      remoteAddress: record.remoteAddress,
      remotePort: record.remotePort,
      callingAeTitle: this.#options.callingAeTitle,
      calledAeTitle: this.#options.calledAeTitle,
      ...(implementationClassUid ? { implementationClassUid } : {}),
      ...(implementationVersionName ? { implementationVersionName } : {}),
      secure: record.secure,
      maxPduLength: user.maxPduLength,
      since: new Date(record.startedAt),
    }
    this.#converse(info, contexts)
    this.#accepted.resolve(this.#face(ac, contexts))
  }

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
    const association = this.#association!
    this.#conversation?.ended(ending)
    this.#accepted.reject(this.#faultOf(ending))
    const { log, onRecord } = this.#options
    report(
      {
        log,
        onRecord: record => {
          onRecord?.(record)
          this.#ended.resolve(record)
        },
      },
      this.#record,
      ending,
      {
        durationMs: this.#options.clock.now() - this.#startedAt,
        bytesReceived: association.bytesReceived,
        bytesSent: association.bytesSent,
        firstBytes: association.firstBytes,
      },
    )
  }

  closed(): void {}

  #faultOf(ending: Ending): Fault {
    const { calledAeTitle, host, port } = this.#options
    const who = `${calledAeTitle} at ${host}:${port}`
    if (ending.how === 'rejected')
      return new Fault('peer-refused', `${who}: ${rejectionInWords(ending.rj)}`)
    const speech = spokenBy(this.#association!.firstBytes)
    if (ending.how === 'broken' && (speech === 'tls' || speech === 'http'))
      return new Fault('protocol-broken', `${who} speaks ${speech.toUpperCase()} on that port`)
    return faultOfEnding(ending)
  }

  #converse(info: AssociationInfo, contexts: NegotiatedContext[]): void {
    const { services = {}, limits, timers, log, longestPdu } = this.#options
    this.#conversation = new Conversation({
      association: this.#association!,
      role: 'requestor',
      info,
      contexts,
      services,
      limits,
      timers,
      budget: { held: 0, limit: limits.bufferedBytesInAll },
      counts: operation => countsOf(this.#record, operation),
      longestPdu,
      log,
    })
  }

  #face(ac: AssociateAc, contexts: NegotiatedContext[]): OutgoingAssociation {
    const association = this.#association!
    const { info, peer } = this.#conversation!
    const { extended, userIdentityResponse } = ac.user
    const ended = this.#ended.promise
    return {
      info,
      contexts,
      extended,
      ...(userIdentityResponse ? { userIdentityResponse } : {}),
      accepted: (...wanted) => peer.accepted(...wanted),
      echo: () => peer.echo(),
      store: instance => peer.store(instance),
      perform: request => peer.perform(request),
      async release() {
        await peer.quiet()
        association.askRelease()
        await ended
      },
      abort: () => association.giveUp(new Fault('cancelled', 'by the one who asked for it')),
      ended,
    }
  }
}

function rolesOf(contexts: ConnectOptions['contexts']) {
  const roles = new Map(
    contexts.flatMap(({ abstractSyntax, role }) => (role ? [[abstractSyntax, role]] : [])),
  )
  return [...roles].map(([sopClassUid, { scu, scp }]) => ({ sopClassUid, scu, scp }))
}
