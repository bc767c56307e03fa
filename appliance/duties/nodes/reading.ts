import { type Fault, faultOf } from '../../faults.ts'

type Bytes = AsyncIterable<Uint8Array>

/** An image of ours on its way out. */
export interface Reading {
  /** To be read once: each chunk while the next is already being read. */
  bytes: Bytes
  /** All of it, when it was read in one chunk ahead; then there is nothing left to be read. */
  whole?: Uint8Array
  /** What went wrong on our side so far: never a fault of the wire. */
  fault(): Fault | undefined
  /** Whether any of it was given away. */
  begun(): boolean
  /** Lets go of the file; may be called at any time. */
  close(): Promise<void>
}

/**
 * Bytes of which the first chunk, and more until `ahead` bytes are there, are read when it resolves,
 * so that what cannot be opened or is broken so early is known before its message begins. Beyond
 * that two chunks are held.
 */
export async function readAhead(open: () => Bytes, ahead = 0): Promise<Reading> {
  let reader: AsyncIterator<Uint8Array> | undefined
  let fault: Fault | undefined
  let begun = false
  const next = async () => {
    try {
      reader ??= open()[Symbol.asyncIterator]()
      return await reader.next()
    } catch (thrown) {
      fault = faultOf(thrown)
      throw fault
    }
  }
  const held: Uint8Array[] = []
  let step = await next().catch(() => undefined)
  for (let read = 0; step && !step.done; step = await next().catch(() => undefined)) {
    read += step.value.length
    if (read >= ahead) break
    held.push(step.value)
  }
  const isWhole = step?.done === true && held.length === 1
  return {
    ...(isWhole && { whole: held[0]! }),
    bytes: (async function* () {
      begun = true
      for (let chunk = held.shift(); chunk; chunk = held.shift()) yield chunk
      while (step && !step.done) {
        const following = next()
        // Whoever leaves at this chunk is not told of the one after it.
        following.catch(() => {})
        yield step.value
        step = await following
      }
    })(),
    fault: () => fault,
    begun: () => begun,
    close: async () => void (await reader?.return?.()),
  }
}
