/**
 * The thread in which datasets are converted, one at a time: chunks come when they are asked for,
 * and converted ones go out as they are taken. It ends after a fault, since a decoder that broke off
 * may hold memory that nobody frees.
 */
import { parentPort } from 'node:worker_threads'
import { faultOf } from '../../faults.ts'
import { transcode } from './transcode.ts'

/** What the thread is told. A chunk of nothing is the end of the dataset. */
export type ToWorker = { from: string; to: string } | { chunk: Uint8Array | undefined } | 'taken'

/** What it tells. */
export type FromWorker =
  | 'wanting'
  | { chunk: Uint8Array<ArrayBuffer> }
  | 'done'
  | { code: ReturnType<typeof faultOf>['code']; detail: string }

const port = parentPort!
/** Chunks that nobody has taken yet. */
const ahead = 2

let arrived: PromiseWithResolvers<Uint8Array | undefined> | undefined
let taken = Promise.withResolvers<void>()
let waiting = 0

const tell = (message: FromWorker, transfer: ArrayBuffer[] = []) =>
  port.postMessage(message, transfer)

async function* dataset(): AsyncGenerator<Uint8Array> {
  for (;;) {
    arrived = Promise.withResolvers()
    tell('wanting')
    const chunk = await arrived.promise
    if (!chunk) return
    yield chunk
  }
}

async function convert(from: string, to: string): Promise<void> {
  waiting = 0
  try {
    for await (const chunk of transcode(dataset(), from, to)) {
      if (chunk.length === 0) continue
      const own = new Uint8Array(chunk)
      tell({ chunk: own }, [own.buffer])
      waiting++
      while (waiting > ahead) {
        taken = Promise.withResolvers()
        await taken.promise
      }
    }
    tell('done')
  } catch (thrown) {
    const { code, detail } = faultOf(thrown)
    tell({ code, detail })
    port.close()
  }
}

port.on('message', (message: ToWorker) => {
  if (message === 'taken') {
    waiting--
    taken.resolve()
  } else if ('from' in message) void convert(message.from, message.to)
  else arrived?.resolve(message.chunk)
})
