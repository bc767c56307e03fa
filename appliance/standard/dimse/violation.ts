import { Fault } from '../../faults.ts'
import { abortReason } from './vocabulary.ts'

/**
 * The other end broke the protocol. Thrown while its bytes are read and answered by an A-ABORT with
 * this reason (PS3.8 table 9-26) from the service provider.
 */
export class Violation extends Fault {
  readonly reason: number

  constructor(reason: keyof typeof abortReason, detail: string) {
    super('protocol-broken', detail)
    this.reason = abortReason[reason]
  }
}
