import type { Fault } from '../../../faults.ts'
import { type Receipt, whyOf } from './destination.ts'

/** What becomes of a parcel whose own file gave this fault. */
export function lost(instance: string, fault: Fault): Receipt {
  const why = whyOf(fault)
  if (fault.code === 'not-found') return { instance, outcome: 'gone', why }
  return { instance, outcome: fault.again ? 'again' : 'declined', why }
}
