import { hash } from 'node:crypto'
import { Fault, faultOf } from '../../faults.ts'
import type { Instance } from '../../holdings/catalog/catalog.ts'
import type { Bytes } from '../../holdings/storage/storage.ts'
import {
  explicitLittleEndian,
  generateUid,
  implementation,
  transferSyntaxes,
  writeFileMeta,
} from '../../standard/dicom/dicom.ts'
import type { Derivation } from '../../standard/pixels/pixels.ts'
import type { Desk } from './desk.ts'
import { Refusal } from './errors.ts'

/** Datasets from one transfer syntax to another, as they are or as other images with loss. */
export interface Conversion {
  /** Whether datasets of one are, as a rule, converted to the other. */
  convertible(from: string, to: string): boolean
  /** Faults: `not-supported` and others for an image that cannot be converted after all. */
  transcode(dataset: Bytes, from: string, to: string): Bytes
  /** Whether images of one are, as a rule, written in the other with loss. */
  derivable(from: string, to: string): boolean
  /** Faults as those of `transcode`, before the first chunk. */
  derive(open: () => Bytes, from: string, to: string, derivation: Derivation): Bytes
}

/** What images are wanted in. */
export interface Wanted {
  to: string
  /** 1 to 100: how much may not get lost. */
  quality: number
}

/** Where nothing is converted: what is in a transfer syntax already is all that there is in it. */
export const noConversion: Conversion = {
  convertible: (from, to) => from === to,
  transcode: dataset => dataset,
  derivable: () => false,
  derive() {
    throw new Fault('not-supported', 'nothing is converted here')
  },
}

/** What cannot be converted shows early as a rule; so much is held back until then. */
const heldBack = 16 * 1024 * 1024

/** Whether anything can be written in this transfer syntax at all. */
function isWritable({ conversion }: Desk, uid: string): boolean {
  if (uid === explicitLittleEndian) return conversion !== noConversion
  const from = explicitLittleEndian
  return conversion.convertible(from, uid) || conversion.derivable(from, uid)
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

/** JPEG 2000 may be without loss (PS3.5 §A.4.4): of quality 100 it is. */
const losesNothingAtBest = '1.2.840.10008.1.2.4.91'

/** A Part 10 file, and what of it is not as it is kept. */
export interface Converted {
  syntax: string
  sopInstanceUid: string
  file: Bytes
  /** Why it is not in the transfer syntax that was wanted. */
  why?: string
}

/**
 * The Part 10 file of an instance in another transfer syntax, or as it is stored when it cannot be
 * converted; as it is stored, too, without `wanted`. With loss it is another instance: from the same
 * bytes, in the same transfer syntax and quality, always the same one, so that what is sent again
 * after an interruption is no second image.
 */
export async function convertedFile(
  desk: Desk,
  instance: Instance,
  wanted: Wanted | undefined,
): Promise<Converted> {
  const { transferSyntaxUid: from, sopInstanceUid } = instance
  const stored = { syntax: from, sopInstanceUid, file: desk.archive.open(instance.id) }
  if (wanted === undefined || wanted.to === from) return stored
  const { to, quality } = wanted
  const { conversion } = desk
  const mayLose = quality < 100 || to !== losesNothingAtBest
  const loses = mayLose && conversion.derivable(from, to)
  if (!loses && !conversion.convertible(from, to))
    return { ...stored, why: `nothing is converted from ${from}` }
  const open = () =>
    desk.archive.open(instance.id, { from: instance.datasetOffset, to: instance.bytes })
  const derivation = { quality, sopInstanceUid: derivedUid(instance, wanted) }
  const converted = loses
    ? {
        sopInstanceUid: derivation.sopInstanceUid,
        of: conversion.derive(open, from, to, derivation),
      }
    : { sopInstanceUid, of: conversion.transcode(open(), from, to) }
  const chunks = converted.of[Symbol.asyncIterator]()
  const meta = writeFileMeta({
    sopClassUid: instance.sopClassUid,
    sopInstanceUid: converted.sopInstanceUid,
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
    return { ...stored, why: detail }
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
  return { syntax: to, sopInstanceUid: converted.sopInstanceUid, file }
}

/** Of what is made of these bytes by this program in this way. */
function derivedUid({ datasetDigest }: Instance, { to, quality }: Wanted): string {
  const made = [datasetDigest, to, quality, implementation.versionName].join(' ')
  return generateUid(() => hash('sha256', made, 'buffer').subarray(0, 16))
}
