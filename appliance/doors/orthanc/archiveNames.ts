import type { Instance, PublicId } from '../../holdings/catalog/catalog.ts'
import type { Desk } from './desk.ts'

/**
 * Names of instances in an archive, as Orthanc 1.13.0 forms them: a folder for the patient, the
 * study and the series, and within it the modality with a running number. Of two folders that would
 * have the same name, the later gets a number behind it, so no file ever hides another.
 */
export function createNaming(desk: Desk, utf8: boolean): (instance: Instance) => string {
  const { catalog } = desk.archive
  const folders = new Map<PublicId, string>()
  const owners = new Map<string, PublicId>()
  const counts = new Map<PublicId, number>()
  const clean = (text: string | undefined) => cleaned(text ?? '', utf8)

  function folder(
    id: PublicId,
    above: string,
    parts: (string | undefined)[],
    empty: string,
  ): string {
    const known = folders.get(id)
    if (known !== undefined) return known
    const name =
      parts
        .map(clean)
        .filter(part => part !== '')
        .join(' - ') || empty
    let path = `${above}${name}/`
    for (let i = 2; owners.has(path.toLowerCase()); i++) path = `${above}${name}-${i}/`
    owners.set(path.toLowerCase(), id)
    folders.set(id, path)
    return path
  }

  return instance => {
    const patient = catalog.parent(instance.patient)?.tags ?? {}
    const study = catalog.parent(instance.study)?.tags ?? {}
    const series = catalog.parent(instance.series)?.tags ?? {}
    const inPatient = folder(
      instance.patient,
      '',
      [patient.PatientID, patient.PatientName],
      'Unknown Patient',
    )
    const inStudy = folder(
      instance.study,
      inPatient,
      [study.AccessionNumber, study.StudyDescription],
      'Unknown Study',
    )
    const inSeries = folder(
      instance.series,
      inStudy,
      [series.SeriesNumber, series.Modality, series.SeriesDescription],
      'Unknown Series',
    )
    const number = counts.get(instance.series) ?? 0
    counts.set(instance.series, number + 1)
    const modality = clean(series.Modality).toUpperCase().slice(0, 2)
    return `${inSeries}${modality}${String(number).padStart(8 - modality.length, '0')}.dcm`
  }
}

/** Only what every file system takes, and nothing that leads out of a folder. */
function cleaned(text: string, utf8: boolean): string {
  const kept = text
    .replaceAll('^', ' ')
    .replace(utf8 ? /[^\p{L}\p{M}\p{N} ]/gu : /[^A-Za-z0-9 ]/g, '')
  return kept.replace(/ {2,}/g, ' ').replace(/^ | $/g, '').slice(0, 100)
}
