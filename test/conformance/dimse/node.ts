import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLog } from '../../../appliance/log.ts'
import { readFileMeta } from '../../../appliance/standard/dicom/dicom.ts'
import {
  type AcceptorOptions,
  type ConnectionRecord,
  type ConnectOptions,
  connect,
  createAcceptor,
  type OutgoingAssociation,
  type Services,
  verificationSopClass,
} from '../../../appliance/standard/dimse/dimse.ts'
import { bytes, element, uid } from '../../peers/parrot/bytes.ts'
import { pydicomSamples } from '../../samples/pydicom.ts'
import { writeCt } from '../../samples/synthetic.ts'

export const aeTitle = 'WAYSTATION'

/** One instance in a file, with what must be said of it to send it. */
export interface Instance {
  file: string
  sopClassUid: string
  sopInstanceUid: string
  transferSyntaxUid: string
  /** The dataset's bytes, as they must arrive. */
  dataset: Buffer
}

export function readInstance(file: string): Instance {
  const content = readFileSync(file)
  const head = readFileMeta(content)
  if (head === 'more') throw new Error(`${file} ends in its head`)
  return {
    file,
    sopClassUid: head.meta.text('MediaStorageSOPClassUID') ?? '',
    sopInstanceUid: head.meta.text('MediaStorageSOPInstanceUID') ?? '',
    transferSyntaxUid: head.transferSyntaxUid,
    dataset: content.subarray(head.datasetOffset),
  }
}

/** A folder that is gone with the test. */
export function folder(): { path: string; within(name: string): string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'waystation-dimse-'))
  return {
    path,
    within(name) {
      mkdirSync(join(path, name), { recursive: true })
      return join(path, name)
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  }
}

/** Two images made up here: 3 KB, and 525 KB in many P-DATA-TFs. */
export function syntheticInstances(path: string): Instance[] {
  const shape = { uidRoot: '1.2.826.0.1.3680043.10.99.5', study: 1 }
  return [36, 512].map((rows, at) =>
    readInstance(writeCt(path, { ...shape, instance: at + 1 }, rows).file),
  )
}

/** One real image in each transfer syntax that pydicom's samples have. */
export function instancesOfEverySyntax(): Instance[] {
  const found = new Map<string, Instance>()
  const uids = new Set<string>()
  for (const sample of pydicomSamples()) {
    const { transferSyntaxUid, sopInstanceUid, file } = sample
    if (found.has(transferSyntaxUid) || uids.has(sopInstanceUid) || !sample.studyInstanceUid)
      continue
    if (statSync(file).size > 2_000_000) continue
    const instance = readInstance(file)
    if (instance.sopInstanceUid !== sopInstanceUid || !instance.sopClassUid) continue
    uids.add(sopInstanceUid)
    found.set(transferSyntaxUid, instance)
  }
  return [...found.values()]
}

/** The acceptor under test, keeping in memory what it is sent. */
export interface Node {
  port: number
  tlsPort: number
  /** Datasets by SOP Instance UID, with the transfer syntax they came in. */
  kept: Map<string, { transferSyntaxUid: string; dataset: Buffer }>
  /** Of every association that has ended, oldest first. */
  records: readonly ConnectionRecord[]
  stop(): Promise<void>
}

/** The query and retrieve classes of PS3.4 C.6 begin so. */
const queryRetrieve = '1.2.840.10008.5.1.4.1.2.'

/** Who looks for this patient finds studies until it calls the search off. */
export const endlessPatient = 'ENDLESS'

export const studies = ['1.2.3.1', '1.2.3.2', '1.2.3.3']

/** A match of a C-FIND at study level, Implicit VR Little Endian. */
const match = (study: string) =>
  bytes(element(0x00080052, 'STUDY '), element(0x00100020, 'P1'), element(0x0020000d, uid(study)))

function servicesOf(kept: Node['kept'], holds: readonly Instance[]): Services {
  return {
    async store({ sopInstanceUid, transferSyntaxUid, data }) {
      const chunks: Uint8Array[] = []
      for await (const chunk of data) chunks.push(chunk)
      kept.set(sopInstanceUid, { transferSyntaxUid, dataset: Buffer.concat(chunks) })
      return { status: 0x0000 }
    },
    operations: {
      async *'C-FIND'({ cancelled, dataset }) {
        const endless = Buffer.from(dataset ?? []).includes(endlessPatient)
        for (let at = 0; endless || at < studies.length; at++) {
          if (cancelled.aborted) return
          yield { status: 0xff00, dataset: match(studies[at % studies.length]!) }
          // A C-CANCEL that is on its way gets its turn.
          await new Promise(resolve => setImmediate(resolve))
        }
      },
      async *'C-GET'({ peer }) {
        let completed = 0
        for (const instance of holds) {
          const { dataset, ...named } = instance
          await peer.store({ ...named, data: inChunks(dataset) })
          completed++
          yield {
            status: 0xff00,
            remaining: holds.length - completed,
            completed,
            failed: 0,
            warning: 0,
          }
        }
        yield { status: 0x0000, completed, failed: 0, warning: 0 }
      },
    },
  }
}

export async function startNode(
  options: {
    tls?: Omit<NonNullable<AcceptorOptions['tls']>, 'port'>
    holds?: readonly Instance[]
  } = {},
): Promise<Node> {
  const kept: Node['kept'] = new Map()
  const records: ConnectionRecord[] = []
  const stopping = new AbortController()
  const acceptor = createAcceptor({
    host: '127.0.0.1',
    port: 0,
    ...(options.tls ? { tls: { ...options.tls, port: 0 } } : {}),
    aeTitles: [aeTitle],
    // Matches are written in Implicit VR, images go as they are.
    offers: abstractSyntax =>
      abstractSyntax.startsWith(queryRetrieve)
        ? { transferSyntaxes: ['1.2.840.10008.1.2'] }
        : { transferSyntaxes: 'any', callerMayBeScp: true },
    services: servicesOf(kept, options.holds ?? []),
    onRecord: record => records.push(record),
    log: silentLog,
  })
  const running = acceptor.run(stopping.signal)
  const { port = 0, tlsPort = 0 } = await acceptor.listening
  return {
    port,
    tlsPort,
    kept,
    records,
    async stop() {
      stopping.abort()
      await running
    },
  }
}

export async function* inChunks(whole: Uint8Array): AsyncGenerator<Uint8Array> {
  const size = 65_536
  for (let at = 0; at < whole.length; at += size) yield whole.subarray(at, at + size)
}

/** An association with a peer, with a context for Verification and one for each kind of instance. */
export function call(
  port: number,
  options: Partial<ConnectOptions> & { instances?: readonly Instance[] } = {},
): Promise<OutgoingAssociation> {
  const { instances = [], ...rest } = options
  const kinds = new Map(
    instances.map(each => [
      `${each.sopClassUid} ${each.transferSyntaxUid}`,
      { abstractSyntax: each.sopClassUid, transferSyntaxes: [each.transferSyntaxUid] },
    ]),
  )
  return connect({
    host: '127.0.0.1',
    port,
    callingAeTitle: aeTitle,
    calledAeTitle: 'PEER',
    contexts: [
      { abstractSyntax: verificationSopClass, transferSyntaxes: ['1.2.840.10008.1.2'] },
      ...kinds.values(),
    ],
    log: silentLog,
    ...rest,
  })
}

/** Sends over one association; answers the statuses, and releases. */
export async function sendAll(
  association: OutgoingAssociation,
  instances: readonly Instance[],
): Promise<number[]> {
  const statuses: number[] = []
  for (const { dataset, sopClassUid, sopInstanceUid, transferSyntaxUid } of instances) {
    const data = inChunks(dataset)
    const reply = await association.store({ sopClassUid, sopInstanceUid, transferSyntaxUid, data })
    statuses.push(reply.status)
  }
  await association.release()
  return statuses
}
