import { pduType } from './vocabulary.ts'

const pduHeaderLength = 6
const pdvHeaderLength = 6

/** What we put into one P-DATA-TF when the other end takes any length, or very much. */
const longestPdu = 262_144

/** How much of a dataset or command goes into one PDU; even, as every fragment but none must be. */
function roomOf(maxPduLength: number): number {
  const length = maxPduLength === 0 ? longestPdu : Math.min(maxPduLength, longestPdu)
  return (length - pdvHeaderLength) & ~1
}

/** The shorter of what the other end takes and what we want to send; 0 is any length. */
export function shorter(taken: number, wanted: number | undefined): number {
  if (wanted === undefined) return taken
  const own = Math.max(Math.floor(wanted), shortestPduLength)
  return taken === 0 ? own : Math.min(taken, own)
}

/** The shortest maximum length that leaves room for two bytes of data. */
export const shortestPduLength = pdvHeaderLength + 2

/**
 * Cuts one command or dataset into P-DATA-TFs of one value each, at most as long as the other end
 * takes (PS3.8 §9.3.5, Annex E). Bytes are not copied: a PDU is a header and views of what was given.
 */
export class Fragmenter {
  readonly #contextId: number
  readonly #command: boolean
  readonly #room: number
  #views: Uint8Array[] = []
  #held = 0

  constructor(contextId: number, kind: 'command' | 'dataset', maxPduLength: number) {
    this.#contextId = contextId
    this.#command = kind === 'command'
    this.#room = roomOf(maxPduLength)
  }

  /** Appends to `out` the PDUs that became full; what may be the last is kept. */
  add(bytes: Uint8Array, out: Uint8Array[]): void {
    let at = 0
    while (this.#held + bytes.length - at > this.#room) {
      const end = at + this.#room - this.#held
      if (end > at) this.#views.push(bytes.subarray(at, end))
      this.#held = this.#room
      at = end
      this.#emit(false, out)
    }
    if (at < bytes.length) {
      this.#views.push(at === 0 ? bytes : bytes.subarray(at))
      this.#held += bytes.length - at
    }
  }

  /** Appends the last PDU; of nothing at all it is one without bytes. */
  end(out: Uint8Array[]): void {
    this.#emit(true, out)
  }

  #emit(last: boolean, out: Uint8Array[]): void {
    const header = Buffer.allocUnsafe(pduHeaderLength + pdvHeaderLength)
    header[0] = pduType.pDataTf
    header[1] = 0
    header.writeUInt32BE(this.#held + pdvHeaderLength, 2)
    header.writeUInt32BE(this.#held + 2, 6)
    header[10] = this.#contextId
    header[11] = (this.#command ? 1 : 0) | (last ? 2 : 0)
    out.push(header, ...this.#views)
    this.#views = []
    this.#held = 0
  }
}

/**
 * A deflated dataset of odd length with the NUL behind it that PS3.5 §A.5 asks for, and that files
 * sometimes lack; DCMTK aborts over a fragment of odd length.
 */
export async function* evened(data: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let odd = false
  for await (const chunk of data) {
    odd = odd !== (chunk.length % 2 === 1)
    yield chunk
  }
  if (odd) yield new Uint8Array(1)
}
