import { Fault } from '../../faults.ts'
import type { Abort, AssociateRj } from './pdu.ts'
import type { Violation } from './violation.ts'

/** What this end waited for in vain. `idle`: anything at all; `trickle`: enough of a message. */
export type Wait = 'artim' | 'answer' | 'idle' | 'trickle' | 'response' | 'writeStall'

/** How an association ended; one of them, once. */
export type Ending =
  | { how: 'released' }
  | { how: 'rejected'; by: 'us' | 'peer'; rj: AssociateRj; sentence?: string }
  | { how: 'aborted'; abort: Abort }
  /** With the abort that was sent, where DICOM was spoken at all. */
  | { how: 'broken'; violation: Violation; abort?: Abort }
  | { how: 'disconnected'; error?: Error }
  | { how: 'timed-out'; wait: Wait }
  | { how: 'given-up'; fault: Fault }

/** What an ending means for a request that was under way. */
export function faultOfEnding(ending: Ending): Fault {
  switch (ending.how) {
    case 'released':
      return new Fault('peer-aborted', 'the association was released')
    case 'rejected':
      return new Fault('peer-refused', ending.sentence ?? 'the association was rejected')
    case 'aborted':
      return new Fault(
        'peer-aborted',
        `A-ABORT by the other end, source ${ending.abort.source}, reason ${ending.abort.reason}`,
      )
    case 'broken':
      return ending.violation
    case 'disconnected':
      return new Fault(
        'peer-aborted',
        ending.error?.message ?? 'the other end closed the connection',
        { cause: ending.error },
      )
    case 'timed-out':
      return new Fault('peer-timeout', waits[ending.wait])
    case 'given-up':
      return ending.fault
  }
}

export const waits: Record<Wait, string> = {
  artim: 'nothing came that begins or ends an association',
  answer: 'no answer to the association or release request',
  idle: 'the other end fell silent',
  trickle: 'its data came more slowly than is allowed',
  response: 'no answer to a request',
  writeStall: 'the other end takes no more data',
}
