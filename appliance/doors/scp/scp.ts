/** DIMSE services answered from the archive: what a scanner talks to. */
import { lookup } from 'node:dns/promises'
import type { Asking, Commitments, Nodes, Sending } from '../../duties/nodes/nodes.ts'
import type { Archive } from '../../holdings/archive/archive.ts'
import type { Log } from '../../log.ts'
import {
  type Acceptor,
  type ConnectionRecord,
  createAcceptor,
  type Offers,
  type OperationRequest,
  type Reply,
  status,
  verificationSopClass,
} from '../../standard/dimse/dimse.ts'
import { type Acceptance, createAcceptance } from './acceptance.ts'
import { createAdmission } from './admission.ts'
import { commitmentOffer, createCommitment } from './commitment.ts'
import { createFind, findOffer } from './find.ts'
import { createGet, createMove, givenSyntaxes, retrieveOffer } from './retrieve.ts'
import type { ScpSettings } from './settings.ts'
import { store } from './store.ts'

export { type Acceptance, createAcceptance } from './acceptance.ts'
export { type ConnectionLog, openConnectionLog, type RefusedCaller } from './connections.ts'
export { aeTitle, type ScpSettings, scpSettings } from './settings.ts'
export { store as keepImage } from './store.ts'

export function createScp(options: {
  settings: ScpSettings
  archive: Archive
  nodes: Nodes
  /** For C-MOVE, which is not served without. */
  asking?: Pick<Asking, 'store'>
  /** Converts what whoever asks by C-GET does not take as it is. */
  transcoder?: Sending['transcoder']
  /** Storage commitment, which is not served without. */
  commitments?: Pick<Commitments, 'take' | 'reported'>
  /** What C-STORE takes now; without it, what the settings say. */
  acceptance?: Acceptance
  onRecord: (record: ConnectionRecord) => void
  /** Told of each query and retrieval that is over, with how long it took. */
  answered?: (operation: string, milliseconds: number) => void
  log: Log
  now: () => Date
}): Acceptor & { offers: Offers } {
  const { settings, archive, log, now, asking, transcoder, commitments } = options
  const acceptance = options.acceptance ?? createAcceptance(settings)
  const offers = offersOf(acceptance)
  const admission = createAdmission({
    ...{ settings, nodes: options.nodes, addressesOf, log },
    readiness: archive.readiness,
    takesSopClass: acceptance.takesSopClass,
  })
  const { nodeOf } = admission
  const retrieve = { archive, log, nodeOf, nodes: options.nodes, ...(transcoder && { transcoder }) }
  const acceptor = createAcceptor({
    ...(settings.host === undefined ? {} : { host: settings.host }),
    port: settings.port,
    ...(settings.tls === undefined ? {} : { tls: settings.tls }),
    aeTitles: settings.checkCalledAet ? [settings.aet, ...settings.aliases] : 'any',
    timers: settings.timers,
    limits: settings.limits,
    admit: admission.admit,
    offers,
    services: admission.guarding({
      echo: async () => ({ status: status.success }),
      store: request => store(archive, request, { log, now }),
      operations: {
        ...timed(options, {
          'C-FIND': createFind({ archive, settings: settings.find, aet: settings.aet, log }),
          'C-GET': createGet(retrieve),
          ...(asking && { 'C-MOVE': createMove({ ...retrieve, asking }) }),
        }),
        ...(commitments && {
          'N-ACTION': createCommitment(commitments),
          'N-EVENT-REPORT': commitments.reported,
        }),
      },
    }),
    onRecord: record => options.onRecord(admission.told(record)),
    log,
  })
  return Object.assign(acceptor, { offers })
}

type Answering = (request: OperationRequest) => AsyncIterable<Reply>

/** The same answers, and how long each lot of them took. */
function timed(
  { answered, now }: { answered?: (name: string, milliseconds: number) => void; now: () => Date },
  operations: Readonly<Record<string, Answering>>,
): Record<string, Answering> {
  return Object.fromEntries(
    Object.entries(operations).map(([name, answer]) => [
      name,
      async function* (request) {
        const begun = now().getTime()
        try {
          yield* answer(request)
        } finally {
          answered?.(name, now().getTime() - begun)
        }
      },
    ]),
  )
}

async function addressesOf(host: string): Promise<string[]> {
  const found = await lookup(host, { all: true })
  return found.map(({ address }) => address)
}

/**
 * Verification, query and retrieve, storage commitment; and storage in whatever accepted transfer
 * syntax the sender names first: nothing is parsed to be stored, so nothing has to be converted.
 */
export function offersOf(
  acceptance: Pick<Acceptance, 'takesSopClass' | 'takesTransferSyntax'>,
): Offers {
  const uncompressed = ['1.2.840.10008.1.2.1', '1.2.840.10008.1.2', '1.2.840.10008.1.2.2']
  return (abstractSyntax, { roles }) => {
    if (abstractSyntax === verificationSopClass) return { transferSyntaxes: uncompressed }
    const asked =
      findOffer(abstractSyntax) ?? retrieveOffer(abstractSyntax) ?? commitmentOffer(abstractSyntax)
    if (asked) return asked
    if (!acceptance.takesSopClass(abstractSyntax)) return undefined
    const gets = roles.some(({ sopClassUid, scp }) => scp && sopClassUid === abstractSyntax)
    return {
      transferSyntaxes: gets ? givenSyntaxes : acceptance.takesTransferSyntax,
      callerMayBeScp: true,
    }
  }
}
