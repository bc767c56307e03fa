import type { Fault } from '../../faults.ts'
import type { Pace } from './inflow.ts'
import type { Reply } from './services.ts'
import { statusKind } from './status.ts'

/** What a reply costs while nobody has read it, beyond its dataset. */
const overhead = 1024

/** A request of ours whose final reply has not come yet, and the replies that nobody has read yet. */
export class Exchange {
  readonly messageId: number
  /** The Command Field of its replies. */
  readonly responseField: number
  readonly #pace: Pace
  #replies: Reply[] = []
  #waiting: PromiseWithResolvers<Reply> | undefined
  #fault: Fault | undefined
  #dropping = false
  #whenFinal = Promise.withResolvers<void>()
  /** The request is on its way, whole; the time for the answer runs. */
  sent = false

  constructor(messageId: number, responseField: number, pace: Pace) {
    this.messageId = messageId
    this.responseField = responseField
    this.#pace = pace
  }

  /** Resolves when the final reply has come, or never will. */
  get final(): Promise<void> {
    return this.#whenFinal.promise
  }

  push(reply: Reply): void {
    if (statusKind(reply.status) !== 'pending') this.#whenFinal.resolve()
    if (this.#dropping) return
    if (this.#waiting) {
      this.#waiting.resolve(reply)
      this.#waiting = undefined
      return
    }
    this.#replies.push(reply)
    this.#pace.hold(costOf(reply))
  }

  fail(fault: Fault): void {
    this.#fault = fault
    this.#waiting?.reject(fault)
    this.#waiting = undefined
    this.#whenFinal.resolve()
  }

  async next(): Promise<Reply> {
    const reply = this.#replies.shift()
    if (reply) {
      this.#pace.free(costOf(reply))
      return reply
    }
    if (this.#fault) throw this.#fault
    this.#waiting = Promise.withResolvers()
    return this.#waiting.promise
  }

  /** Nobody reads what still comes. */
  drop(): void {
    this.#dropping = true
    for (const reply of this.#replies.splice(0)) this.#pace.free(costOf(reply))
  }
}

function costOf(reply: Reply): number {
  return overhead + (reply.dataset?.length ?? 0)
}
