import { Fault, faultOf } from '../../faults.ts'
import { type Key, keyOf, type Store } from '../../holdings/catalog/catalog.ts'
import { generateUid, writeDataset } from '../../standard/dicom/dicom.ts'
import {
  type OperationRequest,
  type OutgoingAssociation,
  type Reply,
  status,
  statusKind,
} from '../../standard/dimse/dimse.ts'
import type { Asked } from './asking.ts'
import { associate, type Calling } from './association.ts'
import { commitmentEvent } from './promising.ts'
import { agreedSyntax, contextFor, refusal } from './question.ts'
import { commitmentElements, type Reference, readCommitment } from './references.ts'
import { storageCommitmentInstance, storageCommitmentSopClass } from './services.ts'
import type { Node } from './settings.ts'

/** A commitment that we asked a node for. */
export interface CommitmentRequest {
  transactionUid: string
  /** The node's name and AE title when it was asked. */
  node: string
  aet: string
  /** ISO 8601 in UTC. */
  askedAt: string
  /** `refused`: the node did not take the request. `failed`: of one instance or more. */
  state: 'pending' | 'committed' | 'failed' | 'refused'
  instances: readonly Reference[]
  committed: readonly Reference[]
  /**
   * With the failure reasons of PS3.3 C.14.1.1; what a report does not mention counts as 0110H,
   * processing failure.
   */
  failures: readonly (Reference & { reason: number })[]
  /** When the report came. */
  reportedAt?: string
  /** Of `refused`, and of a request whose answer was lost: what happened. */
  why?: string
}

type Event = Pick<OperationRequest, 'dataset' | 'eventTypeId' | 'transferSyntaxUid'>

export interface Requesting {
  request(
    node: Node,
    instances: readonly Reference[],
    /** A transaction UID of the caller's; one whose report came is not asked again. */
    asked?: Asked & { transactionUid?: string },
  ): Promise<{ transactionUid: string }>
  reported(event: Event): Promise<Reply>
  of(transactionUid: string): CommitmentRequest | undefined
  requests(): Iterable<CommitmentRequest>
  forget(transactionUid: string): Promise<boolean>
}

/** In the order of asking: its number, and the transaction UID. */
type Place = readonly [number, string]

/** The oldest beyond these are forgotten. */
const kept = 10_000

/** Some nodes report on the association of the request, which is held open so long for them. */
const lingerSeconds = 5

/** Action type of the push model, PS3.4 J.3.2.1. */
const requestCommitment = 1

export function createRequesting(parts: {
  store: Store
  calling: Calling
  now: () => Date
  random: (bytes: number) => Uint8Array
  pause: (seconds: number, stop: AbortSignal) => Promise<void>
  /** Ends associations that wait for a report. */
  ending: AbortSignal
}): Requesting {
  const { store, calling, now } = parts
  const byUid = (uid: string) => keyOf('uid', uid)
  const order = keyOf('order')
  /** Requests whose association is still open, with what ends the wait. */
  const lingering = new Map<string, () => void>()

  const of = (uid: string) => store.get<CommitmentRequest>(byUid(uid))

  async function write(request: CommitmentRequest): Promise<void> {
    store.commit({ put: [[byUid(request.transactionUid), request]] })
    await store.flushed()
  }

  async function begin(request: CommitmentRequest): Promise<void> {
    const [newest] = store.range<Place>({
      under: order,
      reverse: true,
      limit: 1,
    })
    const number = newest ? newest[1][0] + 1 : 1
    const { transactionUid } = request
    const over = Math.max(0, store.count({ under: order, limit: kept + 1 }) - kept)
    const oldest = [...store.range<Place>({ under: order, limit: over })]
    store.commit({
      put: [
        [order + keyOf(number), [number, transactionUid]],
        [byUid(transactionUid), request],
      ],
      remove: over > 0 ? oldest.flatMap(([key, [, uid]]) => [key, byUid(uid)]) : [],
    })
    await store.flushed()
  }

  async function ask(
    association: OutgoingAssociation,
    { transactionUid, instances }: CommitmentRequest,
  ): Promise<void> {
    const sopClassUid = storageCommitmentSopClass
    const transferSyntaxUid = agreedSyntax(association, sopClassUid, 'storage commitment')
    const elements = commitmentElements({
      ...{ transactionUid, references: [...instances], failures: [] },
    })
    const replies = association.perform({
      ...{ operation: 'N-ACTION', sopClassUid, sopInstanceUid: storageCommitmentInstance },
      ...{ actionTypeId: requestCommitment, transferSyntaxUid },
      dataset: writeDataset(elements, transferSyntaxUid),
    })
    for await (const reply of replies)
      if (statusKind(reply.status) === 'failure') throw refusal('N-ACTION', reply)
  }

  async function linger(association: OutgoingAssociation, transactionUid: string): Promise<void> {
    const over = new AbortController()
    const end = AbortSignal.any([parts.ending, over.signal])
    lingering.set(transactionUid, () => over.abort())
    void association.ended.then(() => over.abort())
    if (of(transactionUid)?.state === 'pending') await parts.pause(lingerSeconds, end)
    lingering.delete(transactionUid)
    over.abort()
    if (parts.ending.aborted) association.abort()
    else await association.release()
  }

  const requesting: Requesting = {
    of,

    async request(node, instances, { stop, cancel, ...asked } = {}) {
      const transactionUid = asked.transactionUid ?? generateUid(parts.random)
      const known = of(transactionUid)
      if (known?.reportedAt) return { transactionUid }
      const request: CommitmentRequest = {
        ...{ transactionUid, node: node.name, aet: node.aet, askedAt: now().toISOString() },
        ...{ state: 'pending', instances: [...instances], committed: [], failures: [] },
      }
      if (instances.length === 0) throw new Fault('request-malformed', 'no instance to commit')
      await (known ? write(request) : begin(request))
      let association: OutgoingAssociation | undefined
      try {
        association = await associate(node, calling, {
          contexts: [contextFor(storageCommitmentSopClass)],
          services: { operations: { 'N-EVENT-REPORT': event => requesting.reported(event) } },
          stop: stop ?? cancel,
        })
        await ask(association, request)
      } catch (thrown) {
        const fault = faultOf(thrown)
        const why = fault.detail || fault.advice
        association?.abort()
        const current = of(transactionUid)
        // When the answer was lost the node may have taken it, and may have reported already.
        const isLost = association && fault.code !== 'peer-declined' && fault.code !== 'peer-failed'
        if (current?.state === 'pending')
          await write({ ...current, ...(isLost ? {} : { state: 'refused' as const }), why })
        throw fault
      }
      void linger(association, transactionUid)
      return { transactionUid }
    },

    async reported({ dataset, eventTypeId, transferSyntaxUid }) {
      if (eventTypeId !== commitmentEvent.complete && eventTypeId !== commitmentEvent.failuresExist)
        return { status: status.noSuchEventType, errorComment: `event type ${eventTypeId}` }
      const event = dataset && readCommitment(dataset, transferSyntaxUid)
      if (!event)
        return { status: status.invalidArgumentValue, errorComment: 'the report is not understood' }
      const request = of(event.transactionUid)
      if (!request)
        return { status: status.invalidArgumentValue, errorComment: 'unknown transaction' }
      const named = new Map(event.references.map(each => [each.sopInstanceUid, each.sopClassUid]))
      const reasons = new Map(event.failures.map(each => [each.sopInstanceUid, each.reason]))
      const isCommitted = ({ sopInstanceUid, sopClassUid }: Reference) =>
        named.get(sopInstanceUid) === sopClassUid && !reasons.has(sopInstanceUid)
      const { why: _settled, ...rest } = request
      const failures = request.instances
        .filter(each => !isCommitted(each))
        .map(each => ({
          ...each,
          reason: reasons.get(each.sopInstanceUid) ?? status.processingFailure,
        }))
      await write({
        ...rest,
        state: failures.length === 0 ? 'committed' : 'failed',
        committed: request.instances.filter(isCommitted),
        failures,
        reportedAt: now().toISOString(),
      })
      // The answer goes out first.
      setImmediate(() => lingering.get(event.transactionUid)?.())
      return { status: status.success }
    },

    *requests() {
      for (const [, [, uid]] of store.range<Place>({
        ...{ under: order, reverse: true },
      })) {
        const request = of(uid)
        if (request) yield request
      }
    },

    async forget(transactionUid) {
      if (!of(transactionUid)) return false
      let place: Key | undefined
      for (const [key, [, uid]] of store.range<Place>({ under: order }))
        if (uid === transactionUid) place = key
      store.commit({ remove: [byUid(transactionUid), ...(place ? [place] : [])] })
      await store.flushed()
      return true
    },
  }
  return requesting
}
