import type { Instance, PublicId } from '../../holdings/catalog/catalog.ts'
import {
  explicitLittleEndian,
  generateUid,
  implementation,
  type NewElement,
  writeDataset,
  writeFileMeta,
} from '../../standard/dicom/dicom.ts'
import type { Desk } from './desk.ts'
import { Refusal } from './errors.ts'
import {
  keysOfInstance,
  keysOfPatient,
  keysOfSeries,
  keysOfStudy,
  recordTypeOf,
} from './mediaKeys.ts'

/**
 * A DICOM File-set on media (PS3.10 §8) with its DICOMDIR (PS3.3 Annex F). File names are those of
 * ISO 9660 level 1: folders and files of up to eight capitals and digits, without extension.
 */
export interface Media {
  /** The name of a file for this instance as it is written, which the directory then refers to. */
  add(
    instance: Instance,
    written: { transferSyntaxUid: string; sopInstanceUid: string },
  ): Promise<string>
  /** The DICOMDIR of all that was added. */
  directory(): Uint8Array
}

const mediaStorageDirectory = '1.2.840.10008.1.3.10'
const folder = 'IMAGES'
/** `IM` and six digits: more names of eight characters there are not. */
const filesAtMost = 1_000_000

interface Record {
  bytes: Buffer
  children: Record[]
  offset: number
}

export function createMedia(desk: Desk, { extended }: { extended: boolean }): Media {
  const { catalog } = desk.archive
  const root: Record[] = []
  const known = new Map<PublicId, Record>()
  let files = 0

  /** The record of a resource in the directory below `siblings`, made when it is its first. */
  function recordOf(
    id: PublicId,
    siblings: Record[],
    type: string,
    keys: (number: number) => NewElement[],
  ): Record {
    const found = known.get(id)
    if (found) return found
    const record = recordWith(type, keys(siblings.length + 1))
    siblings.push(record)
    known.set(id, record)
    return record
  }

  return {
    async add(instance, { transferSyntaxUid, sopInstanceUid }) {
      if (files >= filesAtMost) {
        throw new Refusal('ParameterOutOfRange', `Media hold at most ${filesAtMost} files`)
      }
      const name = `IM${files++}`
      const tagsOf = (id: PublicId) => catalog.parent(id)?.tags ?? {}
      const patient = recordOf(instance.patient, root, 'PATIENT', () =>
        keysOfPatient(tagsOf(instance.patient), instance.patient, extended),
      )
      const study = recordOf(instance.study, patient.children, 'STUDY', number =>
        keysOfStudy(tagsOf(instance.study), instance.studyInstanceUid, number, extended),
      )
      const series = recordOf(instance.series, study.children, 'SERIES', number =>
        keysOfSeries(tagsOf(instance.series), instance.seriesInstanceUid, number, extended),
      )
      const type = recordTypeOf(instance.sopClassUid)
      const number = series.children.length + 1
      const record = recordWith(type, [
        { tag: 'ReferencedFileID', value: [folder, name] },
        { tag: 'ReferencedSOPClassUIDInFile', value: instance.sopClassUid },
        { tag: 'ReferencedSOPInstanceUIDInFile', value: sopInstanceUid },
        { tag: 'ReferencedTransferSyntaxUIDInFile', value: transferSyntaxUid },
        ...(await keysOfInstance(desk, instance, type, number, extended)),
      ])
      series.children.push(record)
      return `${folder}/${name}`
    },

    directory() {
      const uid = generateUid(desk.random)
      const meta = writeFileMeta({
        sopClassUid: mediaStorageDirectory,
        sopInstanceUid: uid,
        transferSyntaxUid: explicitLittleEndian,
        implementationClassUid: implementation.classUid,
        implementationVersionName: implementation.versionName,
      })
      return layOut(meta, root)
    },
  }
}

/** The first three elements of every record have fixed places (PS3.3 F.3.2.2); offsets come later. */
const nextAt = 8 + 8
const lowerAt = nextAt + 4 + 10 + 8
const inUse = 0xffff

function recordWith(type: string, keys: readonly NewElement[]): Record {
  // Text beyond ASCII is written in UTF-8, and only then a character set is named.
  const foreign = keys.some(isForeign)
  const dataset = writeDataset(
    [
      { tag: 'OffsetOfTheNextDirectoryRecord', value: 0 },
      { tag: 'RecordInUseFlag', value: inUse },
      { tag: 'OffsetOfReferencedLowerLevelDirectoryEntity', value: 0 },
      { tag: 'DirectoryRecordType', value: type },
      ...(foreign ? [{ tag: 'SpecificCharacterSet', value: 'ISO_IR 192' }] : []),
      ...keys,
    ],
    explicitLittleEndian,
  )
  const item = Buffer.alloc(8)
  item.writeUInt16LE(0xfffe, 0)
  item.writeUInt16LE(0xe000, 2)
  item.writeUInt32LE(dataset.length, 4)
  return { bytes: Buffer.concat([item, dataset]), children: [], offset: 0 }
}

function isForeign({ value, items }: NewElement): boolean {
  const texts = [value].flat().filter(each => typeof each === 'string')
  return texts.some(text => /[\u0080-\uffff]/.test(text)) || !!items?.flat().some(isForeign)
}

/**
 * The directory with its records depth first, each pointing at its next sibling and its first child
 * by offsets from the first byte of the file (PS3.3 F.3.2.2).
 */
function layOut(meta: Uint8Array, root: readonly Record[]): Uint8Array {
  const head = (first: number, last: number) =>
    writeDataset(
      [
        { tag: 'FileSetID', value: 'WAYSTATION' },
        { tag: 'OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity', value: first },
        { tag: 'OffsetOfTheLastDirectoryRecordOfTheRootDirectoryEntity', value: last },
        { tag: 'FileSetConsistencyFlag', value: 0 },
      ],
      explicitLittleEndian,
    )
  const sequence = Buffer.from([0x04, 0x00, 0x20, 0x12, 0x53, 0x51, 0, 0, 0, 0, 0, 0])
  const begin = meta.length + head(0, 0).length + sequence.length
  let at = begin
  const all: Record[] = []
  const place = (records: readonly Record[]) => {
    for (const record of records) {
      record.offset = at
      at += record.bytes.length
      all.push(record)
      place(record.children)
    }
  }
  place(root)
  const link = (records: readonly Record[]) => {
    for (const [i, record] of records.entries()) {
      record.bytes.writeUInt32LE(records[i + 1]?.offset ?? 0, nextAt)
      record.bytes.writeUInt32LE(record.children[0]?.offset ?? 0, lowerAt)
      link(record.children)
    }
  }
  link(root)
  sequence.writeUInt32LE(at - begin, 8)
  const front = head(root[0]?.offset ?? 0, root.at(-1)?.offset ?? 0)
  return Buffer.concat([meta, front, sequence, ...all.map(({ bytes }) => bytes)])
}
