import { type Guarded, guardedService, type Node, type Nodes } from '../../duties/nodes/nodes.ts'
import { Fault } from '../../faults.ts'
import type { Archive } from '../../holdings/archive/archive.ts'
import type { Log } from '../../log.ts'
import {
  type Admission,
  type AssociateRequest,
  type AssociationInfo,
  type ConnectionRecord,
  type Operation,
  type Reply,
  type RoleSelection,
  rejections,
  type Services,
  status,
  verificationSopClass,
} from '../../standard/dimse/dimse.ts'
import type { ScpSettings } from './settings.ts'

type Caller = Pick<AssociationInfo, 'callingAeTitle' | 'remoteAddress'>

/** A connection record that says whether the caller is known. */
export interface CallRecord extends ConnectionRecord {
  /** The known node that called; null: none, a stranger. */
  node: string | null
}

export interface AdmissionDoor {
  /** For the acceptor: whether an association is taken at all. */
  admit(request: AssociateRequest): Admission | Promise<Admission>
  /** The same services, each asked only for those who may; the others get 0124H, not authorized. */
  guarding(services: Services): Services
  /** A connection record with who called, and a sentence on what was refused on its association. */
  told(record: ConnectionRecord): CallRecord
  /** The known node that a caller is, if it is one. */
  nodeOf(caller: Caller): Node | undefined
}

/**
 * Who gets in, and for what: a known node for what its `allows` says and in the way its `tls` says,
 * anybody else for what `unknownCallers` says. Asked at each request, so that a node edited at run
 * time is another from its next request on.
 */
export function createAdmission(options: {
  settings: Pick<ScpSettings, 'unknownCallers' | 'checkNodeAddress'>
  nodes: Nodes
  /** The addresses of a host name, for `checkNodeAddress`. */
  addressesOf: (host: string) => Promise<readonly string[]>
  /** Whether images are taken now, and which SOP classes are such. */
  readiness: Archive['readiness']
  takesSopClass: (uid: string) => boolean
  log: Log
}): AdmissionDoor {
  const { settings, nodes, addressesOf, readiness, takesSopClass, log } = options
  /** Of nodes' host names, as they were when one of their bearers last called. */
  const addresses = new Map<string, readonly string[]>()
  /** What was refused on living associations, by their ids. */
  const refused = new Map<number, Map<string, string>>()

  function nodeOf({ callingAeTitle, remoteAddress }: Caller): Node | undefined {
    const node = nodes.ofAeTitle(callingAeTitle, remoteAddress)
    if (!node || !settings.checkNodeAddress || node.host === remoteAddress) return node
    return addresses.get(node.host)?.includes(remoteAddress) ? node : undefined
  }

  /** Why a caller may not have a service; `undefined` when it may. */
  function objection(caller: Caller, service: Guarded): string | undefined {
    const node = nodeOf(caller)
    const title = caller.callingAeTitle || '(no AE title)'
    if (node) {
      if (node.allows[service]) return undefined
      return `node "${node.name}" does not allow it (${service})`
    }
    const policy = settings.unknownCallers[service]
    if (policy === 'allowed') return undefined
    if (policy === 'loopback' && isLoopback(caller.remoteAddress)) return undefined
    const who = nodes.ofAeTitle(caller.callingAeTitle)
      ? `${title} is a known node of another address`
      : `${title} is not a known node`
    return `${who}; add it to the nodes, or allow "${service}" to unknown callers`
  }

  function decide(request: AssociateRequest): Admission {
    const node = nodeOf(request)
    if (node?.tls !== undefined && node.tls !== 'optional' && !request.secure)
      return {
        ...rejections.noReason,
        sentence: `node "${node.name}" may call over TLS only; set it to the TLS port, or change its "tls"`,
      }
    if (node?.tls === 'verified' && !request.certificate)
      return {
        ...rejections.noReason,
        sentence: `node "${node.name}" must show a certificate that is trusted here; give it one, ask callers for it ("clientCertificate"), or change its "tls"`,
      }
    if (node) return roomFor(request)
    const objections = request.contexts.map(({ abstractSyntax }) =>
      objection(request, askedFor(abstractSyntax, request.roles)),
    )
    const first = objections[0]
    if (first === undefined || objections.includes(undefined)) return roomFor(request)
    return { ...rejections.callingAeTitleNotRecognized, sentence: first }
  }

  /**
   * While no image is taken, an association for images alone is told so at once and comes again
   * later; one that wants anything else besides gets that, and 0xA700 for its images.
   */
  function roomFor({ contexts }: AssociateRequest): Admission {
    const now = readiness()
    if (now === 'receiving') return 'accepted'
    const forImages = contexts.filter(({ abstractSyntax }) => takesSopClass(abstractSyntax))
    const others = contexts.some(
      ({ abstractSyntax }) =>
        abstractSyntax === verificationSopClass || guardedService(abstractSyntax) !== 'store',
    )
    if (forImages.length === 0 || others) return 'accepted'
    const { code, advice } = new Fault(now.refused)
    const sentence = advice.replace(/\.$/, '')
    if (code === 'storage-full') return { ...rejections.localLimitExceeded, sentence }
    return { ...rejections.temporaryCongestion, sentence }
  }

  function admit(request: AssociateRequest): Admission | Promise<Admission> {
    const node = nodes.ofAeTitle(request.callingAeTitle, request.remoteAddress)
    if (!node || !settings.checkNodeAddress || node.host === request.remoteAddress)
      return decide(request)
    return addressesOf(node.host)
      .catch(() => [])
      .then(found => {
        addresses.set(node.host, found)
        return decide(request)
      })
  }

  function refusalOf(
    association: AssociationInfo,
    operation: Operation,
    service: Guarded,
  ): Reply | undefined {
    const why = objection(association, service)
    if (why === undefined) return undefined
    const told = refused.get(association.id) ?? new Map<string, string>()
    refused.set(association.id, told)
    if (!told.has(operation)) {
      told.set(operation, why)
      log.warn('request-refused', {
        association: association.id,
        operation,
        callingAeTitle: association.callingAeTitle,
        from: association.remoteAddress,
        detail: why,
        advice: 'Change what this caller may do, if it should.',
      })
    }
    return { status: status.notAuthorized, errorComment: why }
  }

  return {
    admit,
    nodeOf,

    guarding({ echo, store, operations = {} }) {
      const guarded: Services = {
        echo: async request =>
          refusalOf(request.association, 'C-ECHO', 'echo') ??
          (await echo?.(request)) ?? { status: status.success },
        operations: {},
      }
      if (store)
        guarded.store = async request =>
          refusalOf(request.association, 'C-STORE', 'store') ?? store(request)
      for (const [name, serve] of Object.entries(operations)) {
        const operation = name as keyof typeof operations
        guarded.operations![operation] = request => {
          const service =
            operation === 'N-EVENT-REPORT' ? 'eventReport' : guardedService(request.sopClassUid)
          const refusal = refusalOf(request.association, operation, service)
          return refusal ? Promise.resolve(refusal) : serve(request)
        }
      }
      return guarded
    },

    told(record) {
      const { callingAeTitle = '', remoteAddress } = record
      const node = nodeOf({ callingAeTitle, remoteAddress })?.name ?? null
      const refusals = refused.get(record.id) ?? []
      refused.delete(record.id)
      const parts = [...refusals].map(([operation, why]) => ` ${operation} was refused: ${why}.`)
      return { ...record, node, sentence: `${record.sentence}${parts.join('')}` }
    },
  }
}

/** Who proposes to be the SCP of commitments wants to report one (PS3.4 J.3.3). */
function askedFor(abstractSyntax: string, roles: readonly RoleSelection[]): Guarded {
  const service = guardedService(abstractSyntax)
  if (service !== 'storageCommitment') return service
  const role = roles.find(({ sopClassUid }) => sopClassUid === abstractSyntax)
  return role?.scp ? 'eventReport' : service
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1'
}
