import { Fault } from '../../faults.ts'
import {
  type Dataset,
  DatasetWalker,
  readDataset,
  readFileMeta,
  transferSyntaxes,
} from '../../standard/dicom/dicom.ts'
import type { Instance } from '../catalog/catalog.ts'
import type { Bytes } from '../storage/storage.ts'
import type { Archive } from './archive.ts'

/** A dataset up to its pixel data, and which element holds those, when there are any. */
export interface Header {
  dataset: Dataset
  pixelData?: number
}

/** Reads what the stored files say of themselves. What cannot be read of them is left out. */
export interface Headers {
  /** Values of binary VR longer than 64 KB are empty in it. */
  read(instance: Instance): Promise<Header>
  /** All of the dataset, in memory. Fault: `too-large` above 512 MB. */
  readWhole(instance: Instance): Promise<Dataset>
  /** The File Meta Information. */
  meta(instance: Instance): Promise<Dataset>
  /** Reads anew from now on: text is to be read otherwise. */
  forget(): void
}

/** So many headers are remembered: a viewer asks for the tags of one series over and over. */
const remembered = 64
/** Larger ones are read again each time. */
const rememberedBytes = 256 * 1024
const wholeLimit = 512 * 1024 * 1024

/** `characterSet` is how text is read that names no set. */
export function createHeaders(
  archive: Pick<Archive, 'open'>,
  characterSet?: () => string,
): Headers {
  const reading = () => ({
    lenient: true,
    ...(characterSet && { defaultCharacterSet: characterSet() }),
  })
  const cache = new Map<string, Header>()

  async function read(instance: Instance): Promise<Header> {
    const key = `${instance.blob}|${instance.revision ?? 0}`
    const known = cache.get(key)
    if (known) {
      cache.delete(key)
      cache.set(key, known)
      return known
    }
    const header: Header = isDeflated(instance)
      ? { dataset: await readWhole(instance) }
      : await walk(instance)
    const small = (instance.pixelDataOffset ?? instance.bytes) <= rememberedBytes
    if (small) {
      cache.set(key, header)
      if (cache.size > remembered) cache.delete(cache.keys().next().value!)
    }
    return header
  }

  async function walk(instance: Instance): Promise<Header> {
    const { datasetOffset, pixelDataOffset, bytes } = instance
    const walker = new DatasetWalker(instance.transferSyntaxUid)
    const range = { from: datasetOffset, to: pixelDataOffset ?? bytes }
    for await (const chunk of archive.open(instance.id, range)) walker.push(chunk)
    const walked = await walker.end({ lenient: true })
    const dataset = walked.dataset(reading())
    if (pixelDataOffset === undefined) return { dataset }
    const tag = await bytesOf(
      archive.open(instance.id, { from: pixelDataOffset, to: pixelDataOffset + 4 }),
    )
    const element = dataset.bigEndian ? tag.readUInt16BE(2) : tag.readUInt16LE(2)
    return { dataset, pixelData: 0x7fe00000 + element }
  }

  async function readWhole(instance: Instance): Promise<Dataset> {
    if (instance.bytes > wholeLimit) {
      throw new Fault('too-large', `the object has ${instance.bytes} bytes`)
    }
    const range = { from: instance.datasetOffset, to: instance.bytes }
    const bytes = await bytesOf(archive.open(instance.id, range))
    return readDataset(bytes, instance.transferSyntaxUid, reading())
  }

  async function meta(instance: Instance): Promise<Dataset> {
    // A few bytes more: without a TransferSyntaxUID the dataset's first element is looked at.
    const range = { from: 0, to: Math.min(instance.datasetOffset + 16, instance.bytes) }
    const found = readFileMeta(await bytesOf(archive.open(instance.id, range)))
    if (found === 'more') throw new Fault('damaged', 'the File Meta Information is cut')
    return found.meta
  }

  return { read, readWhole, meta, forget: () => cache.clear() }
}

const isDeflated = (instance: Instance): boolean =>
  transferSyntaxes.get(instance.transferSyntaxUid)?.deflated === true

async function bytesOf(bytes: Bytes): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of bytes) chunks.push(chunk)
  return Buffer.concat(chunks)
}
