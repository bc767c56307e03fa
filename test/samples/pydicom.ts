import { execFileSync } from 'node:child_process'

/** One of the DICOM files that Debian's python3-pydicom ships, as pydicom itself reads it. */
export interface Sample {
  file: string
  sopInstanceUid: string
  studyInstanceUid: string
  seriesInstanceUid: string
  patientId: string
  transferSyntaxUid: string
}

const listing = `
import json, os, sys, warnings
warnings.simplefilter('ignore')
import pydicom
found = []
for folder, _, names in os.walk(os.path.dirname(pydicom.__file__) + '/data'):
    for name in sorted(names):
        try:
            d = pydicom.dcmread(os.path.join(folder, name), stop_before_pixels=True)
        except Exception:
            continue
        text = lambda key: str(d.get(key) or '')
        found.append(dict(file=os.path.join(folder, name), sopInstanceUid=text('SOPInstanceUID'),
            studyInstanceUid=text('StudyInstanceUID'), seriesInstanceUid=text('SeriesInstanceUID'),
            patientId=text('PatientID'),
            transferSyntaxUid=str(d.file_meta.get('TransferSyntaxUID') or '')))
json.dump(sorted(found, key=lambda each: each['file']), sys.stdout)
`

/** Every file that pydicom reads, whether or not it has what an archive needs. */
export function pydicomSamples(): Sample[] {
  return JSON.parse(
    execFileSync('/usr/bin/python3', ['-c', listing], { encoding: 'utf8', maxBuffer: 1e8 }),
  )
}

/**
 * The samples in rounds without two that share a SOP Instance UID: pydicom ships one image in many
 * encodings, and an archive keeps the first of them.
 */
export function roundsOf(samples: readonly Sample[]): Sample[][] {
  const rounds: Map<string, Sample>[] = []
  for (const sample of samples) {
    const round = rounds.find(each => !each.has(sample.sopInstanceUid))
    if (round) round.set(sample.sopInstanceUid, sample)
    else rounds.push(new Map([[sample.sopInstanceUid, sample]]))
  }
  return rounds.map(round => [...round.values()])
}
