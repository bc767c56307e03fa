import { createHash } from 'node:crypto'
import {
  type Instance,
  type OpenStore,
  openCatalog,
  type Recorded,
} from '../../appliance/holdings/catalog/catalog.ts'
import type { BlobKey } from '../../appliance/holdings/storage/storage.ts'
import { publicIdOf } from '../../appliance/standard/dicom/dicom.ts'

/**
 * A catalogue as a clinic's is after some years, made directly through the catalogue's own writing
 * side: no blobs stand behind it. What stands where follows from the number of the study alone, so
 * that a bench can ask for what it knows to be there.
 */
export interface Filling {
  studies: number
  /** Spread over `seriesPerStudy` series. */
  instancesPerStudy: number
  seriesPerStudy?: number
  /** The number of the first study: a second filling goes on behind the first. */
  from?: number
  /** The number of the blob before the first: so many keys count as settled already. */
  blobsBefore?: number
}

const surnames = [
  ...['Müller', 'Schmidt', 'Schneider', 'Fischer', 'Weber', 'Meyer', 'Wagner', 'Becker', 'Schulz'],
  ...[
    'Hoffmann',
    'Nguyen',
    'Rossi',
    'Garcia',
    'Martin',
    'Novák',
    'Jensen',
    'Andersson',
    'Kowalski',
  ],
  ...[
    'Silva',
    'Sánchez',
    'Smith',
    'Jones',
    'Taylor',
    'Brown',
    'Wilson',
    'Okafor',
    'Mensah',
    'Diallo',
  ],
  ...[
    'Tanaka',
    'Suzuki',
    'Kim',
    'Lee',
    'Chen',
    'Wang',
    'Singh',
    'Kumar',
    'Haddad',
    'Cohen',
    'Öztürk',
  ],
]
const givenNames = [
  ...['Anna', 'Ben', 'Clara', 'David', 'Eva', 'Finn', 'Greta', 'Hugo', 'Ida', 'Jan', 'Karin'],
  ...['Lars', 'Maria', 'Nils', 'Olga', 'Paul', 'Quinn', 'Rosa', 'Sven', 'Tina', 'Urs', 'Vera'],
]
const modalities = ['CT', 'MR', 'CR', 'US', 'DX', 'MG']
const uidRoot = '1.2.826.0.1.3680043.10.77'
const firstDay = Date.UTC(2016, 0, 1)
const days = 3_650

/** Spreads numbers over a range, each always to the same place. */
const spread = (number: number, over: number) => ((number * 2_654_435_761) >>> 4) % over

/** What study `number` says of itself. Some patients have two or three studies. */
export function studyOf(number: number) {
  const patient = number - (number % 5 < 2 ? number % 5 : 0)
  const date = new Date(firstDay + spread(number, days) * 86_400_000)
  return {
    patientId: `P${String(patient).padStart(7, '0')}`,
    patientName: `${surnames[spread(patient, surnames.length)]}^${givenNames[spread(patient + 7, givenNames.length)]}${patient % 97}`,
    patientBirthDate: `${1930 + spread(patient, 90)}0${1 + (patient % 9)}1${patient % 10}`,
    studyInstanceUid: `${uidRoot}.${number}`,
    studyDate: date.toISOString().slice(0, 10).replaceAll('-', ''),
    accessionNumber: `A${String(number).padStart(8, '0')}`,
    modality: modalities[spread(number, modalities.length)]!,
  }
}

/** One instance of a study, as the archive would have recorded it. */
export function recordedOf(
  study: number,
  index: number,
  series: number,
  blobNumber: number,
): Recorded {
  const { patientId, studyInstanceUid, modality, ...said } = studyOf(study)
  const seriesInstanceUid = `${studyInstanceUid}.${series + 1}`
  const sopInstanceUid = `${seriesInstanceUid}.${index + 1}`
  const digest = createHash('sha256').update(sopInstanceUid).digest('hex')
  const instance: Instance = {
    id: publicIdOf(patientId, studyInstanceUid, seriesInstanceUid, sopInstanceUid),
    patient: publicIdOf(patientId),
    study: publicIdOf(patientId, studyInstanceUid),
    series: publicIdOf(patientId, studyInstanceUid, seriesInstanceUid),
    sopClassUid: '1.2.840.10008.5.1.4.1.1.2',
    ...{ sopInstanceUid, studyInstanceUid, seriesInstanceUid },
    transferSyntaxUid: '1.2.840.10008.1.2.1',
    tags: {
      SOPInstanceUID: sopInstanceUid,
      InstanceNumber: String(index + 1),
      InstanceCreationDate: said.studyDate,
      InstanceCreationTime: '101500',
      ImagePositionPatient: `-123.5\\-120\\${index * 2.5}`,
      ImageOrientationPatient: '1\\0\\0\\0\\1\\0',
    },
    blob: blobNumber.toString(16).padStart(8, '0') as BlobKey,
    bytes: 525_826,
    ...{ datasetDigest: digest, metaDigest: digest, datasetOffset: 330, pixelDataOffset: 1_500 },
    origin: {
      door: 'DicomProtocol',
      at: '2026-01-02T03:04:05.000Z',
      address: '10.0.0.7',
      callingAeTitle: 'CT1',
      calledAeTitle: 'WAYSTATION',
    },
  }
  return {
    instance,
    tags: {
      patient: {
        PatientID: patientId,
        PatientName: said.patientName,
        PatientBirthDate: said.patientBirthDate,
        PatientSex: study % 2 ? 'F' : 'M',
      },
      study: {
        StudyInstanceUID: studyInstanceUid,
        StudyDate: said.studyDate,
        StudyTime: '101500',
        StudyID: String(study),
        StudyDescription: `${modality} of part ${study % 40}`,
        AccessionNumber: said.accessionNumber,
        ReferringPhysicianName: `Referrer^${spread(study, 300)}`,
        InstitutionName: 'Clinic',
      },
      series: {
        SeriesInstanceUID: seriesInstanceUid,
        Modality: modality,
        SeriesNumber: String(series + 1),
        SeriesDescription: `Series ${series + 1}`,
        Manufacturer: 'Maker',
        StationName: 'CT1',
      },
    },
  }
}

const flushEvery = 2_000

/**
 * Records all of it in the catalogue of a store, and counts its blobs as settled: an archive opened
 * on it looks for none of them. Answers the number of the last blob.
 */
export async function fill(store: OpenStore, filling: Filling): Promise<number> {
  const { studies, instancesPerStudy, seriesPerStudy = 1, from = 0 } = filling
  const { register } = await openCatalog({ store, now: () => new Date('2026-01-02T03:04:06.000Z') })
  let blob = filling.blobsBefore ?? from * instancesPerStudy
  for (let study = from; study < from + studies; study++) {
    for (let index = 0; index < instancesPerStudy; index++) {
      register.record(recordedOf(study, index, index % seriesPerStudy, ++blob))
      if (blob % flushEvery === 0) await store.flushed()
    }
  }
  register.advance(blob.toString(16).padStart(8, '0') as BlobKey)
  register.close()
  await store.flushed()
  return blob
}
