import type { ServerResponse } from 'node:http'

/**
 * An answer whose bytes come from `bytes` at the caller's pace; when the caller goes away, the
 * iteration is ended (its `return` is called). The first chunk is waited for, so that what fails at
 * once throws here and gets an honest status. What fails later cannot be told in HTTP any more: the
 * connection is cut, so that no caller takes a part for the whole, and `failed` is told why.
 */
export async function streamed(
  bytes: AsyncIterable<Uint8Array>,
  answer: { status?: number; headers: Record<string, string> },
  on: { outgoing?: ServerResponse | undefined; failed: (error: unknown) => void },
): Promise<Response> {
  const chunks = bytes[Symbol.asyncIterator]()
  let first: IteratorResult<Uint8Array> | undefined = await chunks.next()
  // Once the caller is gone, what a chunk on its way still does is nobody's failure.
  let gone = false
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const next = first ?? (await chunks.next())
          first = undefined
          if (gone) return
          if (next.done) controller.close()
          else controller.enqueue(next.value)
        } catch (error) {
          if (gone) return
          on.failed(error)
          if (on.outgoing) on.outgoing.destroy()
          else controller.error(error)
        }
      },
      async cancel() {
        gone = true
        await chunks.return?.()
      },
    },
    // Nothing is read ahead of what the socket has taken.
    { highWaterMark: 0 },
  )
  return new Response(body, { status: answer.status ?? 200, headers: answer.headers })
}
