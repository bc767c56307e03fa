import type { Blobs, Bytes } from '../storage/storage.ts'

/**
 * Told, of each blob, how many milliseconds storage took: to make it durable after its last byte was
 * given, to give its first bytes (all of a small image), to remove it. What the sender, the reader and
 * the line take is not in it, and no chunk but the first costs anything.
 */
export type Took = (work: 'create' | 'read' | 'remove', milliseconds: number) => void

/** The blobs, with what is read and removed timed; what is written only its receiver can time. */
export function timed<Kept extends Blobs>(blobs: Kept, elapsed: () => number, took: Took): Kept {
  return {
    ...blobs,
    read: (key, range, into) =>
      firstTimed(blobs.read(key, range, into), () => {
        const begun = elapsed()
        return () => took('read', elapsed() - begun)
      }),
    async remove(key) {
      const begun = elapsed()
      await blobs.remove(key)
      took('remove', elapsed() - begun)
    },
  }
}

function firstTimed(bytes: Bytes, begin: () => () => void): Bytes {
  return {
    [Symbol.asyncIterator]() {
      const reader = bytes[Symbol.asyncIterator]()
      let isFirst = true
      return {
        next() {
          if (!isFirst) return reader.next()
          isFirst = false
          const end = begin()
          return reader.next().then(step => {
            end()
            return step
          })
        },
        async return() {
          await reader.return?.()
          return { done: true, value: undefined }
        },
      }
    },
  }
}
