import { createReadStream, readFileSync, statSync } from 'node:fs'
import type { Parcel } from '../../../appliance/duties/forward/destinations/destination.ts'
import type { Instance } from '../../../appliance/holdings/catalog/catalog.ts'
import { publicIdOf, readDataset, readFileMeta } from '../../../appliance/standard/dicom/dicom.ts'

/** A parcel of a file on disk, read as the archive would read it. */
export function parcelOf(file: string): Parcel {
  const content = readFileSync(file)
  const head = readFileMeta(content)
  if (head === 'more') throw new Error(`${file} ends in its head`)
  const { transferSyntaxUid, datasetOffset } = head
  const dataset = readDataset(content.subarray(datasetOffset), transferSyntaxUid, { lenient: true })
  const uid = (keyword: string) => dataset.text(keyword) ?? ''
  const [study, series, sop] = ['StudyInstanceUID', 'SeriesInstanceUID', 'SOPInstanceUID'].map(uid)
  const instance = {
    id: publicIdOf(uid('PatientID'), study!, series!, sop!),
    sopClassUid: uid('SOPClassUID'),
    ...{ sopInstanceUid: sop, studyInstanceUid: study, seriesInstanceUid: series },
    ...{ transferSyntaxUid, datasetOffset, bytes: statSync(file).size },
  } as unknown as Instance
  return {
    instance,
    dataset: () => createReadStream(file, { start: datasetOffset }),
    file: () => createReadStream(file),
  }
}
