import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Synthetic } from '../samples/synthetic.ts'

/**
 * What the outside knows of one image. `sent`: perhaps it arrived. `kept`: answered 0x0000, or found
 * whole after a cut, so it must be there from now on. `asked`: somebody asked for its removal and got
 * no answer yet. `removed`: that was answered, or it was gone after a cut, so it must never be back.
 */
export interface Image {
  sopInstanceUid: string
  state: 'sent' | 'kept' | 'asked' | 'removed'
  /** SHA-256 of the dataset, without preamble and File Meta Information. */
  digest: string
  /** Still here to be sent again, as a modality does with what was not answered. */
  file: string
  /** Its public id, once the service told it. */
  id?: string
  /** Its bytes were compared after some cut. */
  compared: boolean
}

export interface Ledger {
  images: Map<string, Image>
  /** All answers of 0x0000 so far, repeats of the same image counted once. */
  acknowledged: Set<string>
  add(image: Synthetic): Image
}

export function openLedger(): Ledger {
  const images = new Map<string, Image>()
  return {
    images,
    acknowledged: new Set(),
    add({ file, sopInstanceUid, datasetOffset }) {
      const digest = digestOf(readFileSync(file).subarray(datasetOffset))
      const image: Image = { sopInstanceUid, state: 'sent', digest, file, compared: false }
      images.set(sopInstanceUid, image)
      return image
    },
  }
}

export const digestOf = (dataset: Buffer) => createHash('sha256').update(dataset).digest('hex')
