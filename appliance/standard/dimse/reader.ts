import { Gather } from './gather.ts'
import { Violation } from './violation.ts'
import { pduType } from './vocabulary.ts'

/** What the reader finds. Any of them may throw a `Violation`, which ends the reading. */
export interface PduSink {
  /** A P-DATA-TF begins. */
  data(): void
  /**
   * The next piece of a presentation data value. `ends` tells that the value is complete with it;
   * `last`, that the value is the last of its command or dataset (PS3.8 Annex E.2).
   */
  fragment(
    contextId: number,
    command: boolean,
    last: boolean,
    piece: Uint8Array,
    ends: boolean,
  ): void
  /** Any other PDU, whole, without its type and length. */
  control(type: number, body: Uint8Array): void
}

const headerLength = 6
const pdvHeaderLength = 6
/** A-ASSOCIATE-RJ, both A-RELEASE and A-ABORT are of this length, PS3.8 §9.3.4 to §9.3.8. */
const shortLength = 4

type Phase = 'header' | 'body' | 'pdv-header' | 'pdv'

/**
 * Takes the other end's bytes as the socket gives them, cut anywhere, and finds PDUs in them.
 * Values of P-DATA-TF are never put together: their pieces are views of the socket's own chunks.
 * Announced lengths are checked before anything is read for them.
 */
export class PduReader {
  readonly #sink: PduSink
  readonly #limits: { pduLength: number; associatePduBytes: number }
  readonly #head = new Uint8Array(headerLength)
  #headFilled = 0
  #phase: Phase = 'header'
  #halted = false
  #type = 0
  #pduLeft = 0
  #body = new Gather()
  #contextId = 0
  #control = 0
  #pdvLeft = 0

  constructor(sink: PduSink, limits: { pduLength: number; associatePduBytes: number }) {
    this.#sink = sink
    this.#limits = limits
  }

  /** What still comes is dropped. */
  halt(): void {
    this.#halted = true
    this.#body = new Gather()
  }

  push(chunk: Uint8Array): void {
    let at = 0
    while (at < chunk.length && !this.#halted) {
      switch (this.#phase) {
        case 'header':
          at = this.#fillHead(chunk, at)
          if (this.#headFilled === headerLength) this.#beginPdu()
          break
        case 'body': {
          const end = Math.min(at + this.#pduLeft, chunk.length)
          this.#body.add(chunk.subarray(at, end))
          this.#pduLeft -= end - at
          at = end
          if (this.#pduLeft === 0) this.#endControl()
          break
        }
        case 'pdv-header':
          at = this.#fillHead(chunk, at)
          if (this.#headFilled === pdvHeaderLength) this.#beginPdv()
          break
        case 'pdv': {
          const end = Math.min(at + this.#pdvLeft, chunk.length)
          const piece = chunk.subarray(at, end)
          this.#pdvLeft -= end - at
          at = end
          this.#deliver(piece)
          break
        }
      }
    }
  }

  #fillHead(chunk: Uint8Array, from: number): number {
    let at = from
    while (this.#headFilled < headerLength && at < chunk.length)
      this.#head[this.#headFilled++] = chunk[at++]!
    return at
  }

  #takeLength(offset: number): number {
    const head = this.#head
    this.#headFilled = 0
    return (
      head[offset]! * 0x1000000 +
      ((head[offset + 1]! << 16) | (head[offset + 2]! << 8) | head[offset + 3]!)
    )
  }

  #beginPdu(): void {
    const type = this.#head[0]!
    const length = this.#takeLength(2)
    this.#type = type
    this.#pduLeft = length
    if (type === pduType.pDataTf) {
      this.#sink.data()
      if (length > this.#limits.pduLength)
        throw new Violation(
          'invalidParameter',
          `P-DATA-TF of ${length} bytes where at most ${this.#limits.pduLength} were agreed`,
        )
      this.#expectPdv()
      return
    }
    if (type < pduType.associateRq || type > pduType.abort)
      throw new Violation('unrecognizedPdu', `PDU of unknown type ${hex(type)}`)
    const associates = type === pduType.associateRq || type === pduType.associateAc
    if (associates ? length > this.#limits.associatePduBytes : length !== shortLength)
      throw new Violation('invalidParameter', `PDU of type ${hex(type)} and ${length} bytes`)
    this.#phase = 'body'
    this.#body = new Gather(length)
    if (length === 0) this.#endControl()
  }

  #endControl(): void {
    this.#phase = 'header'
    this.#sink.control(this.#type, this.#body.take())
  }

  /** At the end of a presentation data value, and at the beginning of a P-DATA-TF. */
  #expectPdv(): void {
    if (this.#pduLeft < pdvHeaderLength)
      throw new Violation(
        'invalidParameter',
        `P-DATA-TF with ${this.#pduLeft} bytes where a presentation data value must be`,
      )
    this.#phase = 'pdv-header'
  }

  #beginPdv(): void {
    const length = this.#takeLength(0)
    this.#contextId = this.#head[4]!
    this.#control = this.#head[5]!
    // Its length counts the context id and the control header, but not itself (PS3.8 §9.3.5.1).
    if (length < 2 || length + 4 > this.#pduLeft)
      throw new Violation(
        'invalidParameter',
        `presentation data value of ${length} bytes in a P-DATA-TF with ${this.#pduLeft} left`,
      )
    this.#pduLeft -= length + 4
    this.#pdvLeft = length - 2
    this.#phase = 'pdv'
    if (this.#pdvLeft === 0) this.#deliver(nothing)
  }

  #deliver(piece: Uint8Array): void {
    const ends = this.#pdvLeft === 0
    if (ends) {
      if (this.#pduLeft === 0) this.#phase = 'header'
      else this.#expectPdv()
    }
    this.#sink.fragment(
      this.#contextId,
      (this.#control & 1) === 1,
      (this.#control & 2) === 2,
      piece,
      ends,
    )
  }
}

const nothing = new Uint8Array(0)

function hex(type: number): string {
  return `${type.toString(16).toUpperCase().padStart(2, '0')}H`
}
