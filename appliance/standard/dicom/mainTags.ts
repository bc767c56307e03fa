import type { Dataset } from './dataset.ts'
import { tagOf } from './dictionary.ts'

/** The main DICOM tags of each level, by keyword: what Orthanc 1.13.0 keeps in its index. */
export const mainTags = {
  Patient: ['PatientName', 'PatientID', 'PatientBirthDate', 'PatientSex', 'OtherPatientIDs'],
  Study: [
    'StudyDate',
    'StudyTime',
    'StudyID',
    'StudyDescription',
    'AccessionNumber',
    'StudyInstanceUID',
    'RequestedProcedureDescription',
    'InstitutionName',
    'RequestingPhysician',
    'ReferringPhysicianName',
    'TimezoneOffsetFromUTC',
  ],
  Series: [
    'SeriesDate',
    'SeriesTime',
    'Modality',
    'Manufacturer',
    'StationName',
    'SeriesDescription',
    'BodyPartExamined',
    'SequenceName',
    'ProtocolName',
    'SeriesNumber',
    'CardiacNumberOfImages',
    'ImagesInAcquisition',
    'NumberOfTemporalPositions',
    'NumberOfSlices',
    'NumberOfTimeSlices',
    'SeriesInstanceUID',
    'ImageOrientationPatient',
    'SeriesType',
    'OperatorsName',
    'PerformedProcedureStepDescription',
    'AcquisitionDeviceProcessingDescription',
    'ContrastBolusAgent',
    'TimezoneOffsetFromUTC',
    'PerformedProcedureStepStartDate',
    'PerformedProcedureStepStartTime',
    'RequestAttributesSequence',
  ],
  Instance: [
    'InstanceCreationDate',
    'InstanceCreationTime',
    'AcquisitionNumber',
    'ImageIndex',
    'InstanceNumber',
    'NumberOfFrames',
    'TemporalPositionIdentifier',
    'SOPInstanceUID',
    'ImagePositionPatient',
    'ImageComments',
    'ImageOrientationPatient',
  ],
} as const satisfies Record<string, readonly string[]>

export type MainTagLevel = keyof typeof mainTags

/**
 * A level's main tags as text, by keyword; only those present, empty ones as ''. A patient's are
 * not repeated among a study's. Sequences have no text form and are left out.
 */
export function mainTagsOf(dataset: Dataset, level: MainTagLevel): Record<string, string> {
  const found: Record<string, string> = {}
  for (const [keyword, tag] of tagged(level)) {
    const text = dataset.text(tag)
    if (text !== undefined) found[keyword] = text
  }
  return found
}

/** Looked up once: every image that comes is asked for all of them. */
const tags = new Map<MainTagLevel, readonly (readonly [string, number])[]>()

function tagged(level: MainTagLevel): readonly (readonly [string, number])[] {
  let known = tags.get(level)
  if (!known) {
    known = mainTags[level].map(keyword => [keyword, tagOf(keyword)!] as const)
    tags.set(level, known)
  }
  return known
}
