import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Megabytes of this process that something still refers to: objects, and bytes outside the heap. */
export async function memoryInUse(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    // What a socket or a timer of the last turn holds is let go in the next.
    await new Promise(resolve => setTimeout(resolve, 10))
    collect()
  }
  const { heapUsed, external } = process.memoryUsage()
  return (heapUsed + external) / 2 ** 20
}
