import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLog } from '../../../appliance/log.ts'
import type { NewElement } from '../../../appliance/standard/dicom/dicom.ts'
import { explicitLittleEndian, writeDataset } from '../../../appliance/standard/dicom/dicom.ts'
import {
  type ConnectOptions,
  connect,
  type OutgoingAssociation,
  type Reply,
} from '../../../appliance/standard/dimse/dimse.ts'
import { createTranscoder } from '../../../appliance/standard/pixels/pixels.ts'
import { datasetOf } from '../../samples/part10.ts'
import { type Box, type BoxOptions, startBox } from '../nodes/box.ts'

export const patientRoot = {
  move: '1.2.840.10008.5.1.4.1.2.1.2',
  get: '1.2.840.10008.5.1.4.1.2.1.3',
}
export const studyRoot = {
  move: '1.2.840.10008.5.1.4.1.2.2.2',
  get: '1.2.840.10008.5.1.4.1.2.2.3',
}
export const patientStudyOnly = {
  move: '1.2.840.10008.5.1.4.1.2.3.2',
  get: '1.2.840.10008.5.1.4.1.2.3.3',
}

/** A box that converts, in a folder that is gone with it. */
export interface GivingBox extends Box {
  folderWithin(name: string): string
}

export async function startGiving(more: Pick<BoxOptions, 'log'> = {}): Promise<GivingBox> {
  const folder = await mkdtemp(join(tmpdir(), 'waystation-retrieve-'))
  const box = await startBox({
    ...{ aet: 'WAYSTATION', folder, transcoder: createTranscoder(), ...more },
  })
  return {
    ...box,
    folderWithin(name) {
      mkdirSync(join(folder, name), { recursive: true })
      return join(folder, name)
    },
    async stop() {
      await box.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export interface Wanting {
  /** SOP class of the C-MOVE or C-GET. */
  model: string
  /** In place of that of the SOP class. */
  operation?: 'C-MOVE' | 'C-GET'
  level?: string
  keys?: readonly NewElement[]
  /** In place of level and keys. */
  identifier?: Uint8Array
  destination?: string
  cancel?: AbortSignal
  extended?: readonly number[]
  /** Further contexts, such as those of storage in a C-GET. */
  contexts?: ConnectOptions['contexts']
  services?: ConnectOptions['services']
}

/** An association that asks for images. */
export function callFor(port: number, wanting: Wanting): Promise<OutgoingAssociation> {
  const { model, contexts = [], services, extended } = wanting
  return connect({
    ...{ host: '127.0.0.1', port, callingAeTitle: 'ASKER', calledAeTitle: 'WAYSTATION' },
    contexts: [{ abstractSyntax: model, transferSyntaxes: [explicitLittleEndian] }, ...contexts],
    ...(services && { services }),
    ...(extended && {
      extended: [{ sopClassUid: model, applicationInformation: Uint8Array.from(extended) }],
    }),
    log: silentLog,
  })
}

/** Every reply to one C-MOVE or C-GET. */
export async function retrieve(port: number, wanting: Wanting): Promise<Reply[]> {
  const { model, level, keys = [], destination, cancel } = wanting
  const association = await callFor(port, wanting)
  const named = level === undefined ? [] : [{ tag: 'QueryRetrieveLevel', value: level }]
  const ofMove = [patientRoot, studyRoot, patientStudyOnly].some(({ move }) => move === model)
  const operation = wanting.operation ?? (ofMove ? 'C-MOVE' : 'C-GET')
  const isMove = operation === 'C-MOVE'
  const dataset = wanting.identifier ?? writeDataset([...named, ...keys], explicitLittleEndian)
  const replies = await Array.fromAsync(
    association.perform({
      operation,
      sopClassUid: model,
      ...(dataset.length > 0 && { dataset }),
      ...(isMove && { moveDestination: destination ?? 'NOWHERE' }),
      ...(cancel && { cancel }),
    }),
  )
  await association.release()
  return replies
}

/** Datasets in a folder of Part 10 files, by DCMTK's names of them: prefix and SOP Instance UID. */
export function datasetsIn(folder: string): Map<string, Buffer> {
  return new Map(
    readdirSync(folder).map(name => [
      name.slice(name.indexOf('.') + 1),
      datasetOf(readFileSync(join(folder, name))),
    ]),
  )
}
