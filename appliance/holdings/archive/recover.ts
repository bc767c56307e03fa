import { createHash } from 'node:crypto'
import { Fault, faultOf } from '../../faults.ts'
import { type Dataset, readDataset, readFileMeta } from '../../standard/dicom/dicom.ts'
import type { BlobKey, Blobs } from '../storage/storage.ts'
import { describe } from './describe.ts'
import { type Note, readNote } from './note.ts'
import { passing } from './passing.ts'
import { list, type Receiving } from './receive.ts'
import { removeGivenUp } from './removal.ts'

export type Recovering = Pick<
  Receiving,
  'blobs' | 'catalog' | 'register' | 'now' | 'log' | 'characterSet'
>

/** What became of a blob of which the catalogue did not speak. */
export type Recovery = 'listed' | 'set aside' | 'redundant' | 'swept' | 'left alone'

/**
 * How much a blob that the catalogue does not speak of is to be trusted: `settled`, it was found
 * whole before; `unfinished`, a power cut may have taken bytes after its name was written, and what
 * is not whole was never acknowledged; `doubted`, it may be that, or have rotten since.
 */
export type Standing = 'settled' | 'unfinished' | 'doubted'

/**
 * Lists a blob that the catalogue does not speak of, as its note says. All but a settled one are
 * checked against their note first. What is not whole goes when it is `unfinished`; any other that
 * is not, or cannot be read or understood, is left where it is.
 */
export async function recover(
  parts: Recovering,
  key: BlobKey,
  length: number,
  standing: Standing,
): Promise<Recovery> {
  const { blobs, catalog, register, log } = parts
  try {
    const note = await readNote(blobs, key, length)
    // An empty file was made ahead and never used.
    const sweeps = standing === 'unfinished' || (standing === 'doubted' && length === 0)
    if (!sweeps && !note) throw new Fault('damaged', 'it does not say what it is')
    if (!note || (standing !== 'settled' && !(await isIntact(blobs, key, note)))) {
      if (!sweeps) throw new Fault('damaged', 'it is not what its digest says')
      await blobs.remove(key)
      log.info('unfinished-swept', { blob: key, bytes: length })
      return 'swept'
    }
    const { dataset, transferSyntaxUid } = await readHeader(blobs, key, note, parts.characterSet())
    const described = describe(dataset)
    const first = catalog.instance(described.instance.id)
    if (first && first.datasetDigest === note.datasetDigest) {
      await blobs.remove(key)
      return 'redundant'
    }
    const decided = decideAgain(note, first !== undefined, first?.revision ?? 0)
    const { outcome } = list(parts, key, { described, note: decided, transferSyntaxUid })
    log.info('instance-recovered', { blob: key, sopInstanceUid: described.instance.sopInstanceUid })
    await removeGivenUp(parts, register.givenUp())
    return outcome === 'quarantined' ? 'set aside' : 'listed'
  } catch (thrown) {
    const { code, detail } = faultOf(thrown)
    // It was remembered from an earlier start, and is gone meanwhile.
    if (code === 'not-found') return 'swept'
    const advice = 'The file was left in its place; check the disk, then run "waystation verify".'
    log.error('blob-not-recovered', { blob: key, code, detail, advice })
    return 'left alone'
  }
}

/** A note can be overtaken: the one it refers to may be missing, or a third may have come. */
function decideAgain(note: Note, isListed: boolean, revision: number): Note {
  const { aside, revision: own, ...plain } = note
  if (!isListed) return plain
  if (own !== undefined && own > revision) return { ...plain, revision: own }
  return { ...plain, aside: aside ?? 'same-uid-other-bytes' }
}

/** Whether a blob's bytes are those its note was written for. Faults: those of reading. */
export async function isIntact(
  blobs: Blobs,
  key: BlobKey,
  note: Pick<Note, 'bytes' | 'datasetOffset' | 'metaDigest' | 'datasetDigest'>,
): Promise<boolean> {
  const { bytes, datasetOffset } = note
  const [meta, dataset] = [createHash('sha256'), createHash('sha256')]
  for await (const chunk of blobs.read(key, { from: 0, to: datasetOffset })) meta.update(chunk)
  if (meta.digest('hex') !== note.metaDigest) return false
  for await (const chunk of blobs.read(key, { from: datasetOffset, to: bytes })) {
    dataset.update(chunk)
  }
  return dataset.digest('hex') === note.datasetDigest
}

/** As receiving read it: what stands before the pixel data or, without any, the whole. */
export async function readHeader(
  blobs: Blobs,
  key: BlobKey,
  { bytes, pixelDataOffset }: Pick<Note, 'bytes' | 'pixelDataOffset'>,
  defaultCharacterSet: string,
): Promise<{ dataset: Dataset; transferSyntaxUid: string }> {
  if (pixelDataOffset !== undefined) {
    const range = { from: 0, to: pixelDataOffset }
    const header = Buffer.concat(await Array.fromAsync(blobs.read(key, range)))
    const meta = readFileMeta(header)
    if (meta !== 'more') {
      const { transferSyntaxUid, datasetOffset } = meta
      return {
        dataset: readDataset(header.subarray(datasetOffset), transferSyntaxUid, {
          defaultCharacterSet,
        }),
        transferSyntaxUid,
      }
    }
  }
  let found: { dataset: Dataset; transferSyntaxUid: string } | undefined
  const file = passing(blobs.read(key, { from: 0, to: bytes }), async function* (passed) {
    const { transferSyntaxUid, walked } = passed
    found = { dataset: walked.dataset({ defaultCharacterSet }), transferSyntaxUid }
    yield* []
  })
  for await (const _ of file);
  return found!
}
