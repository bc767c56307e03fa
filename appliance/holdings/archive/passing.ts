import { createHash, hash as digestOf } from 'node:crypto'
import { Fault } from '../../faults.ts'
import { DatasetWalker, readFileMeta, type Walked } from '../../standard/dicom/dicom.ts'
import type { Bytes } from '../storage/storage.ts'

/** What was learnt of a file while its bytes passed by. */
export interface Passed {
  transferSyntaxUid: string
  bytes: number
  datasetOffset: number
  metaDigest: string
  datasetDigest: string
  walked: Walked
}

/**
 * Lets a Part 10 file pass by unchanged, hashing and walking over it; at its end `after` may add
 * bytes of its own, and `arrived` may break it off. The dataset is neither changed nor held. Faults: `not-dicom`,
 * `dataset-truncated`, `dataset-malformed`, and those of `after` and `arrived`.
 */
export async function* passing(
  file: Bytes,
  after: (passed: Passed) => AsyncIterable<Uint8Array>,
  arrived?: (bytes: number) => void,
): Bytes {
  let prefix: Uint8Array = new Uint8Array()
  let pass: Pass | undefined
  for await (const chunk of file) {
    if (pass) {
      yield chunk
      const pushed = pass.push(chunk)
      if (pushed) await pushed
      continue
    }
    prefix = prefix.length === 0 ? chunk : Buffer.concat([prefix, chunk])
    const meta = readFileMeta(prefix)
    if (meta === 'more') continue
    pass = beginPass(prefix.subarray(0, meta.datasetOffset), meta.transferSyntaxUid, arrived)
    yield prefix
    await pass.push(prefix.subarray(meta.datasetOffset))
  }
  if (!pass) throw new Fault('not-dicom', 'the data ends before a dataset begins')
  yield* after(await pass.end())
}

/** The same for a dataset as it comes over the wire, with the head of its file put before it. */
export async function* passingDataset(
  head: Uint8Array,
  transferSyntaxUid: string,
  dataset: Bytes,
  after: (passed: Passed) => AsyncIterable<Uint8Array>,
  arrived?: (bytes: number) => void,
): Bytes {
  const pass = beginPass(head, transferSyntaxUid, arrived)
  yield head
  for await (const chunk of dataset) {
    yield chunk
    const pushed = pass.push(chunk)
    if (pushed) await pushed
  }
  yield* after(await pass.end())
}

interface Pass {
  push(chunk: Uint8Array): Promise<void> | undefined
  end(): Promise<Passed>
}

function beginPass(
  head: Uint8Array,
  transferSyntaxUid: string,
  arrived: ((bytes: number) => void) | undefined,
): Pass {
  const walker = new DatasetWalker(transferSyntaxUid)
  const hash = createHash('sha256')
  let bytes = head.length
  arrived?.(head.length)
  return {
    push(chunk) {
      arrived?.(chunk.length)
      bytes += chunk.length
      hash.update(chunk)
      return walker.push(chunk)
    },
    async end() {
      const walked = await walker.end()
      return {
        transferSyntaxUid,
        bytes,
        datasetOffset: head.length,
        metaDigest: digestOf('sha256', head, 'hex'),
        datasetDigest: hash.digest('hex'),
        walked,
      }
    },
  }
}
