import { Worker } from 'node:worker_threads'
import { Fault } from '../../faults.ts'
import type { Derivation } from './derivation.ts'
import { derivable } from './derive.ts'
import { convertible, transcode } from './transcode.ts'
import type { FromWorker, Order, ToWorker } from './worker.ts'

type Bytes = AsyncIterable<Uint8Array>

export interface Transcoder {
  /**
   * A dataset in another transfer syntax, chunk by chunk, no faster than it is read; begun by the
   * first reading. Faults: `not-supported` (see `convertible`, and images that no codec here takes),
   * `dataset-malformed`, `dataset-truncated`, `too-large` (in memory or time), those of `dataset`.
   */
  transcode(dataset: Bytes, from: string, to: string): Bytes
  /**
   * Another image, in a transfer syntax with loss, of the dataset that `open` opens, twice. Faults as
   * above, those of the dataset before the first chunk (see `derivable`).
   */
  derive(open: () => Bytes, from: string, to: string, derivation: Derivation): Bytes
  /** Ends the threads; what is under way ends with the fault `stopping`. */
  close(): Promise<void>
}

export interface TranscoderOptions {
  /** Datasets converted at once; others wait. */
  threads?: number
  /** How long one step, such as decoding a frame, may take, in milliseconds. */
  patience?: number
  /** After how long without work a thread ends and gives back its memory, in milliseconds. */
  rest?: number
}

/** Of JavaScript's heap in one thread, in MB; frames lie outside it and are limited one by one. */
const heapLimit = 128

/** Converts in threads of their own, so that a broken or huge image holds up nobody else. */
export function createTranscoder(options: TranscoderOptions = {}): Transcoder {
  const { threads = 3, patience = 60_000, rest = 60_000 } = options
  const idle: { worker: Worker; sleep: NodeJS.Timeout }[] = []
  const busy = new Set<Worker>()
  const queue: (() => void)[] = []
  let closed = false

  async function lease(): Promise<Worker> {
    while (busy.size >= threads && !closed)
      await new Promise<void>(resolve => {
        queue.push(resolve)
      })
    if (closed) throw new Fault('stopping', 'the transcoder is being closed')
    const rested = idle.pop()
    if (rested) clearTimeout(rested.sleep)
    const worker = rested?.worker ?? start()
    busy.add(worker)
    return worker
  }

  function start(): Worker {
    const worker = new Worker(new URL('worker.ts', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: heapLimit },
    })
    // Whoever waits for it keeps the program alive, not the thread.
    worker.unref()
    worker.on('error', () => {})
    return worker
  }

  function giveBack(worker: Worker, sound: boolean): void {
    busy.delete(worker)
    worker.removeAllListeners('message')
    if (sound && !closed) {
      const sleep = setTimeout(() => {
        idle.splice(idle.indexOf(entry), 1)
        void worker.terminate()
      }, rest)
      sleep.unref()
      const entry = { worker, sleep }
      idle.push(entry)
    } else void worker.terminate()
    queue.shift()?.()
  }

  async function* convert(open: () => Bytes, order: Order): AsyncGenerator<Uint8Array> {
    const worker = await lease()
    let source = open()[Symbol.asyncIterator]()
    const tell = (message: ToWorker, transfer: ArrayBuffer[] = []) =>
      worker.postMessage(message, transfer)
    const told = listen(worker, patience)
    let sound = false
    try {
      tell(order)
      for (;;) {
        const message = await told.next()
        if (message === 'done') {
          sound = true
          return
        }
        if (message === 'again') {
          await source.return?.()
          source = open()[Symbol.asyncIterator]()
        } else if (message === 'wanting') {
          const { value, done } = await source.next()
          const chunk = done ? undefined : new Uint8Array(value)
          tell({ chunk }, chunk ? [chunk.buffer] : [])
        } else if ('chunk' in message) {
          yield message.chunk
          tell('taken')
        } else {
          sound = message.sound
          throw new Fault(message.code, message.detail)
        }
      }
    } finally {
      told.end()
      giveBack(worker, sound)
      await source.return?.()
    }
  }

  return {
    transcode(dataset, from, to) {
      return convertible(from, to) && from !== to
        ? convert(() => dataset, { from, to })
        : transcode(dataset, from, to)
    },
    async *derive(open, from, to, derivation) {
      if (!derivable(from, to)) throw new Fault('not-supported', `from ${from} to ${to} with loss`)
      yield* convert(open, { from, to, derivation })
    },
    async close() {
      closed = true
      for (const resume of queue.splice(0)) resume()
      const all = [...idle.map(({ worker }) => worker), ...busy]
      for (const { sleep } of idle.splice(0)) clearTimeout(sleep)
      await Promise.all(all.map(worker => worker.terminate()))
    },
  }
}

/** What a thread tells, in order; it has `patience` milliseconds each time it is waited for. */
function listen(worker: Worker, patience: number) {
  const messages: FromWorker[] = []
  let heard = Promise.withResolvers<void>()
  let over: Fault | undefined
  const onMessage = (message: FromWorker) => {
    messages.push(message)
    heard.resolve()
  }
  const onError = (error: NodeJS.ErrnoException) => {
    const full = error.code === 'ERR_WORKER_OUT_OF_MEMORY'
    over ??= full
      ? new Fault('too-large', 'the dataset needs more memory than there is for converting')
      : new Fault('internal', 'the thread that converts broke off', { cause: error })
    heard.resolve()
  }
  const onExit = () => {
    over ??= new Fault('stopping', 'the transcoder is being closed')
    heard.resolve()
  }
  worker.on('message', onMessage)
  worker.on('error', onError)
  worker.on('exit', onExit)
  return {
    async next(): Promise<FromWorker> {
      if (messages.length === 0 && !over) {
        heard = Promise.withResolvers()
        const timer = setTimeout(() => {
          over ??= new Fault('too-large', `converting took longer than ${patience} ms`)
          heard.resolve()
        }, patience)
        await heard.promise
        clearTimeout(timer)
      }
      const message = messages.shift()
      if (message) return message
      throw over!
    },
    end() {
      worker.off('message', onMessage)
      worker.off('error', onError)
      worker.off('exit', onExit)
    },
  }
}
