import { faultOf } from '../../faults.ts'
import { storageSopClasses } from '../../standard/dicom/dicom.ts'
import {
  type OutgoingAssociation,
  type OutgoingContext,
  verificationSopClass,
} from '../../standard/dimse/dimse.ts'
import type { Asked } from './asking.ts'
import { associate, type Calling, timersOf, tlsOf } from './association.ts'
import { type Certificate, certificateOf } from './certificate.ts'
import { contextFor, once } from './question.ts'
import { availabilitySopClass, models, storageCommitmentSopClass } from './services.ts'
import type { Node } from './settings.ts'
import { exchangedSyntaxes, mostContexts } from './storageContexts.ts'

/** What a peer takes and how it presents itself. */
export interface Capabilities {
  /** What its port speaks; the node's `useTls` is wrong when it says otherwise. */
  speaks: 'plain' | 'tls'
  implementationClassUid?: string
  implementationVersionName?: string
  /** The longest P-DATA-TF it takes, in bytes; 0: any. */
  maxPduLength: number
  /** Of a TLS port. */
  certificate?: Certificate
  /** Storage SOP classes that it takes, each with the transfer syntaxes it takes it in. */
  storage: { sopClassUid: string; name: string; transferSyntaxes: string[] }[]
  /** Other services that it takes, by our words for them. */
  services: Service[]
  /** How many associations it took to find out. */
  associations: number
}

const services = {
  echo: verificationSopClass,
  'find-patient': models.patient.find,
  'find-study': models.study.find,
  'find-worklist': models.worklist.find,
  'move-patient': models.patient.move,
  'move-study': models.study.move,
  'get-patient': models.patient.get,
  'get-study': models.study.get,
  'storage-commitment': storageCommitmentSopClass,
  'instance-availability': availabilitySopClass,
} as const

/** A service that a peer can be asked for, besides storage. */
export type Service = keyof typeof services

export interface ProbeOptions extends Asked {
  /** Told after each association. */
  onProgress?(progress: { associations: number; of: number }): void
  /** Default: all of the standard. */
  sopClasses?: readonly string[]
  /** Default: all in which images are exchanged. */
  transferSyntaxes?: readonly string[]
}

/** With many transfer syntaxes each, half of the contexts keep the request below 100 KB. */
const contextsAtFirst = mostContexts / 2

/** What the other language's port makes of ours. */
const misunderstandings = new Set(['peer-unreachable', 'peer-aborted', 'protocol-broken'])
/** What only a port says that understood: it refuses, or speaks HTTP. */
const understood = new Set(['peer-refused', 'protocol-broken'])

/**
 * Negotiates and releases, and sends nothing to keep: first each SOP class in all transfer syntaxes,
 * then each that is taken in each of them alone. A port that speaks TLS where plain was expected,
 * or the other way round, is asked in its own language, and its refusal in that is the one that is
 * told; an untrusted certificate is reported, and looked past, since nothing is entrusted to it here.
 */
export async function probe(
  calling: Calling & { now: () => number },
  node: Node,
  options: ProbeOptions = {},
): Promise<Capabilities> {
  const trusting: Node = { ...node, tlsFiles: { ...node.tlsFiles, verify: false } }
  const asking = toldAsProbe(calling, node)
  try {
    return await survey(asking, trusting, options)
  } catch (thrown) {
    if (!misunderstandings.has(faultOf(thrown).code)) throw thrown
    const other = { ...trusting, useTls: !node.useTls }
    return await survey(asking, other, options).catch((again: unknown) => {
      throw understood.has(faultOf(again).code) ? again : thrown
    })
  }
}

/** Its many associations are told as what they are: that much is not taken is no trouble here. */
function toldAsProbe<C extends Calling>(calling: C, { aet, host, port }: Node): C {
  const { onRecord } = calling
  if (!onRecord) return calling
  const sentence = `${aet} at ${host}:${port} was asked what it takes; nothing was sent.`
  return {
    ...calling,
    onRecord: record => onRecord(record.outcome === 'released' ? { ...record, sentence } : record),
  }
}

async function survey(
  calling: Calling & { now: () => number },
  node: Node,
  options: ProbeOptions,
): Promise<Capabilities> {
  const { sopClasses = [...storageSopClasses.keys()], stop, cancel } = options
  const ending = [stop, cancel].filter(signal => signal !== undefined)
  const over = ending.length > 0 ? AbortSignal.any(ending) : undefined
  const certificate = node.useTls
    ? await certificateOf({
        ...{ host: node.host, port: node.port, now: calling.now, stop: over },
        tls: tlsOf(node, calling),
        seconds: timersOf(node, calling).connect,
      })
    : undefined
  let associations = 0
  let of = 0
  let met: OutgoingAssociation | undefined

  /** The contexts that are accepted, over as many associations as they need. */
  async function* accepted(contexts: readonly OutgoingContext[], atOnce: number) {
    const parts = Array.from({ length: Math.ceil(contexts.length / atOnce) }, (_, part) =>
      contexts.slice(part * atOnce, (part + 1) * atOnce),
    )
    of += parts.length
    for (const part of parts) {
      const opening = associate(node, calling, { contexts: part, stop: over })
      met = await once(opening, async association => association)
      associations++
      options.onProgress?.({ associations, of })
      yield* met.contexts.filter(each => each.transferSyntax !== undefined)
    }
  }

  const taken = new Set<string>()
  const transferSyntaxes = options.transferSyntaxes ?? exchangedSyntaxes
  const first = [
    ...Object.values(services).map(contextFor),
    ...sopClasses.map(abstractSyntax => ({ abstractSyntax, transferSyntaxes })),
  ]
  for await (const { abstractSyntax } of accepted(first, contextsAtFirst)) taken.add(abstractSyntax)
  const storage = new Map(
    sopClasses.filter(uid => taken.has(uid)).map(uid => [uid, [] as string[]]),
  )
  const second = [...storage.keys()].flatMap(abstractSyntax =>
    transferSyntaxes.map(uid => ({ abstractSyntax, transferSyntaxes: [uid] })),
  )
  for await (const { abstractSyntax, transferSyntax } of accepted(second, mostContexts))
    storage.get(abstractSyntax)!.push(transferSyntax!)
  const { implementationClassUid, implementationVersionName, maxPduLength } = met!.info
  return {
    speaks: node.useTls ? 'tls' : 'plain',
    ...(implementationClassUid ? { implementationClassUid } : {}),
    ...(implementationVersionName ? { implementationVersionName } : {}),
    maxPduLength,
    ...(certificate ? { certificate } : {}),
    storage: [...storage].map(([sopClassUid, takenIn]) => ({
      sopClassUid,
      name: storageSopClasses.get(sopClassUid) ?? sopClassUid,
      transferSyntaxes: takenIn,
    })),
    services: (Object.keys(services) as Service[]).filter(name => taken.has(services[name])),
    associations,
  }
}
