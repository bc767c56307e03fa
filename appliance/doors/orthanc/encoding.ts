import { Refusal } from './errors.ts'

/** Orthanc's names of character sets, with DICOM's of the same (PS3.3 §C.12.1.1.2). */
const characterSets = {
  Ascii: 'ISO_IR 6',
  Utf8: 'ISO_IR 192',
  Latin1: 'ISO_IR 100',
  Latin2: 'ISO_IR 101',
  Latin3: 'ISO_IR 109',
  Latin4: 'ISO_IR 110',
  Latin5: 'ISO_IR 148',
  Cyrillic: 'ISO_IR 144',
  // Not DICOM's; found in files that name no set.
  Windows1251: 'WINDOWS-1251',
  Arabic: 'ISO_IR 127',
  Greek: 'ISO_IR 126',
  Hebrew: 'ISO_IR 138',
  Thai: 'ISO_IR 166',
  Japanese: 'ISO_IR 13',
  Chinese: 'GB18030',
  JapaneseKanji: 'ISO 2022 IR 87',
  Korean: 'ISO 2022 IR 149',
  SimplifiedChinese: 'ISO 2022 IR 58',
} as const

export type EncodingName = keyof typeof characterSets
export const encodingNames = Object.keys(characterSets) as [EncodingName, ...EncodingName[]]

/** DICOM's name of one of Orthanc's; undefined when there is none. */
export const characterSetOf = (name: string): string | undefined =>
  Object.entries(characterSets).find(([each]) => each.toLowerCase() === name.toLowerCase())?.[1]

/**
 * How text is read that names no character set, Orthanc's `DefaultEncoding`: of what is received
 * and of what is shown from then on. What the catalogue keeps stays as it was read until it is
 * reconstructed. Changed at run time it holds until the next start, as in Orthanc.
 */
export interface Encoding {
  /** Orthanc's name. */
  name(): EncodingName
  /** DICOM's. */
  characterSet(): string
  /** In any case. Refusal: ParameterOutOfRange. */
  use(name: string): void
}

export function createEncoding(initial: EncodingName = 'Latin1'): Encoding {
  let current = initial
  return {
    name: () => current,
    characterSet: () => characterSets[current],
    use(name) {
      const found = encodingNames.find(each => each.toLowerCase() === name.trim().toLowerCase())
      if (!found) throw new Refusal('ParameterOutOfRange')
      current = found
    },
  }
}
