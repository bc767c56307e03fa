import { setTimeout as wait } from 'node:timers/promises'
import { Fault } from '../../../faults.ts'
import type { Instance } from '../../../holdings/catalog/catalog.ts'
import type { CommitmentRequest, Commitments, Node } from '../../nodes/nodes.ts'

/** Reports mostly come at once; one that does not is found when we look again. */
const reportWithin = 30_000
const lookEvery = 250
/** A request without a report by then is asked anew; ms. */
const forgottenAfter = 86_400_000

/**
 * Which of these instances a node has committed itself to keep (PS3.4 Annex J). Requests and reports
 * are durable in `commitments`: a report that comes hours later, over another association or after a
 * restart, answers the next call. Of what the node refuses to commit to nothing is held. Faults:
 * `peer-failed` while there is no report, those of the request.
 */
export async function committedBy(
  commitments: Commitments,
  node: Node,
  instances: readonly Instance[],
  stop: AbortSignal,
): Promise<ReadonlySet<string>> {
  const wanted = new Set(instances.map(each => each.sopInstanceUid))
  const earlier = [...commitments.requests()].filter(
    each => each.node === node.name && each.instances.some(one => wanted.has(one.sopInstanceUid)),
  )
  const reported = earlier.filter(each => each.state === 'committed' || each.state === 'failed')
  const known = new Set(reported.flatMap(each => each.instances.map(one => one.sopInstanceUid)))
  let open = earlier.find(each => each.state === 'pending' && isYoung(each))
  const unasked = instances.filter(each => !known.has(each.sopInstanceUid))
  if (!open && unasked.length > 0) {
    const references = unasked.map(({ sopClassUid, sopInstanceUid }) => ({
      ...{ sopClassUid, sopInstanceUid },
    }))
    const { transactionUid } = await commitments.request(node, references, { stop })
    open = commitments.of(transactionUid)
  }
  if (open) {
    const report = await reportOf(commitments, open.transactionUid, stop)
    if (!report) throw new Fault('peer-failed', 'no report of the storage commitment has come yet')
    reported.push(report)
  }
  const held = new Set(reported.flatMap(each => each.committed.map(one => one.sopInstanceUid)))
  // Answered is answered: what is sent again later is asked about anew.
  for (const each of earlier.concat(open ?? [])) await commitments.forget(each.transactionUid)
  return held
}

async function reportOf(
  commitments: Commitments,
  transactionUid: string,
  stop: AbortSignal,
): Promise<CommitmentRequest | undefined> {
  for (let waited = 0; waited < reportWithin && !stop.aborted; waited += lookEvery) {
    const request = commitments.of(transactionUid)
    if (request?.state === 'refused')
      throw new Fault('peer-declined', request.why ?? 'refuses storage commitment')
    if (request && request.state !== 'pending') return request
    await wait(lookEvery, undefined, { signal: stop }).catch(() => {})
  }
  return undefined
}

const isYoung = ({ askedAt }: CommitmentRequest) =>
  Math.abs(Date.now() - Date.parse(askedAt)) < forgottenAfter
