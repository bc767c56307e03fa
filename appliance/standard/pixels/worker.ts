/**
 * The thread in which datasets are converted, one at a time: chunks come when they are asked for,
 * and converted ones go out as they are taken. It ends when a codec broke off, which may then hold
 * memory that nobody frees; an image that no codec was given leaves it as it was.
 */
import { parentPort } from 'node:worker_threads'
import { faultOf } from '../../faults.ts'
import { brokeOff } from './decode.ts'
import type { Derivation } from './derivation.ts'
import { derive } from './derive.ts'
import { transcode } from './transcode.ts'

/** What the thread is to make of a dataset: the same in `to`, or a derived image. */
export interface Order {
  from: string
  to: string
  derivation?: Derivation
}

/** What the thread is told. A chunk of nothing is the end of the dataset. */
export type ToWorker = Order | { chunk: Uint8Array | undefined } | 'taken'

/** What it tells; `again` that it reads the dataset once more, from the beginning. */
export type FromWorker =
  | 'wanting'
  | 'again'
  | { chunk: Uint8Array<ArrayBuffer> }
  | 'done'
  | { code: ReturnType<typeof faultOf>['code']; detail: string; sound: boolean }

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

function made({ from, to, derivation }: Order): AsyncIterable<Uint8Array> {
  if (!derivation) return transcode(dataset(), from, to)
  let times = 0
  const open = () => {
    if (times++ > 0) tell('again')
    return dataset()
  }
  return derive(open, from, to, derivation)
}

async function convert(order: Order): Promise<void> {
  waiting = 0
  try {
    for await (const chunk of made(order)) {
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
    const sound = !brokeOff()
    tell({ code, detail, sound })
    if (!sound) port.close()
  }
}

port.on('message', (message: ToWorker) => {
  if (message === 'taken') {
    waiting--
    taken.resolve()
  } else if ('from' in message) void convert(message)
  else arrived?.resolve(message.chunk)
})
