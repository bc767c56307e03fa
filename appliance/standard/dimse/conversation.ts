import { Fault } from '../../faults.ts'
import type { Log } from '../../log.ts'
import { Assembly, type DatasetSink } from './assembly.ts'
import { type Association, type Ending, faultOfEnding } from './association.ts'
import { type Command, encodeCommand, noDataset } from './command.ts'
import { Exchange } from './exchange.ts'
import { Gather } from './gather.ts'
import { type Budget, type Inflow, Pace } from './inflow.ts'
import type { NegotiatedContext } from './negotiation.ts'
import { Fragmenter } from './outflow.ts'
import type { RequestCounts } from './record.ts'
import { datasetPresent, replyFrom, responseTo } from './replies.ts'
import type {
  AssociationInfo,
  OutgoingRequest,
  OutgoingStore,
  Peer,
  Reply,
  Services,
} from './services.ts'
import { repliesOf } from './serving.ts'
import type { Limits, Timers } from './settings.ts'
import type { Role } from './states.ts'
import { statusKind } from './status.ts'
import { Task } from './task.ts'
import { Turns } from './turns.ts'
import { Violation } from './violation.ts'
import {
  commandField,
  contextResult,
  fieldOf,
  type Operation,
  operationOf,
  priority,
  responseBit,
  verificationSopClass,
} from './vocabulary.ts'

/** Services of which a begun one can be called off, PS3.7 §9.3.2.3. */
const cancellable: ReadonlySet<Operation> = new Set(['C-FIND', 'C-MOVE', 'C-GET'])

const mostMessageIds = 0xffff

/**
 * The messages of one living association (PS3.7), in both directions: serves the other end's
 * requests one after the other, in the order in which they came, and asks it one thing at a time,
 * since the window of asynchronous operations is 1 on both sides (D.3.3.3).
 */
export class Conversation implements Peer {
  readonly info: AssociationInfo
  readonly #association: Association
  readonly #role: Role
  readonly #contexts: ReadonlyMap<number, NegotiatedContext>
  readonly #services: Services
  readonly #limits: Limits
  readonly #timers: Timers
  readonly #counts: (operation: string) => RequestCounts
  readonly #log: Log
  readonly #pace: Pace
  readonly #assembly: Assembly
  readonly #stop = new AbortController()
  /** Requests to be served; the first is being served. */
  readonly #tasks: Task[] = []
  #serving = false
  /** The dataset that comes in now. */
  #inflow: Inflow | undefined
  #releaseAsked = false
  #finishing: Fault | undefined
  #exchange: Exchange | undefined
  /** Who may ask the other end for something. */
  readonly #window = new Turns()
  /** Who may send a message: its fragments must not mingle with another's. */
  readonly #sending = new Turns()
  #messageId = 0

  constructor(options: {
    association: Association
    role: Role
    info: AssociationInfo
    contexts: readonly NegotiatedContext[]
    services: Services
    limits: Limits
    timers: Timers
    budget: Budget
    counts: (operation: string) => RequestCounts
    log: Log
  }) {
    this.info = options.info
    this.#association = options.association
    this.#role = options.role
    this.#services = options.services
    this.#limits = options.limits
    this.#timers = options.timers
    this.#counts = options.counts
    this.#log = options.log
    this.#contexts = new Map(
      options.contexts
        .filter(context => context.result === contextResult.accepted)
        .map(context => [context.id, context]),
    )
    this.#pace = new Pace({
      limit: options.limits.bufferedBytes,
      budget: options.budget,
      pause: () => {
        this.#association.socket.pause()
        this.#rewatch()
      },
      resume: () => {
        this.#association.socket.resume()
        this.#rewatch()
      },
    })
    this.#assembly = new Assembly(
      {
        knows: id => this.#contexts.has(id),
        message: (id, command, follows) => this.#message(this.#contexts.get(id)!, command, follows),
      },
      options.limits,
    )
    this.#rewatch()
  }

  // --- What the upper layer tells ---

  fragment(
    contextId: number,
    command: boolean,
    last: boolean,
    piece: Uint8Array,
    ends: boolean,
  ): boolean {
    return this.#assembly.fragment(contextId, command, last, piece, ends)
  }

  chunkRead(): void {
    this.#inflow?.flush()
    if (this.#inflow?.complete) this.#inflow = undefined
  }

  releaseAsked(): void {
    if (this.#assembly.midMessage)
      throw new Violation('unexpectedPdu', 'A-RELEASE-RQ inside a message')
    this.#releaseAsked = true
    this.#advance()
  }

  ended(ending: Ending): void {
    const fault = faultOfEnding(ending)
    this.#stop.abort(fault)
    for (const task of this.#tasks) {
      task.inflow?.fail(fault)
      task.cancel.abort(fault)
    }
    this.#inflow = undefined
    this.#exchange?.fail(fault)
    this.#exchange = undefined
  }

  /** Answers what is in work, then gives the association up; at once when there is nothing. */
  finish(fault: Fault): void {
    this.#finishing = fault
    this.#advance()
  }

  // --- Requests and replies that come ---

  #message(
    context: NegotiatedContext,
    command: Command,
    follows: boolean,
  ): DatasetSink | undefined {
    const field = command.commandField
    if (field === undefined) throw new Violation('invalidParameter', 'a command without its field')
    if (field & responseBit) return this.#response(context, command, follows)
    if (field === commandField['C-CANCEL-RQ']) {
      const id = command.messageIdBeingRespondedTo
      // One that is not found has just been answered: nothing is wrong.
      this.#tasks.find(task => task.messageId === id)?.cancel.abort()
      return undefined
    }
    const { messageId } = command
    if (messageId === undefined) throw new Violation('invalidParameter', 'a request without its id')
    const task = new Task({
      contextId: context.id,
      transferSyntaxUid: context.transferSyntax!,
      command,
      messageId,
      operation: operationOf(field),
      datasetFollows: follows,
      pace: this.#pace,
      identifierBytes: this.#limits.identifierBytes,
      whole: () => this.#taskWhole(),
    })
    // Behind a request in work the others fill the buffer, until the sender is made to wait.
    if (this.#tasks.length > 0) this.#pace.hold(this.#waitingCost)
    this.#tasks.push(task)
    if (task.inflow) this.#inflow = task.inflow
    this.#advance()
    return follows ? task : undefined
  }

  get #waitingCost(): number {
    return Math.ceil(this.#limits.bufferedBytes / this.#limits.pipelinedRequests)
  }

  #taskWhole(): void {
    this.#advance()
    this.#rewatch()
  }

  #response(
    context: NegotiatedContext,
    command: Command,
    follows: boolean,
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
    if (!follows) {
      this.#replied(exchange, reply)
      return undefined
    }
    const dataset = new Gather()
    return {
      add: piece => {
        if (dataset.length + piece.length > this.#limits.identifierBytes)
          throw new Violation(
            'invalidParameter',
            `an answer of more than ${this.#limits.identifierBytes} bytes`,
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
    this.#rewatch()
  }

  // --- Serving ---

  /** Serves the next request; when there is none, does what was put off until then. */
  #advance(): void {
    if (this.#serving || this.#association.ending) return
    const task = this.#tasks[0]
    if (task) {
      if (task.ready) void this.#serve(task)
    } else if (this.#releaseAsked) this.#association.answerRelease()
    else if (this.#finishing && !this.#assembly.midMessage)
      this.#association.giveUp(this.#finishing)
  }

  async #serve(task: Task): Promise<void> {
    this.#serving = true
    const counts = this.#counts(task.operation ?? 'unknown')
    counts.received++
    this.#rewatch()
    try {
      for await (const reply of repliesOf(task, {
        context: this.#contexts.get(task.contextId)!,
        info: this.info,
        peer: this,
        role: this.#role,
        services: this.#services,
        stop: this.#stop.signal,
        log: this.#log,
      })) {
        if (this.#association.ending) return
        if (statusKind(reply.status) === 'failure') counts.failed++
        const sending = this.#send(task.contextId, responseTo(task, reply), reply.dataset)
        if (sending) await sending
        if (this.#association.congested) await this.#association.drained()
      }
    } catch {
      // The association ended while a reply was on its way: nobody is left to be told.
    } finally {
      this.#tasks.shift()
      this.#serving = false
      if (this.#tasks.length > 0) this.#pace.free(this.#waitingCost)
      this.#rewatch()
      this.#advance()
    }
  }

  // --- Asking ---

  accepted(
    abstractSyntax: string,
    transferSyntaxUid?: string,
  ): { contextId: number; transferSyntaxUid: string } | undefined {
    for (const context of this.#contexts.values())
      if (
        context.abstractSyntax === abstractSyntax &&
        (transferSyntaxUid === undefined || context.transferSyntax === transferSyntaxUid) &&
        (this.#role === 'requestor' ? context.requestorIsScu : context.requestorIsScp)
      )
        return { contextId: context.id, transferSyntaxUid: context.transferSyntax! }
    return undefined
  }

  async echo(): Promise<Reply> {
    const done = await this.#window.take()
    try {
      const { contextId } = this.#needed(verificationSopClass)
      const exchange = this.#begin('C-ECHO')
      await this.#send(contextId, {
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
      const { contextId } = this.#needed(instance.sopClassUid, instance.transferSyntaxUid)
      const exchange = this.#begin('C-STORE')
      const { moveOriginatorAeTitle, moveOriginatorMessageId } = instance
      const command: Command = {
        affectedSopClassUid: instance.sopClassUid,
        commandField: fieldOf('C-STORE'),
        messageId: exchange.messageId,
        priority: instance.priority ?? priority.medium,
        commandDataSetType: datasetPresent,
        affectedSopInstanceUid: instance.sopInstanceUid,
        ...(moveOriginatorAeTitle === undefined ? {} : { moveOriginatorAeTitle }),
        ...(moveOriginatorMessageId === undefined ? {} : { moveOriginatorMessageId }),
      }
      await this.#sendStream(contextId, command, instance.data)
      return await this.#finalReply(exchange, 'C-STORE')
    } finally {
      done()
    }
  }

  async *perform(request: OutgoingRequest): AsyncGenerator<Reply, void, undefined> {
    const { operation, dataset, cancel } = request
    const done = await this.#window.take()
    let exchange: Exchange | undefined
    let contextId = 0
    const callOff = () => {
      if (exchange && cancellable.has(operation)) void this.#sendCancel(contextId, exchange)
    }
    try {
      contextId = this.#needed(
        request.abstractSyntax ?? request.sopClassUid,
        request.transferSyntaxUid,
      ).contextId
      exchange = this.#begin(operation)
      await this.#send(contextId, commandOf(request, exchange.messageId), dataset)
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
      if (exchange && this.#exchange === exchange) {
        // Broken off: the window is free when the other end is through with it.
        callOff()
        exchange.drop()
        void exchange.final.then(done)
      } else {
        exchange?.drop()
        done()
      }
    }
  }

  /** Resolves when nothing that was asked is without its answer. */
  async quiet(): Promise<void> {
    const done = await this.#window.take()
    done()
  }

  #needed(abstractSyntax: string, transferSyntaxUid?: string): { contextId: number } {
    const { ending } = this.#association
    if (ending) throw faultOfEnding(ending)
    const found = this.accepted(abstractSyntax, transferSyntaxUid)
    if (!found)
      throw new Fault(
        'peer-declined',
        `no presentation context was accepted for ${abstractSyntax}${transferSyntaxUid ? ` in ${transferSyntaxUid}` : ''}`,
      )
    return found
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
    this.#rewatch()
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

  async #sendCancel(contextId: number, exchange: Exchange): Promise<void> {
    await this.#send(contextId, {
      commandField: commandField['C-CANCEL-RQ'],
      messageIdBeingRespondedTo: exchange.messageId,
      commandDataSetType: noDataset,
    })
  }

  // --- Sending ---

  /** A whole message as one write; at once when nobody else is sending. */
  #send(contextId: number, command: Command, dataset?: Uint8Array): Promise<void> | undefined {
    const pdus = this.#pdus(contextId, 'command', encodeCommand(command))
    if (dataset) pdus.push(...this.#pdus(contextId, 'dataset', dataset))
    if (this.#sending.taken)
      return this.#sending.take().then(done => {
        this.#association.sendData(pdus)
        done()
      })
    this.#association.sendData(pdus)
    return undefined
  }

  #pdus(contextId: number, kind: 'command' | 'dataset', bytes: Uint8Array): Uint8Array[] {
    const out: Uint8Array[] = []
    const fragmenter = new Fragmenter(contextId, kind, this.info.maxPduLength)
    fragmenter.add(bytes, out)
    fragmenter.end(out)
    return out
  }

  /** A message whose dataset comes chunk by chunk, and no faster than the other end takes it. */
  async #sendStream(
    contextId: number,
    command: Command,
    data: AsyncIterable<Uint8Array>,
  ): Promise<void> {
    const association = this.#association
    const done = await this.#sending.take()
    let begun = false
    try {
      let out = this.#pdus(contextId, 'command', encodeCommand(command))
      const fragmenter = new Fragmenter(contextId, 'dataset', this.info.maxPduLength)
      for await (const chunk of data) {
        if (association.ending) throw faultOfEnding(association.ending)
        fragmenter.add(chunk, out)
        if (out.length === 0) continue
        begun = true
        association.sendData(out)
        out = []
        if (association.congested) await association.drained()
      }
      fragmenter.end(out)
      association.sendData(out)
      if (association.ending) throw faultOfEnding(association.ending)
      if (association.congested) await association.drained()
    } catch (thrown) {
      // A begun message can only be ended by ending the association. So can, for its reply's sake,
      // one of which nothing was sent; but that one nobody has heard of.
      if (begun) association.giveUp(new Fault('cancelled', 'the source of a dataset broke off'))
      else this.#exchange = undefined
      throw thrown
    } finally {
      done()
    }
  }

  // --- Time ---

  /** Decides anew what is waited for: after everything that changes whose turn it is. */
  #rewatch(): void {
    const { watch, ending } = this.#association
    if (ending) return
    const oursToDo =
      this.#pace.paused || (this.#serving && this.#tasks[0]!.complete && !this.#exchange?.sent)
    const answerDue = !oursToDo && this.#exchange?.sent === true
    const silenceCounts =
      !oursToDo && !answerDue && (this.#role === 'acceptor' || this.#assembly.midMessage)
    if (answerDue) watch.set('response', this.#timers.response)
    else watch.clear('response')
    if (silenceCounts) watch.set('idle', this.#timers.idle)
    else watch.clear('idle')
  }
}

function commandOf(request: OutgoingRequest, messageId: number): Command {
  const { operation, sopClassUid, sopInstanceUid } = request
  // N-EVENT-REPORT and N-CREATE speak of an affected instance, the other N-services of a requested.
  const requested = ['N-GET', 'N-SET', 'N-ACTION', 'N-DELETE'].includes(operation)
  const command: Command = {
    [requested ? 'requestedSopClassUid' : 'affectedSopClassUid']: sopClassUid,
    commandField: fieldOf(operation),
    messageId,
    commandDataSetType: request.dataset ? datasetPresent : noDataset,
  }
  if (sopInstanceUid !== undefined)
    command[requested ? 'requestedSopInstanceUid' : 'affectedSopInstanceUid'] = sopInstanceUid
  if (operation.startsWith('C-')) command.priority = request.priority ?? priority.medium
  if (request.moveDestination !== undefined) command.moveDestination = request.moveDestination
  if (request.actionTypeId !== undefined) command.actionTypeId = request.actionTypeId
  if (request.eventTypeId !== undefined) command.eventTypeId = request.eventTypeId
  if (request.attributeIdentifiers) command.attributeIdentifierList = request.attributeIdentifiers
  return command
}
