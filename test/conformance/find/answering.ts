import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createScp, type ScpSettings, scpSettings } from '../../../appliance/doors/scp/scp.ts'
import { openNodes } from '../../../appliance/duties/nodes/nodes.ts'
import { silentLog } from '../../../appliance/log.ts'
import {
  type Dataset,
  explicitLittleEndian,
  type NewElement,
  readDataset,
  writeDataset,
} from '../../../appliance/standard/dicom/dicom.ts'
import { connect, type Reply } from '../../../appliance/standard/dimse/dimse.ts'
import { type Holdings, openHoldings, origin } from '../../faults/holdings.ts'
import { inPieces } from '../../faults/images.ts'

/** The archive behind its DICOM port, in this process. */
export interface AnsweringBox extends Holdings {
  port: number
  /** Keeps a Part 10 file. */
  keep(file: string): Promise<void>
  stop(): Promise<void>
}

export const patientRoot = '1.2.840.10008.5.1.4.1.2.1.1'
export const studyRoot = '1.2.840.10008.5.1.4.1.2.2.1'
export const patientStudyOnly = '1.2.840.10008.5.1.4.1.2.3.1'

export async function startAnswering(
  find: Partial<Record<keyof ScpSettings['find'], unknown>> = {},
): Promise<AnsweringBox> {
  const folder = await mkdtemp(join(tmpdir(), 'waystation-find-'))
  const holdings = await openHoldings({ folder })
  const scp = createScp({
    settings: scpSettings.parse({ host: '127.0.0.1', port: 0, find }),
    archive: holdings.archive,
    nodes: openNodes({ settings: [], store: holdings.store.space('nodes'), log: silentLog }),
    onRecord: () => {},
    log: silentLog,
    now: () => new Date('2026-01-02T03:04:05.000Z'),
  })
  const stopping = new AbortController()
  const running = scp.run(stopping.signal)
  const { port = 0 } = await scp.listening
  return {
    ...holdings,
    port,
    async keep(file) {
      await holdings.archive.receiveFile(inPieces(readFileSync(file), 65_536), origin)
    },
    async stop() {
      stopping.abort()
      await running
      await holdings.close()
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
