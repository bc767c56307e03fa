import { faultOf } from '../../faults.ts'
import type { Instance, PublicId, Register } from '../catalog/catalog.ts'
import type { BlobKey, Blobs } from '../storage/storage.ts'
import { isIntact } from './recover.ts'

/** What a look at everything found. */
export interface VerifyReport {
  /** Listed instances whose blob was read and is what it was. */
  intact: number
  bytes: number
  /** Listed, but the blob is gone, cannot be read, or is not what was received. */
  damaged: { instance: PublicId; sopInstanceUid: string; blob: BlobKey; why: Damage }[]
  /** Blobs of which the catalogue does not speak; the next start lists or sweeps the newest. */
  unlisted: BlobKey[]
  quarantined: number
}

export type Damage = 'missing' | 'unreadable' | 'altered'

/** Reads everything and changes nothing; stops between two blobs. */
export async function verify(
  { blobs, register }: { blobs: Blobs; register: Register },
  stop?: AbortSignal,
): Promise<VerifyReport> {
  const report: VerifyReport = { intact: 0, bytes: 0, damaged: [], unlisted: [], quarantined: 0 }
  for (const { instance } of register.listed()) {
    if (stop?.aborted) break
    const damage = await damageOf(blobs, instance)
    if (damage) {
      const { id, sopInstanceUid, blob } = instance
      report.damaged.push({ instance: id, sopInstanceUid, blob, why: damage })
    } else {
      report.intact++
      report.bytes += instance.bytes
    }
  }
  for await (const { key } of blobs.keys()) {
    if (stop?.aborted) break
    if (register.quarantinedAt(key)) report.quarantined++
    else if (!register.knows(key)) report.unlisted.push(key)
  }
  return report
}

/** What is wrong with the blob of an instance; undefined when it is what was received. */
export async function damageOf(blobs: Blobs, instance: Instance): Promise<Damage | undefined> {
  try {
    return (await isIntact(blobs, instance.blob, instance)) ? undefined : 'altered'
  } catch (thrown) {
    return faultOf(thrown).code === 'not-found' ? 'missing' : 'unreadable'
  }
}
