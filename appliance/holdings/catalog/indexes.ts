import type { Level, MainTags } from './catalog.ts'
import { indexText } from './fold.ts'

/** Main tags that have an index of their own at a level, with the letters its keys begin with. */
export const indexes = {
  Patient: { PatientName: 'pn' },
  Study: {
    PatientID: 'si',
    PatientName: 'sn',
    AccessionNumber: 'sa',
    StudyDate: 'sd',
    StudyID: 'ss',
    StudyDescription: 'st',
    ReferringPhysicianName: 'sr',
    ModalitiesInStudy: 'sm',
  },
  Series: { Modality: 'em' },
  Instance: {},
} as const satisfies Record<Level, Readonly<Record<string, string>>>

/** The tag that identifies a resource of a level. */
export const identifierTag = {
  Patient: 'PatientID',
  Study: 'StudyInstanceUID',
  Series: 'SeriesInstanceUID',
  Instance: 'SOPInstanceUID',
} as const satisfies Record<Level, string>

export function indexOf(level: Level, keyword: string): string | undefined {
  return (indexes[level] as Readonly<Record<string, string>>)[keyword]
}

/** Index letters and values of a new resource; an absent tag stands as empty text. */
export function indexEntries(level: Level, tags: MainTags): [index: string, value: string][] {
  return Object.entries(indexes[level])
    .filter(([keyword]) => keyword !== 'ModalitiesInStudy')
    .map(([keyword, index]) => [index, tags[keyword] ?? ''])
}

/**
 * The index of studies by month and name: month of the StudyDate + folded PatientName + number →
 * StudyDate, folded. A study without a date is not in it.
 */
export const nameWithinMonth = {
  index: 'sc',
  monthOf: (date: string): string => indexText(date).slice(0, 6),
} as const
