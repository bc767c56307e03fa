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
  /** Fires at C-CANCEL and at the end of the association. */
  readonly cancel = new AbortController()
  readonly #identifierBytes: number
  readonly #pace: Pace
  readonly #whole: (task: Task) => void
  #gathered: Gather | undefined
  #gatheredBytes = 0
  #complete: boolean
  /** The dataset is larger than we take, and was dropped. */
  tooLarge = false

  constructor(options: {
    contextId: number
    transferSyntaxUid: string
    command: Command
    messageId: number
    operation: Operation | undefined
    datasetFollows: boolean
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
    this.#complete = !options.datasetFollows
    if (!options.datasetFollows) return
    if (options.operation === 'C-STORE') this.inflow = new Inflow(options.pace)
    else this.#gathered = new Gather()
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
      !this.#pace.gather(piece.length)
    ) {
      this.tooLarge = true
      this.#gathered.take()
      this.letGo()
    } else {
      this.#gatheredBytes += piece.length
      this.#gathered.add(piece)
    }
  }

  /** The gathered dataset is used no more, and no longer counts. */
  letGo(): void {
    this.#pace.ungather(this.#gatheredBytes)
    this.#gatheredBytes = 0
  }

  end(): void {
    this.#complete = true
    this.inflow?.end()
    this.#whole(this)
  }
}
