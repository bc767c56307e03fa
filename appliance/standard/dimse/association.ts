import type { Socket } from 'node:net'
import { type Fault, faultOf } from '../../faults.ts'
import type { AssociationUser } from './associationUser.ts'
import { type Ending, faultOfEnding, type Wait } from './ending.ts'
import { Headway } from './headway.ts'
import {
  type Abort,
  type AssociateAc,
  type AssociateRj,
  type AssociateRq,
  decodeAbort,
  decodeAssociateAc,
  decodeAssociateRj,
  decodeAssociateRq,
  encodeAbort,
  encodeAssociateAc,
  encodeAssociateRj,
  encodeAssociateRq,
  encodeReleaseRp,
  encodeReleaseRq,
} from './pdu.ts'
import { PduReader } from './reader.ts'
import type { Limits, Timers } from './settings.ts'
import { type Event, eventOfPdu, type Role, type State, transition, unexpected } from './states.ts'
import { type Clock, Watch } from './timers.ts'
import { Violation } from './violation.ts'
import { abortReason, abortSource } from './vocabulary.ts'
import { Writing } from './writing.ts'

/**
 * One association over one connected socket, for either role: performs the actions of the state
 * machine (PS3.8 §9.2). Bytes go to the user as they come; nothing is queued here.
 *
 * After its last PDU this end closes its half of the connection, reads to the end what still comes,
 * drops it, and closes the rest when the other end does, or when ARTIM expires.
 */
export class Association {
  readonly socket: Socket
  readonly watch: Watch<Wait>
  readonly #writing: Writing
  readonly #role: Role
  readonly #user: AssociationUser
  readonly #timers: Timers
  readonly #headway: Headway
  readonly #reader: PduReader
  #state: State = 'idle'
  #ending: Ending | undefined
  #error: Error | undefined
  /** The first bytes that came, to tell by them what the other end speaks. */
  firstBytes: Uint8Array = new Uint8Array(0)
  bytesReceived = 0

  constructor(options: {
    socket: Socket
    role: Role
    user: AssociationUser
    timers: Timers
    limits: Pick<Limits, 'pduLength' | 'associatePduBytes' | 'slowestSender'>
    clock: Clock
  }) {
    this.socket = options.socket
    this.#role = options.role
    this.#user = options.user
    this.#timers = options.timers
    this.#writing = new Writing(options.socket, () => {
      if (!this.watch.has('writeStall')) this.#headway.expect('writeStall')
    })
    this.watch = new Watch(options.clock, wait => this.#expired(wait))
    this.#headway = new Headway({
      watch: this.watch,
      timers: options.timers,
      slowestSender: options.limits.slowestSender,
      taken: () => this.#writing.taken,
      received: () => this.bytesReceived,
    })
    this.#reader = new PduReader(
      {
        data: () => this.#expect('p-data', 'P-DATA-TF'),
        fragment: (contextId, command, last, piece, ends) => {
          if (this.#user.fragment(contextId, command, last, piece, ends)) this.#gotOn()
        },
        control: (type, body) => this.#control(type, body),
      },
      options.limits,
    )
  }

  get state(): State {
    return this.#state
  }

  get ending(): Ending | undefined {
    return this.#ending
  }

  get bytesSent(): number {
    return this.socket.bytesWritten
  }

  /** Takes the socket into use. As requestor it sends `rq`. */
  open(rq?: AssociateRq): void {
    const { socket } = this
    socket.setNoDelay(true)
    socket.on('data', chunk => this.#read(chunk as Uint8Array))
    socket.on('error', error => {
      this.#error = error
    })
    socket.on('end', () => this.#transportClosed())
    socket.on('close', () => {
      this.#transportClosed()
      this.watch.stop()
      this.#user.closed()
    })
    if (this.#role === 'acceptor') {
      this.#move('transport-accepted')
      this.watch.set('artim', this.#timers.artim)
    } else if (rq) {
      this.#move('ask-associate')
      this.#move('transport-opened')
      this.#writing.write([encodeAssociateRq(rq)])
      this.watch.set('answer', this.#timers.artim)
    }
  }

  accept(ac: AssociateAc): void {
    if (this.#move('answer-accept')) this.#writing.write([encodeAssociateAc(ac)])
  }

  reject(rj: AssociateRj, sentence: string): void {
    if (!this.#move('answer-reject')) return
    this.#writing.write([encodeAssociateRj(rj)])
    this.#end({ how: 'rejected', by: 'us', rj, sentence })
    this.#halfClose()
  }

  askRelease(): void {
    if (!this.#move('ask-release')) return
    this.#writing.write([encodeReleaseRq()])
    this.watch.set('answer', this.#timers.artim)
  }

  answerRelease(): void {
    const action = this.#move('answer-release')
    if (!action) return
    this.#writing.write([encodeReleaseRp()])
    if (action !== 'AR-4') return
    this.#end({ how: 'released' })
    this.#halfClose()
  }

  /** Ends the association by an A-ABORT of the service user. */
  giveUp(fault: Fault): void {
    this.#abort({ how: 'given-up', fault }, 'ask-abort', {
      source: abortSource.user,
      reason: abortReason.notSpecified,
    })
  }

  /** P-DATA-TFs, as one write. Dropped when the association is over. */
  sendData(pdus: readonly Uint8Array[]): void {
    if (this.#move('send-data')) this.#writing.write(pdus)
  }

  /** As `sendData`; resolves when they are no longer looked at, and throws when it ends before. */
  sendWhole(pdus: readonly Uint8Array[]): Promise<void> {
    return this.#writing.flushed(flushed => {
      if (this.#move('send-data')) this.#writing.write(pdus, flushed)
    })
  }

  /** Is so much unsent that a sender should wait for `drained`? */
  get congested(): boolean {
    return this.#writing.congested
  }

  /** Resolves when all that was written is on its way; throws when the association ends before. */
  drained(): Promise<void> {
    return this.#writing.drained()
  }

  /** While a message is coming, enough of it must come in the time of `idle`, however it is cut. */
  messageComing(coming: boolean): void {
    if (!coming) this.watch.clear('trickle')
    else if (!this.#ending && !this.watch.has('trickle')) this.#headway.expect('trickle')
  }

  #read(chunk: Uint8Array): void {
    this.bytesReceived += chunk.length
    if (this.firstBytes.length < 8)
      this.firstBytes = Buffer.concat([this.firstBytes, chunk.subarray(0, 8)])
    if (this.#ending) return
    try {
      this.#reader.push(chunk)
    } catch (thrown) {
      this.#fail(thrown)
    }
    this.#user.chunkRead()
  }

  /** Whatever was thrown while reading: a violation names its reason, else the fault is ours. */
  #fail(thrown: unknown): void {
    if (!(thrown instanceof Violation)) {
      this.giveUp(faultOf(thrown))
      return
    }
    // AA-1: before there is an association the abort is the user's, and gives no reason; AA-8 does.
    const abort =
      this.#state === 'awaiting-request'
        ? { source: abortSource.user, reason: abortReason.notSpecified }
        : { source: abortSource.provider, reason: thrown.reason }
    this.#abort({ how: 'broken', violation: thrown, abort }, 'invalid-pdu', abort)
  }

  #expect(event: Event, name: string): void {
    if (unexpected(this.#state, event))
      throw new Violation('unexpectedPdu', `${name} while ${this.#state.replaceAll('-', ' ')}`)
  }

  #control(type: number, body: Uint8Array): void {
    const event = eventOfPdu[type]!
    this.#expect(event, event.toUpperCase())
    switch (event) {
      case 'associate-rq': {
        const rq = decodeAssociateRq(body)
        this.#move(event)
        this.watch.clear('artim')
        this.#user.requested(rq)
        break
      }
      case 'associate-ac': {
        const ac = decodeAssociateAc(body)
        this.#move(event)
        this.watch.clear('answer')
        this.#user.accepted(ac)
        break
      }
      case 'associate-rj': {
        const rj = decodeAssociateRj(body)
        this.#move(event)
        this.#end({ how: 'rejected', by: 'peer', rj })
        this.socket.destroySoon()
        break
      }
      case 'release-rq':
        // As acceptor of a release collision the answer to ours comes first (PS3.8 AR-8).
        this.#gotOn()
        if (this.#move(event) === 'AR-2' || this.#role === 'requestor') this.#user.releaseAsked()
        break
      case 'release-rp':
        if (this.#move(event) === 'AR-10') this.#user.releaseAsked()
        else {
          this.#end({ how: 'released' })
          this.socket.destroySoon()
        }
        break
      case 'abort': {
        const abort = decodeAbort(body)
        this.#move(event)
        this.#end({ how: 'aborted', abort })
        this.socket.destroy()
        break
      }
    }
  }

  /** Performs the part of every action that is a state; answers the action when there is one. */
  #move(event: Event): string | undefined {
    const found = transition(this.#state, event, this.#role)
    if (found) this.#state = found.next
    return found?.action
  }

  #abort(ending: Ending, event: 'ask-abort' | 'invalid-pdu', abort: Abort): void {
    if (this.#ending || !this.#move(event)) return
    this.#writing.write([encodeAbort(abort)])
    this.#end(ending)
    this.#halfClose()
  }

  #expired(wait: Wait): void {
    if (wait === 'writeStall' && this.socket.writableLength === 0) return
    if (this.#headway.made(wait)) return
    if (wait === 'writeStall' || wait === 'artim') {
      if (wait === 'artim') this.#move('artim-expired')
      this.#end({ how: 'timed-out', wait })
      this.socket.destroy()
    } else
      this.#abort({ how: 'timed-out', wait }, 'ask-abort', {
        source: abortSource.user,
        reason: abortReason.notSpecified,
      })
  }

  #transportClosed(): void {
    this.#move('transport-closed')
    this.#end({ how: 'disconnected', ...(this.#error ? { error: this.#error } : {}) })
  }

  /** The other end is alive: whatever is waited for may take its full time again. */
  #gotOn(): void {
    if (this.watch.has('idle')) this.watch.set('idle', this.#timers.idle)
    if (this.watch.has('response')) this.watch.set('response', this.#timers.response)
  }

  #end(ending: Ending): void {
    if (this.#ending) return
    this.#ending = ending
    this.#reader.halt()
    this.watch.stop()
    this.#writing.end(faultOfEnding(ending))
    this.#user.ended(ending)
    this.socket.resume()
  }

  #halfClose(): void {
    this.socket.end()
    this.watch.set('artim', this.#timers.artim)
  }
}
