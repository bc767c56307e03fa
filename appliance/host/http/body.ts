import type { IncomingMessage } from 'node:http'
import { Fault } from '../../faults.ts'

/**
 * The body of a request as a stream of bytes, at the pace at which it is consumed, never whole in
 * memory. On a socket it is read past the Web Streams that wrap it, which would copy every chunk.
 * Faults while reading: `too-large` behind `limit` bytes, `peer-aborted` when the caller goes away.
 */
export async function* bodyOf(
  request: Request,
  incoming: IncomingMessage | undefined,
  limit: number,
): AsyncGenerator<Uint8Array> {
  const announced = Number(request.headers.get('content-length') ?? 0)
  if (announced > limit) throw tooLarge(limit)
  // The socket outlives the iteration: the answer to a body not read to its end goes out on it.
  const source: AsyncIterable<Uint8Array> | null = incoming
    ? incoming.iterator({ destroyOnReturn: false })
    : request.body
  if (!source) return
  let taken = 0
  const chunks = source[Symbol.asyncIterator]()
  try {
    for (;;) {
      const next = await chunks.next().catch((error: unknown) => {
        throw new Fault('peer-aborted', 'the caller broke off while sending', { cause: error })
      })
      if (next.done) return
      taken += next.value.byteLength
      if (taken > limit) throw tooLarge(limit)
      yield next.value
    }
  } finally {
    await chunks.return?.().catch(() => undefined)
  }
}

/** A body that is small by its nature, whole. Faults as in `bodyOf`. */
export async function bytesOf(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of bytes) chunks.push(chunk)
  return Buffer.concat(chunks)
}

const tooLarge = (limit: number) => new Fault('too-large', `at most ${limit} bytes are taken`)
