import { Fault } from '../../faults.ts'
import type { DatasetSink } from './assembly.ts'
import type { Association } from './association.ts'
import { type Command, noDataset } from './command.ts'
import { faultOfEnding } from './ending.ts'
import { Exchange } from './exchange.ts'
import { Gather } from './gather.ts'
import type { Pace } from './inflow.ts'
import type { NegotiatedContext } from './negotiation.ts'
import type { RequestCounts } from './record.ts'
import { replyFrom } from './replies.ts'
import { evenWhereDeflated, requestCommand, storeCommand } from './requests.ts'
import type { Sending } from './sending.ts'
import type { OutgoingRequest, OutgoingStore, Peer, Reply } from './services.ts'
import type { Role } from './states.ts'
import { statusKind } from './status.ts'
import { Turns } from './turns.ts'
import { Violation } from './violation.ts'
import {
  commandField,
  fieldOf,
  type Operation,
  responseBit,
  verificationSopClass,
} from './vocabulary.ts'

/** Services of which a begun one can be called off, PS3.7 §9.3.2.3. */
const cancellable: ReadonlySet<Operation> = new Set(['C-FIND', 'C-MOVE', 'C-GET'])

const mostMessageIds = 0xffff

/**
 * Our requests to the other end of an association, one at a time, since the window of asynchronous
 * operations is 1 (PS3.7 D.3.3.3): whoever comes meanwhile waits for the answer to the one before.
 */
export class Asking implements Peer {
  readonly #association: Association
  readonly #role: Role
  readonly #contexts: ReadonlyMap<number, NegotiatedContext>
  readonly #sending: Sending
  readonly #pace: Pace
  readonly #identifierBytes: number
  readonly #counts: (operation: string) => RequestCounts
  /** Whose turn it is to wait has changed. */
  readonly #changed: () => void
  readonly #window = new Turns()
  #exchange: Exchange | undefined
  #messageId = 0

  constructor(options: {
    association: Association
    role: Role
    /** By id, those that were accepted. */
    contexts: ReadonlyMap<number, NegotiatedContext>
    sending: Sending
    pace: Pace
    identifierBytes: number
    counts: (operation: string) => RequestCounts
    changed: () => void
  }) {
    this.#association = options.association
    this.#role = options.role
    this.#contexts = options.contexts
    this.#sending = options.sending
    this.#pace = options.pace
    this.#identifierBytes = options.identifierBytes
    this.#counts = options.counts
    this.#changed = options.changed
  }

  /** A request is on its way, whole, and not answered. */
  get awaitsReply(): boolean {
    return this.#exchange?.sent === true
  }

  ended(fault: Fault): void {
    this.#exchange?.fail(fault)
    this.#exchange = undefined
  }

  /** Resolves when nothing that was asked is without its answer. */
  async quiet(): Promise<void> {
    const done = await this.#window.take()
    done()
  }

  accepted(
    abstractSyntax: string,
    transferSyntaxUid?: string,
    as: 'scu' | 'scp' = 'scu',
  ): { contextId: number; transferSyntaxUid: string } | undefined {
    for (const context of this.#contexts.values())
      if (
        context.abstractSyntax === abstractSyntax &&
        (transferSyntaxUid === undefined || context.transferSyntax === transferSyntaxUid) &&
        // Many requesters of a commitment take the report without having answered the role.
        (as === 'scp' ||
          (this.#role === 'requestor' ? context.requestorIsScu : context.requestorIsScp))
      )
        return { contextId: context.id, transferSyntaxUid: context.transferSyntax! }
    return undefined
  }

  async echo(): Promise<Reply> {
    const done = await this.#window.take()
    try {
      const contextId = this.#contextFor(verificationSopClass)
      const exchange = this.#begin('C-ECHO')
      await this.#sending.send(contextId, {
        affectedSopClassUid: verificationSopClass,
        commandField: fieldOf('C-ECHO'),
        messageId: exchange.messageId,
        commandDataSetType: noDataset,
      })
      return await this.#finalReply(exchange, 'C-ECHO')
    } finally {
      done()
    }
  }

  async store(instance: OutgoingStore): Promise<Reply> {
    const done = await this.#window.take()
    try {
      const contextId = this.#contextFor(instance.sopClassUid, instance.transferSyntaxUid)
      const exchange = this.#begin('C-STORE')
      const command = storeCommand(instance, exchange.messageId)
      try {
        const data = evenWhereDeflated(instance)
        if (data instanceof Uint8Array) await this.#sending.whole(contextId, command, data)
        else await this.#sending.stream(contextId, command, data)
      } catch (thrown) {
        // Nobody has heard of it, or the association is gone with it.
        if (this.#exchange === exchange) this.#exchange = undefined
        throw thrown
      }
      return await this.#finalReply(exchange, 'C-STORE')
    } finally {
      done()
    }
  }

  async *perform(request: OutgoingRequest): AsyncGenerator<Reply, void, undefined> {
    const { operation, cancel } = request
    const done = await this.#window.take()
    let exchange: Exchange | undefined
    let contextId = 0
    const callOff = () => {
      if (!exchange || !cancellable.has(operation)) return
      void this.#sending.send(contextId, {
        commandField: commandField['C-CANCEL-RQ'],
        messageIdBeingRespondedTo: exchange.messageId,
        commandDataSetType: noDataset,
      })
    }
    try {
      contextId = this.#contextFor(
        request.abstractSyntax ?? request.sopClassUid,
        request.transferSyntaxUid,
        operation === 'N-EVENT-REPORT' ? 'scp' : 'scu',
      )
      exchange = this.#begin(operation)
      const command = requestCommand(request, exchange.messageId)
      await this.#sending.send(contextId, command, request.dataset)
      cancel?.addEventListener('abort', callOff)
      if (cancel?.aborted) callOff()
      this.#sent(exchange)
      let reply: Reply
      do {
        reply = await exchange.next()
        this.#countReply(operation, reply)
        yield reply
      } while (statusKind(reply.status) === 'pending')
    } finally {
      cancel?.removeEventListener('abort', callOff)
      exchange?.drop()
      if (exchange && this.#exchange === exchange) {
        // Broken off: the window is free when the other end is through with it.
        callOff()
        void exchange.final.then(done)
      } else done()
    }
  }

  /** A response has come; answers where its dataset goes. */
  response(
    context: NegotiatedContext,
    command: Command,
    datasetFollows: boolean,
  ): DatasetSink | undefined {
    const exchange = this.#exchange
    if (
      !exchange ||
      command.messageIdBeingRespondedTo !== exchange.messageId ||
      command.commandField !== exchange.responseField
    )
      throw new Violation('unexpectedParameter', 'an answer to a request that was not made')
    if (command.status === undefined)
      throw new Violation('invalidParameter', 'an answer without a status')
    const reply = replyFrom(command, context.transferSyntax!)
    if (!datasetFollows) {
      this.#replied(exchange, reply)
      return undefined
    }
    const dataset = new Gather(this.#identifierBytes)
    return {
      add: piece => {
        if (dataset.length + piece.length > this.#identifierBytes)
          throw new Violation(
            'invalidParameter',
            `an answer of more than ${this.#identifierBytes} bytes`,
          )
        dataset.add(piece)
      },
      end: () => {
        reply.dataset = dataset.take()
        this.#replied(exchange, reply)
      },
    }
  }

  #replied(exchange: Exchange, reply: Reply): void {
    if (statusKind(reply.status) !== 'pending') this.#exchange = undefined
    exchange.push(reply)
    this.#changed()
  }

  #contextFor(abstractSyntax: string, transferSyntaxUid?: string, as?: 'scu' | 'scp'): number {
    const { ending } = this.#association
    if (ending) throw faultOfEnding(ending)
    const found = this.accepted(abstractSyntax, transferSyntaxUid, as)
    if (!found)
      throw new Fault(
        'peer-declined',
        `no presentation context was accepted for ${abstractSyntax}${transferSyntaxUid ? ` in ${transferSyntaxUid}` : ''}`,
      )
    return found.contextId
  }

  #begin(operation: Operation): Exchange {
    this.#messageId = (this.#messageId % mostMessageIds) + 1
    const exchange = new Exchange(this.#messageId, fieldOf(operation) | responseBit, this.#pace)
    this.#exchange = exchange
    this.#counts(operation).sent++
    return exchange
  }

  /** The time for the answer begins to run. */
  #sent(exchange: Exchange): void {
    exchange.sent = true
    this.#changed()
  }

  async #finalReply(exchange: Exchange, operation: Operation): Promise<Reply> {
    this.#sent(exchange)
    let reply = await exchange.next()
    // A peer that says "pending" to a C-STORE or C-ECHO will say something else next.
    while (statusKind(reply.status) === 'pending') reply = await exchange.next()
    this.#countReply(operation, reply)
    return reply
  }

  #countReply(operation: Operation, reply: Reply): void {
    if (statusKind(reply.status) === 'failure') this.#counts(operation).failed++
  }
}
