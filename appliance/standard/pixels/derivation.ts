import { explicitLittleEndian, type NewElement, tagOf, writeDataset } from '../dicom/dicom.ts'
import type { Image } from './image.ts'
import {
  type LossyCodec,
  lossyBits,
  lossyMethods,
  lossyPhotometricInterpretation,
  nearOf,
  rateOf,
} from './lossy.ts'

/** An element as it is written, explicit little endian. */
export interface Amendment {
  tag: number
  bytes: Uint8Array
}

/** How an image is to be derived from another one. */
export interface Derivation {
  /** 1 to 100: how much may not get lost. */
  quality: number
  /** Of the derived image. */
  sopInstanceUid: string
}

/** What a derived image says of how it came to be, PS3.3 §C.7.6.1.1.2, §C.7.6.1.1.4, §C.7.6.1.1.5. */
const tags = {
  imageType: 0x00080008,
  sopClassUid: 0x00080016,
  sopInstanceUid: 0x00080018,
  description: 0x00082111,
  highBit: 0x00280102,
  loss: 0x00282110,
  ratio: 0x00282112,
  method: 0x00282114,
} as const

/** What of the image before has to be known for it. */
export const notedTags: ReadonlySet<number> = new Set(Object.values(tags))

/** DerivationDescription is of VR ST. */
const longestDescription = 1024

/** A type whose first value says that pixels are made of others (PS3.3 §C.7.6.1.1.2). */
export function derivedType(bytes: Uint8Array): Uint8Array {
  const [, ...others] = textOf(bytes).split('\\')
  return evenly(['DERIVED', ...others].join('\\'))
}

/**
 * What changes in a dataset besides its pixels, in the order of the tags. `ratio` is how many times
 * smaller the pixels got.
 */
export function amendmentsOf(
  image: Image,
  { quality, sopInstanceUid }: Derivation,
  { codec, ratio }: { codec: LossyCodec; ratio: number },
): Amendment[] {
  const { samples, bitsAllocated, bitsStored, photometricInterpretation } = image.native
  const bits = lossyBits(codec, { bitsAllocated, bitsStored })
  const told = (tag: number) => textOf(image.told(tag) ?? new Uint8Array())
  const values = (tag: number) => (told(tag) === '' ? [] : told(tag).split('\\'))
  const before = { ratios: values(tags.ratio), methods: values(tags.method) }
  // The values of the two belong together, one for each time that something was lost
  const times = Math.max(before.ratios.length, before.methods.length)
  const history = (list: string[], last: string) =>
    [...Array.from({ length: times }, (_, at) => list[at] ?? ''), last].join('\\')
  const said = String(Number(ratio.toPrecision(5)))
  const isLossyAlready = told(tags.loss) === '01'
  const description = describedAnew(image.told(tags.description), sentence(codec, quality, said))
  const elements: NewElement[] = [
    { tag: tags.imageType, value: derivedType(image.told(tags.imageType) ?? new Uint8Array()) },
    { tag: tags.sopInstanceUid, value: sopInstanceUid },
    ...(description ? [{ tag: tags.description, value: description }] : []),
    { tag: 'SourceImageSequence', items: [sourceOf(told, isLossyAlready)] },
    { tag: 'DerivationCodeSequence', items: [code('113040', 'Lossy Compression')] },
    {
      tag: 'PhotometricInterpretation',
      value: lossyPhotometricInterpretation(codec, photometricInterpretation),
    },
    ...(samples > 1 ? [{ tag: 'PlanarConfiguration', value: 0 }] : []),
    { tag: 'BitsAllocated', value: bits.bitsAllocated },
    { tag: 'BitsStored', value: bits.bitsStored },
    { tag: 'HighBit', value: bits.bitsStored - 1 },
    { tag: tags.loss, value: '01' },
    { tag: tags.ratio, vr: 'DS', value: evenly(history(before.ratios, said)) },
    { tag: tags.method, vr: 'CS', value: evenly(history(before.methods, lossyMethods[codec])) },
  ]
  return elements.map(element => ({
    tag: typeof element.tag === 'number' ? element.tag : tagOf(element.tag)!,
    bytes: writeDataset([element], explicitLittleEndian),
  }))
}

/**
 * The image itself, PS3.16 CID 7202: what it was before anything got lost, or an image that had lost
 * something already.
 */
function sourceOf(told: (tag: number) => string, isLossyAlready: boolean): NewElement[] {
  return [
    { tag: 'ReferencedSOPClassUID', value: told(tags.sopClassUid) },
    { tag: 'ReferencedSOPInstanceUID', value: told(tags.sopInstanceUid) },
    {
      tag: 'PurposeOfReferenceCodeSequence',
      items: [
        isLossyAlready
          ? code('121322', 'Source image for image processing operation')
          : code('121320', 'Uncompressed predecessor'),
      ],
    },
  ]
}

function code(value: string, meaning: string): NewElement[] {
  return [
    { tag: 'CodeValue', value },
    { tag: 'CodingSchemeDesignator', value: 'DCM' },
    { tag: 'CodeMeaning', value: meaning },
  ]
}

function sentence(codec: LossyCodec, quality: number, ratio: string): string {
  const how = {
    jpeg: `JPEG, IJG quality ${quality}`,
    'jpeg-ls': `JPEG-LS, off by ${nearOf(quality)} at most`,
    jpeg2000: `JPEG 2000, for ${rateOf(quality)}:1`,
  }[codec]
  return `Lossy compression with ${how}, compression ratio ${ratio}`
}

/** The sentence with what was said before in brackets; undefined when there is no room for both. */
function describedAnew(before: Uint8Array | undefined, sentence: string): Uint8Array | undefined {
  const old = before ? textOf(before) : ''
  const whole = old === '' ? sentence : `${sentence} [${old}]`
  return whole.length <= longestDescription ? evenly(whole) : undefined
}

/** Letter by letter of bytes, whatever the character set. */
function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1').replaceAll('\0', ' ').trim()
}

function evenly(text: string): Uint8Array {
  return Buffer.from(text.length % 2 === 0 ? text : `${text} `, 'latin1')
}
