import { randomBytes } from 'node:crypto'
import type { Bytes } from '../../../holdings/storage/storage.ts'
import { type Reading, readAhead } from '../../nodes/nodes.ts'
import type { Parcel, Receipt } from './destination.ts'
import { lost } from './lost.ts'

/** How much goes into one request. */
export interface Measure {
  instances: number
  bytes: number
  /** After so long no further instance begins, so that on a slow line answers come all the same. */
  seconds: number
}

/** Parcels that share a request, and how far each of them came. */
export interface Batch {
  contentType: string
  /** Absent: not known before all is sent. Known only of a batch of one. */
  contentLength?: number
  /** The body; may be asked for anew, and then begins again. Gives nothing when no file can be read. */
  body(): Bytes
  /** Given out to the last byte. */
  sent(): readonly Parcel[]
  /** Begun, and not given out to the last byte. */
  underWay(): Parcel | undefined
  /** Whose own files failed. */
  lost(): readonly Receipt[]
}

/**
 * A multipart/related body of Part 10 files, PS3.18 §8.6.1.2.3 and RFC 2387, read while it is sent:
 * in memory are two chunks of one file and the first of the next. `measure`, `enough` and `stop` end it
 * in order after an instance. A file that fails in its middle breaks the body off.
 */
export function createBatch(
  parcels: readonly Parcel[],
  measure: Measure,
  around: { stop: AbortSignal; enough: () => boolean; elapsed: () => number },
): Batch {
  const boundary = `waystation-${randomBytes(12).toString('hex')}`
  const head = Buffer.from(`--${boundary}\r\nContent-Type: application/dicom\r\n\r\n`)
  const between = Buffer.from('\r\n')
  const last = Buffer.from(`--${boundary}--\r\n`)
  const gone = new Map<string, Receipt>()
  let sent: Parcel[] = []
  let underWay: Parcel | undefined

  async function* body(): AsyncGenerator<Uint8Array> {
    sent = []
    underWay = undefined
    const begun = around.elapsed()
    let bytes = 0
    const isFull = () =>
      sent.length >= measure.instances ||
      (sent.length > 0 && around.enough()) ||
      bytes >= measure.bytes ||
      around.elapsed() - begun >= measure.seconds * 1000
    const left = parcels.filter(each => !gone.has(each.instance.id))
    let ahead: Promise<Reading> | undefined
    let file: Reading | undefined
    try {
      for (const [at, parcel] of left.entries()) {
        if (around.stop.aborted || isFull()) break
        file = await (ahead ?? readAhead(parcel.file))
        const following = sent.length + 1 < measure.instances ? left[at + 1] : undefined
        ahead = following && readAhead(following.file)
        const { id } = parcel.instance
        const fault = file.fault() ?? parcel.calledOff?.()
        if (fault) {
          await file.close()
          gone.set(id, lost(id, fault))
          continue
        }
        underWay = parcel
        yield head
        try {
          yield* file.bytes
        } catch (error) {
          const broken = file.fault()
          if (broken) gone.set(id, lost(id, broken))
          throw error
        }
        yield between
        await file.close()
        sent.push(parcel)
        underWay = undefined
        bytes += parcel.instance.bytes
      }
      if (sent.length > 0) yield last
    } finally {
      await file?.close()
      await ahead?.then(each => each.close())
    }
  }

  const [only] = parcels
  return {
    contentType: `multipart/related; type="application/dicom"; boundary=${boundary}`,
    ...(parcels.length === 1 && only
      ? { contentLength: head.length + only.instance.bytes + between.length + last.length }
      : {}),
    body,
    sent: () => sent,
    underWay: () => underWay,
    lost: () => [...gone.values()],
  }
}
