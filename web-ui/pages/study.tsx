import { useStudy } from '../api/api.ts'
import { dicomDate, personName } from '../elements/elements.ts'

/** A study as people know it: whose, of what, from when; its identifier when it has left. */
export function StudyName({ id }: { id: string }) {
  const { data, error } = useStudy(id)
  if (!data) return <span>{error ? `A study no longer kept here (${id})` : '…'}</span>
  const { PatientName = '', PatientID = '' } = data.PatientMainDicomTags
  const { StudyDescription, StudyDate = '', AccessionNumber } = data.MainDicomTags
  const parts = [
    personName(PatientName) || PatientID || 'Without a name',
    StudyDescription,
    dicomDate(StudyDate),
    AccessionNumber && `accession ${AccessionNumber}`,
  ]
  return <span>{parts.filter(Boolean).join(' · ')}</span>
}
