import { type Fault, faultOf } from '../../../faults.ts'
import type { Bytes } from '../../../holdings/storage/storage.ts'
import { type Receipt, whyOf } from './destination.ts'

/** One of our own files on its way out. */
export interface Reading {
  /** Each chunk while the next is already being read. */
  bytes: Bytes
  /** What went wrong on our side so far: never a fault of the wire. */
  fault(): Fault | undefined
  /** Lets go of the file; may be called at any time. */
  close(): Promise<void>
}

/**
 * Bytes with their first chunk already read, so that a file which cannot be opened is known before
 * its message begins. Held in memory are two chunks.
 */
export async function readAhead(source: Bytes): Promise<Reading> {
  const reader = source[Symbol.asyncIterator]()
  let fault: Fault | undefined
  const next = () =>
    reader.next().catch((error: unknown) => {
      fault = faultOf(error)
      throw fault
    })
  const first = await next().catch(() => undefined)
  return {
    bytes: (async function* () {
      for (let step = first; step && !step.done; ) {
        const following = next()
        // Whoever leaves at this chunk is not told of the one after it.
        following.catch(() => {})
        yield step.value
        step = await following
      }
    })(),
    fault: () => fault,
    async close() {
      await reader.return?.()
    },
  }
}

/** What becomes of a parcel whose own file gave this fault. */
export function lost(instance: string, fault: Fault): Receipt {
  const why = whyOf(fault)
  if (fault.code === 'not-found') return { instance, outcome: 'gone', why }
  return { instance, outcome: fault.again ? 'again' : 'declined', why }
}
