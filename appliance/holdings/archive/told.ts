import { faultOf } from '../../faults.ts'
import type { Instance, Listed, Recorded } from '../catalog/catalog.ts'
import { describe } from './describe.ts'
import { readNote } from './note.ts'
import { type Recovering, readHeader } from './recover.ts'

type Parts = Pick<Recovering, 'blobs' | 'characterSet' | 'register' | 'now' | 'log'>

const longestNote = 32 * 1024

/** What a listed blob says of itself now; a word when it does not, or tells of another instance. */
export async function toldBy(
  { blobs, characterSet }: Parts,
  listed: Listed,
): Promise<Recorded | 'missing' | 'altered' | 'unreadable'> {
  try {
    const length = await lengthOf({ blobs }, listed)
    const note = await readNote(blobs, listed.blob, length)
    if (!note) return 'altered'
    const header = await readHeader(blobs, listed.blob, note, characterSet())
    const described = describe(header.dataset)
    if (described.instance.id !== listed.id) return 'altered'
    const { origin, bytes, datasetOffset, pixelDataOffset, metaDigest, datasetDigest } = note
    const instance: Instance = {
      ...described.instance,
      transferSyntaxUid: header.transferSyntaxUid,
      blob: listed.blob,
      ...{ origin, bytes, datasetOffset, metaDigest, datasetDigest },
      ...(pixelDataOffset !== undefined && { pixelDataOffset }),
      ...(listed.revision !== undefined && { revision: listed.revision }),
    }
    return { ...described, instance }
  } catch (thrown) {
    const { code } = faultOf(thrown)
    if (code === 'not-found') return 'missing'
    return code === 'storage-failed' ? 'unreadable' : 'altered'
  }
}

/** Its note stands behind the file: what is read there tells how long it is. */
async function lengthOf({ blobs }: Pick<Parts, 'blobs'>, { blob, bytes }: Listed): Promise<number> {
  let length = bytes
  const range = { from: bytes, to: bytes + longestNote }
  for await (const chunk of blobs.read(blob, range)) length += chunk.length
  return length
}

/** Remembers, and says, that a listed blob does not tell what it should. */
export function doesNotTell({ register, log }: Parts, instance: Listed, damage: string): void {
  if (!register.isDamaged(instance.blob)) register.markDamaged(instance.blob, damage)
  log.error('blob-does-not-tell', {
    ...{ sopInstanceUid: instance.sopInstanceUid, blob: instance.blob, damage },
    advice: 'Send this image again from its source; it then takes the damaged one’s place.',
  })
}
