import { Fault } from '../../faults.ts'
import { type Dataset, isUidOfDevices, mainTagsOf, publicIdOf } from '../../standard/dicom/dicom.ts'
import type { Instance, MainTags, Recorded } from '../catalog/catalog.ts'

/** What a dataset's header says, as far as the catalogue wants to know it. */
export type Described = Omit<Recorded, 'instance'> & {
  instance: Pick<
    Instance,
    | 'id'
    | 'patient'
    | 'study'
    | 'series'
    | 'sopClassUid'
    | 'sopInstanceUid'
    | 'studyInstanceUid'
    | 'seriesInstanceUid'
    | 'tags'
  >
}

/** No main tag's text is kept beyond this; identifiers are made from the whole. */
const longestText = 4_096

/** Fault: `identifiers-missing`. */
export function describe(dataset: Dataset): Described {
  const sopClassUid = uidOf(dataset, 'SOPClassUID')
  const sopInstanceUid = uidOf(dataset, 'SOPInstanceUID')
  const studyInstanceUid = uidOf(dataset, 'StudyInstanceUID')
  const seriesInstanceUid = uidOf(dataset, 'SeriesInstanceUID')
  const patientId = dataset.text('PatientID') ?? ''
  const series = cut(mainTagsOf(dataset, 'Series'))
  const expectedInstances = expectedOf(series)
  return {
    instance: {
      id: publicIdOf(patientId, studyInstanceUid, seriesInstanceUid, sopInstanceUid),
      patient: publicIdOf(patientId),
      study: publicIdOf(patientId, studyInstanceUid),
      series: publicIdOf(patientId, studyInstanceUid, seriesInstanceUid),
      ...{ sopClassUid, sopInstanceUid, studyInstanceUid, seriesInstanceUid },
      tags: cut(mainTagsOf(dataset, 'Instance')),
    },
    tags: {
      patient: cut(mainTagsOf(dataset, 'Patient')),
      study: cut(mainTagsOf(dataset, 'Study')),
      series,
    },
    ...(expectedInstances && { expectedInstances }),
  }
}

function uidOf(dataset: Dataset, keyword: string): string {
  const text = dataset.text(keyword)
  if (!text) throw new Fault('identifiers-missing', `${keyword} is missing`)
  if (!isUidOfDevices(text)) throw new Fault('identifiers-missing', `${keyword} is no UID`)
  return text
}

function cut(tags: Record<string, string>): MainTags {
  for (const keyword in tags) {
    const text = tags[keyword]!
    if (text.length > longestText) tags[keyword] = text.slice(0, longestText)
  }
  return tags
}

/** How many instances a series is to have, by the first of Orthanc's rules that applies. */
function expectedOf(series: MainTags): number | undefined {
  const count = (keyword: string): number | undefined => {
    const text = series[keyword]?.trim() ?? ''
    return /^\+?\d{1,9}$/.test(text) ? Number(text) : undefined
  }
  const rules = [
    [count('ImagesInAcquisition'), count('NumberOfTemporalPositions')],
    [count('NumberOfSlices'), count('NumberOfTimeSlices')],
    [count('CardiacNumberOfImages'), 1],
  ] as const
  for (const [one, other] of rules) {
    if (one !== undefined && other !== undefined) return one * other || undefined
  }
  return undefined
}
