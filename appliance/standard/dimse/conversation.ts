import type { Fault } from '../../faults.ts'
import type { Log } from '../../log.ts'
import { Asking } from './asking.ts'
import { Assembly, type DatasetSink } from './assembly.ts'
import type { Association } from './association.ts'
import type { Command } from './command.ts'
import { type Ending, faultOfEnding } from './ending.ts'
import { type Budget, type Inflow, Pace } from './inflow.ts'
import type { NegotiatedContext } from './negotiation.ts'
import { shorter } from './outflow.ts'
import type { RequestCounts } from './record.ts'
import { responseTo } from './replies.ts'
import { Sending } from './sending.ts'
import type { AssociationInfo, Services } from './services.ts'
import { repliesOf } from './serving.ts'
import type { Limits, Timers } from './settings.ts'
import type { Role } from './states.ts'
import { statusKind } from './status.ts'
import { Task } from './task.ts'
import { Violation } from './violation.ts'
import { commandField, contextResult, operationOf, responseBit } from './vocabulary.ts'

/**
 * The messages of one living association (PS3.7), in both directions: serves the other end's
 * requests one after the other, in the order in which they came, since the window of asynchronous
 * operations is 1 (D.3.3.3); asks on its own behalf by `peer`.
 */
export class Conversation {
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
  readonly #sending: Sending
  readonly #asking: Asking
  readonly #assembly: Assembly
  readonly #stop = new AbortController()
  /** Requests to be served; the first is being served. */
  readonly #tasks: Task[] = []
  #serving = false
  /** The dataset that comes in now. */
  #inflow: Inflow | undefined
  #releaseAsked = false
  #finishing: Fault | undefined

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
    /** The longest PDU to be sent now, besides what the other end takes. */
    longestPdu?: (() => number | undefined) | undefined
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
    const { association, info, longestPdu } = options
    this.#sending = new Sending(association, () => shorter(info.maxPduLength, longestPdu?.()))
    this.#asking = new Asking({
      ...options,
      contexts: this.#contexts,
      sending: this.#sending,
      pace: this.#pace,
      identifierBytes: options.limits.identifierBytes,
      changed: () => this.#rewatch(),
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

  /** The other end, to be asked for something. */
  get peer(): Asking {
    return this.#asking
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
    this.#watchSender()
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
      task.callOff(fault)
    }
    this.#inflow = undefined
    this.#asking.ended(fault)
    this.#pace.close()
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
    if (field & responseBit) return this.#asking.response(context, command, follows)
    if (field === commandField['C-CANCEL-RQ']) {
      const id = command.messageIdBeingRespondedTo
      // One that is not found has just been answered: nothing is wrong.
      this.#tasks.find(task => task.messageId === id)?.callOff()
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
      waiting: this.#tasks.length > 0,
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
        peer: this.#asking,
        role: this.#role,
        services: this.#services,
        stop: this.#stop.signal,
        log: this.#log,
      })) {
        if (this.#association.ending) return
        if (statusKind(reply.status) === 'failure') counts.failed++
        const sending = this.#sending.send(task.contextId, responseTo(task, reply), reply.dataset)
        if (sending) await sending
        if (this.#association.congested) await this.#association.drained()
      }
    } catch {
      // The association ended while a reply was on its way: nobody is left to be told.
    } finally {
      this.#tasks.shift()
      task.letGo()
      this.#serving = false
      if (this.#tasks.length > 0) this.#pace.free(this.#waitingCost)
      this.#tasks[0]?.comesFirst()
      this.#rewatch()
      this.#advance()
    }
  }

  // --- Time ---

  /** Decides anew what is waited for: after everything that changes whose turn it is. */
  #rewatch(): void {
    const { watch, ending } = this.#association
    if (ending) return
    // Its own requests, which it did not wait to send, keep us from reading its answer.
    const standsInItsWay = this.#asking.awaitsReply && this.#tasks.length > 1
    const oursToDo =
      (this.#pace.paused && !standsInItsWay) ||
      (this.#serving && this.#tasks[0]!.complete && !this.#asking.awaitsReply)
    const answerDue = !oursToDo && this.#asking.awaitsReply
    const silenceCounts =
      !oursToDo && !answerDue && (this.#role === 'acceptor' || this.#assembly.midMessage)
    if (answerDue) watch.set('response', this.#timers.response)
    else watch.clear('response')
    if (silenceCounts) watch.set('idle', this.#timers.idle)
    else watch.clear('idle')
    this.#watchSender()
  }

  /** While it is we who make it wait, its pace is ours. */
  #watchSender(): void {
    this.#association.messageComing(this.#assembly.midMessage && !this.#pace.paused)
  }
}
