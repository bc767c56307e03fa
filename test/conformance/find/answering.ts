import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ScpSettings } from '../../../appliance/doors/scp/scp.ts'
import { silentLog } from '../../../appliance/log.ts'
import {
  type Dataset,
  explicitLittleEndian,
  type NewElement,
  readDataset,
  writeDataset,
} from '../../../appliance/standard/dicom/dicom.ts'
import { connect, type Reply } from '../../../appliance/standard/dimse/dimse.ts'
import { type Box, startBox } from '../nodes/box.ts'

export const patientRoot = '1.2.840.10008.5.1.4.1.2.1.1'
export const studyRoot = '1.2.840.10008.5.1.4.1.2.2.1'
export const patientStudyOnly = '1.2.840.10008.5.1.4.1.2.3.1'

/** A box in a folder that is gone with it. */
export async function startAnswering(
  find: Partial<Record<keyof ScpSettings['find'], unknown>> = {},
): Promise<Box> {
  const folder = await mkdtemp(join(tmpdir(), 'waystation-find-'))
  const box = await startBox({ aet: 'WAYSTATION', folder, dicom: { find } })
  return {
    ...box,
    async stop() {
      await box.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export interface Question {
  model?: string
  level?: string
  keys?: readonly NewElement[]
  /** Proposed by extended negotiation: PS3.4 C.5.1.1. */
  extended?: readonly number[]
  transferSyntaxUid?: string
  /** In place of level and keys. */
  identifier?: Uint8Array
  cancel?: AbortSignal
}

/** Every reply of one C-FIND, its dataset as it came and read. */
export async function ask(
  port: number,
  question: Question,
): Promise<(Reply & { found?: Dataset })[]> {
  const { model = studyRoot, level, keys = [], extended, cancel } = question
  const transferSyntaxUid = question.transferSyntaxUid ?? explicitLittleEndian
  const association = await connect({
    ...{ host: '127.0.0.1', port, callingAeTitle: 'ASKER', calledAeTitle: 'WAYSTATION' },
    contexts: [{ abstractSyntax: model, transferSyntaxes: [transferSyntaxUid] }],
    ...(extended && {
      extended: [{ sopClassUid: model, applicationInformation: Uint8Array.from(extended) }],
    }),
    log: silentLog,
  })
  const named = level === undefined ? [] : [{ tag: 'QueryRetrieveLevel', value: level }]
  const replies = []
  for await (const reply of association.perform({
    operation: 'C-FIND',
    sopClassUid: model,
    dataset: question.identifier ?? writeDataset([...named, ...keys], transferSyntaxUid),
    ...(cancel && { cancel }),
  })) {
    const { dataset } = reply
    replies.push({ ...reply, ...(dataset && { found: readDataset(dataset, transferSyntaxUid) }) })
  }
  await association.release()
  return replies
}

/** What was found, each as the text of one of its elements; the final status must be success. */
export async function found(
  port: number,
  question: Question,
  keyword: string,
): Promise<(string | undefined)[]> {
  const replies = await ask(port, question)
  const final = replies.pop()!
  if (final.status !== 0) throw new Error(`ended with ${final.status.toString(16)}`)
  return replies.map(reply => reply.found!.text(keyword)).sort()
}
