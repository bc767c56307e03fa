import { type Command, decodeCommand, noDataset } from './command.ts'
import { Gather } from './gather.ts'
import { Violation } from './violation.ts'

/** Where the dataset of one message goes, piece by piece. */
export interface DatasetSink {
  add(piece: Uint8Array): void
  end(): void
}

export interface MessageSink {
  /** Does this association have an accepted context with this id? */
  knows(contextId: number): boolean
  /** A command set is whole; when a dataset follows, the answer says where it goes. */
  message(contextId: number, command: Command, datasetFollows: boolean): DatasetSink | undefined
}

/**
 * Puts messages together from presentation data values (PS3.7 §6.3.1, PS3.8 Annex E): first the
 * fragments of the command, then those of its dataset, all in one context and nothing in between.
 * Values may be cut and packed anyhow, over messages and PDUs.
 */
export class Assembly {
  readonly #sink: MessageSink
  readonly #limit: number
  #command = new Gather()
  #contextId: number | undefined
  #dataset: DatasetSink | undefined

  constructor(sink: MessageSink, limits: { commandBytes: number }) {
    this.#sink = sink
    this.#limit = limits.commandBytes
  }

  /** A message has begun and is not complete. */
  get midMessage(): boolean {
    return this.#contextId !== undefined
  }

  /** Answers whether the sender got on: a dataset's bytes or a whole command, not a command's bytes. */
  fragment(
    contextId: number,
    isCommand: boolean,
    last: boolean,
    piece: Uint8Array,
    ends: boolean,
  ): boolean {
    if (this.#contextId === undefined) {
      if (!this.#sink.knows(contextId))
        throw new Violation(
          'invalidParameter',
          `data in presentation context ${contextId}, which was not accepted`,
        )
      this.#contextId = contextId
    } else if (this.#contextId !== contextId)
      throw new Violation(
        'unexpectedParameter',
        `data in presentation context ${contextId} inside a message in ${this.#contextId}`,
      )
    const complete = last && ends
    if (this.#dataset) {
      if (isCommand)
        throw new Violation('unexpectedParameter', 'a command before the dataset has ended')
      this.#dataset.add(piece)
      if (complete) {
        const dataset = this.#dataset
        this.#dataset = undefined
        this.#contextId = undefined
        dataset.end()
      }
      return piece.length > 0 || complete
    }
    if (!isCommand) throw new Violation('unexpectedParameter', 'a dataset without a command')
    if (this.#command.length + piece.length > this.#limit)
      throw new Violation('invalidParameter', `a command set of more than ${this.#limit} bytes`)
    this.#command.add(piece)
    if (complete) this.#endCommand(contextId)
    return complete
  }

  #endCommand(contextId: number): void {
    const command = decodeCommand(this.#command.take())
    const follows =
      command.commandDataSetType !== undefined && command.commandDataSetType !== noDataset
    if (!follows) this.#contextId = undefined
    const dataset = this.#sink.message(contextId, command, follows)
    if (follows) this.#dataset = dataset ?? dropped
  }
}

const dropped: DatasetSink = { add() {}, end() {} }
