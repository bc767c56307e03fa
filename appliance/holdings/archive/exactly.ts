import { Fault } from '../../faults.ts'
import type { Bytes } from '../storage/storage.ts'

/** Bytes as they come, which must be so many: a blob that lost its end is no shorter image. */
export function exactly(bytes: Bytes, expected: number): Bytes {
  return {
    [Symbol.asyncIterator]() {
      const reader = bytes[Symbol.asyncIterator]()
      let length = 0
      return {
        async next() {
          const step = await reader.next()
          if (!step.done) length += step.value.length
          else if (length < expected)
            throw new Fault('damaged', `it lacks its last ${expected - length} bytes`)
          return step
        },
        async return() {
          await reader.return?.()
          return { done: true, value: undefined }
        },
      }
    },
  }
}
