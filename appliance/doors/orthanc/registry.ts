import { Refusal } from './errors.ts'
import type { OrthancSettings } from './settings.ts'

/** Names and numbers of metadata and attachments. */
export interface Registry {
  /** By name or number. Refusal: InexistentItem for a name that nobody gave. */
  numberOf(nameOrNumber: string): number
  nameOf(number: number): string
}

/** From this number on, users may write. */
export const firstOfUsers = 1024
const last = 65_535

const metadataNames: Record<string, number> = {
  IndexInSeries: 1,
  ReceptionDate: 2,
  RemoteAET: 3,
  ExpectedNumberOfInstances: 4,
  ModifiedFrom: 5,
  AnonymizedFrom: 6,
  LastUpdate: 7,
  Origin: 8,
  TransferSyntax: 9,
  SopClassUid: 10,
  RemoteIP: 11,
  CalledAET: 12,
  HttpUsername: 13,
  PixelDataOffset: 14,
  MainDicomTagsSignature: 15,
  MainDicomSequences: 16,
  PixelDataVR: 17,
}

const attachmentNames: Record<string, number> = {
  dicom: 1,
  'dicom-as-json': 2,
  'dicom-until-pixel-data': 3,
}

export const metadataNumber = metadataNames as Readonly<Record<string, number>>

export function metadataRegistry(settings: OrthancSettings): Registry {
  return registry({ ...settings.userMetadata, ...metadataNames })
}

export function attachmentRegistry(settings: OrthancSettings): Registry {
  const own = Object.entries(settings.userContentTypes).map(
    ([name, type]) => [name, typeof type === 'number' ? type : type[0]] as const,
  )
  return registry({ ...Object.fromEntries(own), ...attachmentNames })
}

/** The MIME type of an attachment. */
export function attachmentType(settings: OrthancSettings, number: number): string {
  if (number === 1) return 'application/dicom'
  for (const type of Object.values(settings.userContentTypes)) {
    if (typeof type !== 'number' && type[0] === number) return type[1]
  }
  return 'application/octet-stream'
}

function registry(numbers: Record<string, number>): Registry {
  const names = new Map(Object.entries(numbers).map(([name, number]) => [number, name]))
  return {
    numberOf(given) {
      const named = Object.hasOwn(numbers, given) ? numbers[given] : undefined
      if (named !== undefined) return named
      if (!/^\d{1,9}$/.test(given)) throw new Refusal('InexistentItem')
      return Math.min(Number(given), last + 1)
    },
    nameOf: number => names.get(number) ?? String(number),
  }
}

/** Whether users may write it at all. */
export const isOfUsers = (number: number): boolean => number >= firstOfUsers && number <= last
