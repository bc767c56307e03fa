import { faultOf } from '../../faults.ts'
import type { Instance } from '../../holdings/catalog/catalog.ts'
import type { Bytes } from '../../holdings/storage/storage.ts'
import {
  explicitLittleEndian,
  implementation,
  transferSyntaxes,
  writeFileMeta,
} from '../../standard/dicom/dicom.ts'
import type { Desk } from './desk.ts'
import { Refusal } from './errors.ts'

/** Datasets from one transfer syntax to another. */
export interface Conversion {
  /** Whether datasets of one are, as a rule, converted to the other. */
  convertible(from: string, to: string): boolean
  /** Faults: `not-supported` and others for an image that cannot be converted after all. */
  transcode(dataset: Bytes, from: string, to: string): Bytes
}

/** Where nothing is converted: what is in a transfer syntax already is all that there is in it. */
export const noConversion: Conversion = {
  convertible: (from, to) => from === to,
  transcode: dataset => dataset,
}

/** What cannot be converted shows early as a rule; so much is held back until then. */
const heldBack = 16 * 1024 * 1024

/** Whether anything can be written in this transfer syntax at all. */
function isWritable({ conversion }: Desk, uid: string): boolean {
  return uid !== explicitLittleEndian
    ? conversion.convertible(explicitLittleEndian, uid)
    : conversion !== noConversion
}

/** What is no transfer syntax is refused, and so is one that nothing here can be written in. */
export function syntaxAsked(desk: Desk, uid: string | undefined): string | undefined {
  if (uid === undefined) return undefined
  if (!transferSyntaxes.has(uid)) {
    throw new Refusal('ParameterOutOfRange', `Unknown transfer syntax: ${uid}`)
  }
  if (!isWritable(desk, uid)) {
    throw new Refusal('NotImplemented', `Images are not converted to ${uid}`)
  }
  return uid
}

/**
 * The Part 10 file of an instance in another transfer syntax, or as it is stored when it cannot be
 * converted; as it is stored, too, without `to`.
 */
export async function convertedFile(
  desk: Desk,
  instance: Instance,
  to: string | undefined,
): Promise<{ syntax: string; file: Bytes }> {
  const from = instance.transferSyntaxUid
  const stored = { syntax: from, file: desk.archive.open(instance.id) }
  if (to === undefined || to === from || !desk.conversion.convertible(from, to)) return stored
  const source = desk.archive.open(instance.id, {
    from: instance.datasetOffset,
    to: instance.bytes,
  })
  const chunks = desk.conversion.transcode(source, from, to)[Symbol.asyncIterator]()
  const meta = writeFileMeta({
    sopClassUid: instance.sopClassUid,
    sopInstanceUid: instance.sopInstanceUid,
    transferSyntaxUid: to,
    implementationClassUid: implementation.classUid,
    implementationVersionName: implementation.versionName,
  })
  const first: Uint8Array[] = [meta]
  let whole = false
  try {
    for (let held = 0; held < heldBack && !whole; ) {
      const { value, done } = await chunks.next()
      if (done) whole = true
      else {
        first.push(value)
        held += value.length
      }
    }
  } catch (error) {
    const { code, detail, advice } = faultOf(error)
    if (code === 'stopping' || code === 'not-found') throw error
    desk.log.warn('not-converted', { instance: instance.id, fault: code, detail, advice })
    return stored
  }
  const file = (async function* () {
    try {
      yield* first.splice(0)
      while (!whole) {
        const { value, done } = await chunks.next()
        if (done) whole = true
        else yield value
      }
    } finally {
      if (!whole) await chunks.return?.()
    }
  })()
  return { syntax: to, file }
}
