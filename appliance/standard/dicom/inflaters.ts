import { constants, createGunzip, createInflateRaw, type InflateRaw } from 'node:zlib'

/**
 * Inflaters that are used again. One made for each file that comes leaves its buffer to the garbage
 * collector, which takes it far too late: 18,000 small files left 90 MB of them behind, now 8.
 */

/** How deflated data are wrapped: bare (RFC 1951), or with head and sum (RFC 1952). */
export type Wrapping = 'raw' | 'gzip'

/** One stream of deflated data at a time; its calls follow one another. Errors are those of zlib. */
export interface Inflater {
  /** What becomes of the next bytes. What stands behind the end of the data is not used. */
  inflated(chunk: Uint8Array): AsyncGenerator<Uint8Array>
  /** Of the bytes given, how many the data went on for. */
  used(): number
  /** Whether bytes came that stand behind the end of the data. */
  isOver(): boolean
  /** That the data had their end: an error (`Z_BUF_ERROR`) when they had not. */
  finish(): Promise<void>
  /** Done with it, at the end or before: it waits for the next stream. To be called once. */
  giveBack(): void
}

/** So many of a kind wait for their next use; each has about 100 KB. */
const mostResting = 8
const chunkSize = 64 * 1024
/** So much is inflated before anybody may say that it is too much; it may grow a thousandfold. */
const sliceSize = 16 * 1024

const resting: Record<Wrapping, Engine[]> = { raw: [], gzip: [] }

export function takeInflater(wrapping: Wrapping): Inflater {
  const engine = resting[wrapping].pop() ?? createEngine(wrapping)
  const before = engine.used()
  let isLent = true
  return {
    async *inflated(chunk) {
      for (let at = 0; at < chunk.length && !engine.isOver(); at += sliceSize) {
        yield* await engine.inflate(chunk.subarray(at, at + sliceSize))
      }
    },
    used: () => engine.used() - before,
    isOver: engine.isOver,
    finish: engine.finish,
    giveBack() {
      if (!isLent) return
      isLent = false
      if (resting[wrapping].length < mostResting && engine.reset()) resting[wrapping].push(engine)
      else engine.close()
    },
  }
}

type Engine = ReturnType<typeof createEngine>

function createEngine(wrapping: Wrapping) {
  const create = wrapping === 'raw' ? createInflateRaw : createGunzip
  // Node's types leave out that what unpacks gzip can be reset as well.
  const zlib = create({ chunkSize }) as InflateRaw
  let ready: Uint8Array[] = []
  let isOver = false
  // A stream that had its end is never used again. So what it pushes is taken here, past its own
  // queue, and with it the mark of the end, which stands for bytes left over.
  zlib.push = (chunk: Uint8Array | null) => {
    if (chunk === null) isOver = true
    else ready.push(chunk)
    return true
  }
  let underWay: { reject(error: Error): void } | undefined
  let failure: Error | undefined
  zlib.on('error', error => {
    failure = error
    underWay?.reject(error)
  })
  async function done(begin: (over: () => void) => void): Promise<void> {
    if (failure) throw failure
    await new Promise<void>((resolve, reject) => {
      underWay = { reject }
      begin(resolve)
    })
    underWay = undefined
  }
  return {
    async inflate(chunk: Uint8Array): Promise<Uint8Array[]> {
      await done(over => zlib.write(chunk, over))
      const taken = ready
      ready = []
      return taken
    },
    async finish(): Promise<void> {
      if (!isOver) await done(over => zlib.flush(constants.Z_FINISH, over))
    },
    used: () => zlib.bytesWritten,
    isOver: () => isOver,
    /** Ready for another stream; false when it never will be. */
    reset(): boolean {
      if (failure || underWay) return false
      zlib.reset()
      ready = []
      isOver = false
      return true
    },
    close: () => zlib.destroy(),
  }
}
