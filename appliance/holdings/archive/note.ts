import { encodingOf } from '../../standard/dicom/dicom.ts'
import type { Origin } from '../catalog/catalog.ts'
import type { BlobKey, Blobs } from '../storage/storage.ts'

/**
 * What the archive writes behind the file in a blob, so that the catalogue can be made again from
 * blobs alone: one Data Set Trailing Padding element (FFFC,FFFC), which PS3.10 §7.2 lets every
 * reader ignore. Its value is JSON, padding, and sixteen characters that tell where it begins.
 */
export interface Note {
  origin: Origin
  /** Length of the file before the note, and offset of the dataset in it. */
  bytes: number
  datasetOffset: number
  pixelDataOffset?: number
  /** SHA-256, hexadecimal. */
  metaDigest: string
  datasetDigest: string
  /** Why it stands aside of the one listed under its identifier. */
  aside?: 'same-uid-other-bytes'
  /** How many others it took the place of. */
  revision?: number
}

const mark = 'WAYSTATION'
const trailerLength = 16
const headLength = (explicit: boolean) => (explicit ? 12 : 8)
/** Longer notes do not exist; so much is read to find one. */
const noteLimit = 16 * 1024

export function writeNote(note: Note, transferSyntaxUid: string): Buffer {
  const { explicit, bigEndian } = encodingOf(transferSyntaxUid)
  const json = Buffer.from(JSON.stringify(note))
  const head = headLength(explicit)
  const length = json.length + (json.length % 2) + trailerLength
  const element = Buffer.alloc(head + length, ' ')
  element.set(bigEndian ? [0xff, 0xfc, 0xff, 0xfc] : [0xfc, 0xff, 0xfc, 0xff])
  if (explicit) element.set([0x4f, 0x42, 0, 0], 4)
  if (bigEndian) element.writeUInt32BE(length, head - 4)
  else element.writeUInt32LE(length, head - 4)
  json.copy(element, head)
  const trailer = mark + element.length.toString(16).padStart(6, '0')
  element.write(trailer, element.length - trailerLength, 'latin1')
  return element
}

/** The note of a blob of this length; undefined when it has none, or is not as long as it says. */
export async function readNote(
  blobs: Blobs,
  key: BlobKey,
  length: number,
): Promise<Note | undefined> {
  const from = Math.max(0, length - noteLimit)
  const tail = Buffer.concat(await Array.fromAsync(blobs.read(key, { from, to: length })))
  if (tail.length < trailerLength) return undefined
  const trailer = tail.toString('latin1', tail.length - trailerLength)
  if (!/^WAYSTATION[0-9a-f]{6}$/.test(trailer)) return undefined
  const size = Number.parseInt(trailer.slice(mark.length), 16)
  if (size > tail.length) return undefined
  const element = tail.subarray(tail.length - size)
  const explicit = element[4] === 0x4f
  const json = element.toString('utf8', headLength(explicit), element.length - trailerLength)
  try {
    const note = JSON.parse(json) as Note
    return note.bytes + size === length ? note : undefined
  } catch {
    return undefined
  }
}
