import { Fault } from '../../faults.ts'
import type { Association } from './association.ts'
import { type Command, encodeCommand } from './command.ts'
import { faultOfEnding } from './ending.ts'
import { Fragmenter } from './outflow.ts'
import { Turns } from './turns.ts'

/** Sends messages over one association, whole ones and streams, never one inside another. */
export class Sending {
  readonly #association: Association
  readonly #maxPduLength: () => number
  readonly #turns = new Turns()

  /** `maxPduLength`, 0 for any, is asked for with every message. */
  constructor(association: Association, maxPduLength: () => number) {
    this.#association = association
    this.#maxPduLength = maxPduLength
  }

  /** A whole message as one write; at once when nobody else is sending. */
  send(contextId: number, command: Command, dataset?: Uint8Array): Promise<void> | undefined {
    let pdus = this.#cut(contextId, 'command', encodeCommand(command))
    // A command alone is short: one buffer is written with less ado than its header and its views.
    if (!dataset) pdus = [Buffer.concat(pdus)]
    else pdus.push(...this.#cut(contextId, 'dataset', dataset))
    if (this.#turns.taken)
      return this.#turns.take().then(done => {
        this.#association.sendData(pdus)
        done()
      })
    this.#association.sendData(pdus)
    return undefined
  }

  /**
   * A whole message as one write; resolves when it is on its way and `dataset` is no longer looked
   * at. Throws when the association ends before.
   */
  async whole(contextId: number, command: Command, dataset: Uint8Array): Promise<void> {
    const association = this.#association
    const done = this.#turns.taken ? await this.#turns.take() : undefined
    try {
      const out = this.#cut(contextId, 'command', encodeCommand(command))
      out.push(...this.#cut(contextId, 'dataset', dataset))
      await association.sendWhole(out)
    } finally {
      done?.()
    }
  }

  /**
   * A message whose dataset comes chunk by chunk, read no faster than the other end takes it. The
   * command goes out with the first of them. When `data` throws before that, nothing was sent;
   * afterwards the association is given up, because a begun message cannot be taken back. Either
   * way the same error comes out.
   */
  async stream(
    contextId: number,
    command: Command,
    data: AsyncIterable<Uint8Array>,
  ): Promise<void> {
    const association = this.#association
    const done = await this.#turns.take()
    let begun = false
    try {
      let out = this.#cut(contextId, 'command', encodeCommand(command))
      const fragmenter = new Fragmenter(contextId, 'dataset', this.#maxPduLength())
      for await (const chunk of data) {
        if (association.ending) throw faultOfEnding(association.ending)
        fragmenter.add(chunk, out)
        if (out.length === 0) continue
        begun = true
        association.sendData(out)
        out = []
        if (association.congested) await association.drained()
      }
      if (association.ending) throw faultOfEnding(association.ending)
      fragmenter.end(out)
      association.sendData(out)
      if (association.congested) await association.drained()
    } catch (thrown) {
      if (begun) association.giveUp(new Fault('cancelled', 'the source of a dataset broke off'))
      throw thrown
    } finally {
      done()
    }
  }

  #cut(contextId: number, kind: 'command' | 'dataset', bytes: Uint8Array): Uint8Array[] {
    const out: Uint8Array[] = []
    const fragmenter = new Fragmenter(contextId, kind, this.#maxPduLength())
    fragmenter.add(bytes, out)
    fragmenter.end(out)
    return out
  }
}
