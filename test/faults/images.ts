import {
  explicitLittleEndian,
  type NewElement,
  writeDataset,
  writeFileMeta,
} from '../../appliance/standard/dicom/dicom.ts'

/** What an image for the archive says of itself; all that is left out has a value of its own. */
export interface ImageOf {
  patient?: string
  name?: string
  study?: number
  series?: number
  instance?: number
  date?: string
  modality?: string
  accession?: string
  /** Fills the pixels: images that differ in nothing else differ in this. */
  shade?: number
  /** Bytes of pixel data. */
  pixels?: number
  transferSyntaxUid?: string
  /** Further elements, or others in place of those that it has; by keyword. */
  more?: NewElement[]
  without?: string
}

export interface Image {
  file: Buffer
  dataset: Uint8Array
  announced: { sopClassUid: string; sopInstanceUid: string; transferSyntaxUid: string }
}

export const ctImageStorage = '1.2.840.10008.5.1.4.1.1.2'

export function imageOf(given: ImageOf = {}): Image {
  const { study = 1, series = 1, instance = 1, pixels = 64, shade = 0 } = given
  const transferSyntaxUid = given.transferSyntaxUid ?? explicitLittleEndian
  const { more = [] } = given
  const own = more.find(({ tag }) => tag === 'SOPInstanceUID')?.value
  const sopInstanceUid = (own as string) ?? `1.2.826.0.1.${study}.${series}.${instance}`
  const usual: NewElement[] = [
    { tag: 'SOPClassUID', value: ctImageStorage },
    { tag: 'SOPInstanceUID', value: sopInstanceUid },
    { tag: 'StudyDate', value: given.date ?? '20260102' },
    { tag: 'AccessionNumber', value: given.accession ?? `A${study}` },
    { tag: 'Modality', value: given.modality ?? 'CT' },
    { tag: 'PatientName', value: given.name ?? 'Doe^Jane' },
    { tag: 'PatientID', value: given.patient ?? 'P1' },
    { tag: 'StudyInstanceUID', value: `1.2.826.0.1.${study}` },
    { tag: 'SeriesInstanceUID', value: `1.2.826.0.1.${study}.${series}` },
    { tag: 'InstanceNumber', value: String(instance) },
  ]
  const isUsual = ({ tag }: NewElement) =>
    tag !== given.without && !more.some(each => each.tag === tag)
  const elements = [...usual.filter(isUsual), ...more]
  const pixelData: NewElement = {
    tag: 'PixelData',
    vr: 'OW',
    value: new Uint8Array(pixels).fill(shade),
  }
  const dataset = writeDataset([...elements, pixelData], transferSyntaxUid)
  const announced = { sopClassUid: ctImageStorage, sopInstanceUid, transferSyntaxUid }
  const meta = writeFileMeta({
    ...announced,
    implementationClassUid: '1.2.826.0.1.3680043.10.1.1',
    implementationVersionName: 'SAMPLE',
  })
  return { file: Buffer.concat([meta, dataset]), dataset, announced }
}

/** Bytes as they come over a wire, in pieces of no particular size. */
export async function* inPieces(bytes: Uint8Array, size = 1_000): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

export async function whole(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(bytes))
}
