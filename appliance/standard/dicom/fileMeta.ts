import { Fault } from '../../faults.ts'
import type { Dataset } from './dataset.ts'
import { readPlain } from './read.ts'
import { explicitLittleEndian, implicitLittleEndian } from './transferSyntaxes.ts'
import { hasLongLength, isVr } from './vr.ts'
import { type NewElement, writeDataset } from './write.ts'

/** File Meta Information, PS3.10 §7.1: what stands before the dataset in a file. */

export interface FileMeta {
  meta: Dataset
  transferSyntaxUid: string
  /** Where the dataset begins in the file. */
  datasetOffset: number
}

/** Nobody's File Meta Information is longer; what claims to be is no file to wait for. */
const metaLimit = 1024 * 1024
const preamble = 128
const start = preamble + 4
const groupLength = 0x00020000
const transferSyntaxUidTag = 0x00020010

/**
 * Reads what stands before the dataset, from the first bytes of a file; 'more' when they do not
 * reach far enough. Its length is found by its last element, since group lengths are sometimes
 * missing or wrong. Without a TransferSyntaxUID the first element of the dataset tells explicit
 * from implicit VR. Fault: `not-dicom`.
 */
export function readFileMeta(prefix: Uint8Array): FileMeta | 'more' {
  if (prefix.length < start) return 'more'
  if (String.fromCharCode(...prefix.subarray(preamble, start)) !== 'DICM') {
    throw new Fault('not-dicom', 'no DICM behind a preamble of 128 bytes')
  }
  const end = endOfMeta(prefix)
  if (end === undefined) {
    if (prefix.length < start + metaLimit) return 'more'
    throw new Fault('not-dicom', 'the File Meta Information does not end')
  }
  const meta = readMeta(prefix.subarray(start, end))
  const named = meta.text(transferSyntaxUidTag)
  if (named) return { meta, transferSyntaxUid: named, datasetOffset: end }
  if (prefix.length < end + 6) return 'more'
  const explicit = isVr((prefix[end + 4]! << 8) | prefix[end + 5]!)
  return {
    meta,
    transferSyntaxUid: explicit ? explicitLittleEndian : implicitLittleEndian,
    datasetOffset: end,
  }
}

function readMeta(bytes: Uint8Array): Dataset {
  try {
    return readPlain(bytes, { explicit: true, bigEndian: false }, {})
  } catch (thrown) {
    const detail = thrown instanceof Fault ? thrown.detail : ''
    throw new Fault('not-dicom', `in the File Meta Information: ${detail}`, { cause: thrown })
  }
}

/**
 * Behind the last element of group 0002. Always explicit VR little endian (PS3.10 §7.1); some write
 * it implicit all the same. The group length is asked only where the bytes end with the group.
 */
function endOfMeta(prefix: Uint8Array): number | undefined {
  const view = new DataView(prefix.buffer, prefix.byteOffset, prefix.byteLength)
  let claimed: number | undefined
  let at = start
  for (;;) {
    if (at === claimed && at === prefix.length) return at
    if (at + 2 > prefix.length) return undefined
    if (view.getUint16(at, true) !== 0x0002) return at
    if (at + 8 > prefix.length) return undefined
    const tag = view.getUint16(at, true) * 0x10000 + view.getUint16(at + 2, true)
    const vr = view.getUint16(at + 4)
    let size = 8
    let length: number
    if (!isVr(vr)) length = view.getUint32(at + 4, true)
    else if (!hasLongLength(vr)) length = view.getUint16(at + 6, true)
    else {
      size = 12
      if (at + size > prefix.length) return undefined
      length = view.getUint32(at + 8, true)
    }
    const next = at + size + length
    if (length > metaLimit)
      throw new Fault('not-dicom', 'an element of the File Meta Information is too long')
    if (tag === groupLength && length === 4) {
      if (next > prefix.length) return undefined
      claimed = next + view.getUint32(at + size, true)
    }
    at = next
  }
}

export interface NewFileMeta {
  sopClassUid: string
  sopInstanceUid: string
  transferSyntaxUid: string
  implementationClassUid: string
  implementationVersionName: string
  /** Who wrote the dataset; who sent it; who took it: PS3.10 §7.1 */
  sourceAeTitle?: string
  sendingAeTitle?: string
  receivingAeTitle?: string
}

/** Preamble, 'DICM' and File Meta Information; the dataset follows immediately. */
export function writeFileMeta(fields: NewFileMeta): Uint8Array {
  const { before, behind } = aroundInstance(fields)
  const uid = { tag: 'MediaStorageSOPInstanceUID', value: fields.sopInstanceUid }
  const instance = writeDataset([uid], explicitLittleEndian)
  const head = Buffer.concat([before, instance, behind])
  head.writeUInt32LE(head.length - groupBegin, groupBegin - 4)
  return head
}

/** Behind the preamble, 'DICM' and the group's length. */
const groupBegin = start + 12

type Around = { before: Uint8Array; behind: Uint8Array }

/** What is the same for each image of a sender, so that it is written once: all but the instance. */
const known = new Map<string, Around>()
const mostKnown = 64

function aroundInstance(fields: NewFileMeta): Around {
  const { sopInstanceUid: _, ...same } = fields
  const key = JSON.stringify(same)
  let around = known.get(key)
  if (!around) {
    around = writeAround(fields)
    if (known.size >= mostKnown) known.clear()
    known.set(key, around)
  }
  return around
}

function writeAround(fields: NewFileMeta): Around {
  const titles = {
    SourceApplicationEntityTitle: fields.sourceAeTitle,
    SendingApplicationEntityTitle: fields.sendingAeTitle,
    ReceivingApplicationEntityTitle: fields.receivingAeTitle,
  }
  const first: NewElement[] = [
    { tag: groupLength, value: 0 },
    { tag: 'FileMetaInformationVersion', value: Uint8Array.of(0, 1) },
    { tag: 'MediaStorageSOPClassUID', value: fields.sopClassUid },
  ]
  const last: NewElement[] = [
    { tag: 'TransferSyntaxUID', value: fields.transferSyntaxUid },
    { tag: 'ImplementationClassUID', value: fields.implementationClassUid },
    { tag: 'ImplementationVersionName', value: fields.implementationVersionName },
    ...Object.entries(titles).flatMap(([tag, value]) => (value ? [{ tag, value }] : [])),
  ]
  const opening = [new Uint8Array(preamble), Buffer.from('DICM', 'latin1')]
  return {
    before: Buffer.concat([...opening, writeDataset(first, explicitLittleEndian)]),
    behind: writeDataset(last, explicitLittleEndian),
  }
}
