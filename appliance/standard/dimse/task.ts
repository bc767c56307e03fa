import type { Fault } from '../../faults.ts'
import type { DatasetSink } from './assembly.ts'
import type { Command } from './command.ts'
import { Gather } from './gather.ts'
import { Inflow, type Pace } from './inflow.ts'
import type { Operation } from './vocabulary.ts'

/**
 * A request of the other end, from its command to its final reply. A C-STORE's dataset is handed on
 * as it comes; any other is gathered first, up to a limit.
 */
export class Task implements DatasetSink {
  readonly contextId: number
  readonly transferSyntaxUid: string
  readonly command: Command
  readonly messageId: number
  /** `undefined`: none that PS3.7 has. */
  readonly operation: Operation | undefined
  /** Of a C-STORE. */
  readonly inflow: Inflow | undefined
  readonly #identifierBytes: number
  readonly #pace: Pace
  readonly #whole: (task: Task) => void
  #gathered: Gather | undefined
  #gatheredBytes = 0
  /** Behind another: what comes meanwhile makes the sender wait. */
  #waiting: boolean
  #heldBytes = 0
  #complete: boolean
  #cancel: AbortController | undefined
  #calledOff = false
  /** The dataset is larger than we take, and was dropped. */
  tooLarge = false

  constructor(options: {
    contextId: number
    transferSyntaxUid: string
    command: Command
    messageId: number
    operation: Operation | undefined
    datasetFollows: boolean
    /** Another is served before it. */
    waiting: boolean
    pace: Pace
    identifierBytes: number
    /** The last byte of the request has come. */
    whole: (task: Task) => void
  }) {
    this.contextId = options.contextId
    this.transferSyntaxUid = options.transferSyntaxUid
    this.command = options.command
    this.messageId = options.messageId
    this.operation = options.operation
    this.#identifierBytes = options.identifierBytes
    this.#pace = options.pace
    this.#whole = options.whole
    this.#waiting = options.waiting
    this.#complete = !options.datasetFollows
    if (!options.datasetFollows) return
    if (options.operation === 'C-STORE') this.inflow = new Inflow(options.pace)
    else this.#gathered = new Gather(options.identifierBytes)
  }

  /** Fires at C-CANCEL and at the end of the association; made for who asks: a C-STORE never does. */
  get cancelled(): AbortSignal {
    this.#cancel ??= new AbortController()
    if (this.#calledOff) this.#cancel.abort()
    return this.#cancel.signal
  }

  callOff(reason?: Fault): void {
    this.#calledOff = true
    this.#cancel?.abort(reason)
  }

  /** Nothing of the request is still to come. */
  get complete(): boolean {
    return this.#complete
  }

  /** May it be served: a C-STORE at once, another when it is whole. */
  get ready(): boolean {
    return this.#complete || this.inflow !== undefined
  }

  get hasDataset(): boolean {
    return this.inflow !== undefined || this.#gathered !== undefined
  }

  /** The gathered dataset, once. */
  takeDataset(): Uint8Array | undefined {
    return this.#gathered?.take()
  }

  add(piece: Uint8Array): void {
    if (this.inflow) this.inflow.add(piece)
    else if (this.tooLarge || !this.#gathered) return
    else if (
      this.#gathered.length + piece.length > this.#identifierBytes ||
      !this.#count(piece.length)
    )
      this.#drop()
    else this.#gathered.add(piece)
  }

  /** The one before it has been answered: from now on to make the sender wait would be of no help. */
  comesFirst(): void {
    const held = this.#heldBytes
    this.#waiting = false
    this.#heldBytes = 0
    this.#pace.free(held)
    if (held > 0 && !this.#count(held)) this.#drop()
  }

  /** Answers false when there is no room. */
  #count(bytes: number): boolean {
    if (this.#waiting) {
      this.#heldBytes += bytes
      this.#pace.hold(bytes)
      return true
    }
    if (!this.#pace.gather(bytes)) return false
    this.#gatheredBytes += bytes
    return true
  }

  #drop(): void {
    this.tooLarge = true
    this.#gathered?.take()
    this.letGo()
  }

  /** The gathered dataset is used no more, and no longer counts. */
  letGo(): void {
    this.#pace.free(this.#heldBytes)
    this.#heldBytes = 0
    this.#pace.ungather(this.#gatheredBytes)
    this.#gatheredBytes = 0
  }

  end(): void {
    this.#complete = true
    this.inflow?.end()
    this.#whole(this)
  }
}
