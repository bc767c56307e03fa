import { models } from '../../duties/nodes/nodes.ts'
import type { Level } from '../../holdings/catalog/catalog.ts'

/** An information model of PS3.4 §C.6: its levels, from the root down. */
export interface InformationModel {
  name: string
  levels: readonly Level[]
}

/** By the SOP class of its C-FIND; the last is retired, PS3.4 (2004) §C.6.3. */
export const findModels: Readonly<Record<string, InformationModel>> = {
  [models.patient.find]: {
    name: 'Patient Root',
    levels: ['Patient', 'Study', 'Series', 'Instance'],
  },
  [models.study.find]: { name: 'Study Root', levels: ['Study', 'Series', 'Instance'] },
  '1.2.840.10008.5.1.4.1.2.3.1': { name: 'Patient/Study Only', levels: ['Patient', 'Study'] },
}

/** Values of QueryRetrieveLevel (0008,0052): PS3.4 §C.6.1.1.1. */
const levelNames = {
  Patient: 'PATIENT',
  Study: 'STUDY',
  Series: 'SERIES',
  Instance: 'IMAGE',
} as const satisfies Record<Level, string>

export const levelName = (level: Level): string => levelNames[level]

/** The level of a name; small letters are taken, and INSTANCE, which Orthanc takes too. */
export function levelNamed(name: string): Level | undefined {
  const wanted = name.toUpperCase()
  if (wanted === 'INSTANCE') return 'Instance'
  return (Object.keys(levelNames) as Level[]).find(level => levelNames[level] === wanted)
}
