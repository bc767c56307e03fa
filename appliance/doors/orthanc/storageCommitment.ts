import type { CommitmentRequest, Reference } from '../../duties/nodes/nodes.ts'
import { doneAsJson, json } from './answers.ts'
import { type Call, jsonBody } from './arguments.ts'
import type { Desk } from './desk.ts'
import { Refusal } from './errors.ts'
import { isObject, knownResources } from './jobsBodies.ts'
import type { Json, JsonObject } from './json.ts'
import { commitmentsOf, modalityAt, overridden } from './modalities.ts'
import { removeResource } from './removal.ts'
import type { Routes } from './routes.ts'

/** Asking a node to promise that it keeps what we sent, and what it said to that. */
export const storageCommitmentRoutes: Routes = (app, desk) => {
  app.post('/modalities/:id/storage-commitment', async c => {
    const node = modalityAt(desk, c)
    const body = await jsonBody(c, desk.limits.formBytes)
    if (!isObject(body)) throw new Refusal('BadFileFormat', 'Must provide a JSON object')
    const references = [...keptHere(desk, body.Resources), ...namedIn(body.DicomInstances)]
    if (body.Resources === undefined && body.DicomInstances === undefined) {
      throw new Refusal(
        'BadFileFormat',
        'Empty storage commitment request, one of these fields is mandatory: "Resources" or "DicomInstances"',
      )
    }
    const { transactionUid } = await commitmentsOf(desk).request(
      overridden(node, body),
      references,
      {
        stop: c.req.raw.signal,
      },
    )
    return json({ ID: transactionUid, Path: `/storage-commitment/${transactionUid}` })
  })

  app.get('/storage-commitment/:id', c => json(reportOf(requestAt(desk, c))))

  app.post('/storage-commitment/:id/remove', async c => {
    const request = requestAt(desk, c)
    if (request.state !== 'committed') {
      throw new Refusal(
        'BadSequenceOfCalls',
        'Only what a node has promised to keep can be removed here',
      )
    }
    for (const { sopInstanceUid } of request.committed) {
      for (const { level, id } of desk.archive.catalog.lookup(sopInstanceUid)) {
        if (level === 'Instance') await removeResource(desk, id)
      }
    }
    await commitmentsOf(desk).forget(request.transactionUid)
    return doneAsJson()
  })
}

function requestAt(desk: Desk, c: Call): CommitmentRequest {
  const request = commitmentsOf(desk).of(c.req.param('id') ?? '')
  if (!request) {
    throw new Refusal('InexistentItem', 'No storage commitment transaction with this UID')
  }
  return request
}

function keptHere(desk: Desk, resources: Json): Reference[] {
  if (resources === undefined) return []
  return knownResources(desk, resources).flatMap(id =>
    Array.from(desk.archive.catalog.instancesOf(id), ({ sopClassUid, sopInstanceUid }) => ({
      sopClassUid,
      sopInstanceUid,
    })),
  )
}

/** Objects of two UIDs, or lists of them. */
function namedIn(instances: Json): Reference[] {
  if (instances === undefined) return []
  if (!Array.isArray(instances)) {
    throw new Refusal('BadFileFormat', 'Field "DicomInstances" must contain an array')
  }
  return (instances as readonly Json[]).map(each => {
    const [sopClassUid, sopInstanceUid, ...more] = Array.isArray(each)
      ? (each as readonly Json[])
      : isObject(each)
        ? [each.SOPClassUID, each.SOPInstanceUID]
        : []
    if (typeof sopClassUid !== 'string' || typeof sopInstanceUid !== 'string' || more.length > 0) {
      throw new Refusal(
        'BadFileFormat',
        'An instance entry must provide an array with 2 strings: SOP Class UID and SOP Instance UID',
      )
    }
    return { sopClassUid, sopInstanceUid }
  })
}

const statuses: Record<CommitmentRequest['state'], string> = {
  pending: 'Pending',
  committed: 'Success',
  failed: 'Failure',
  refused: 'Failure',
}

/** PS3.3 C.14.1.1. */
const processingFailure = 0x0110
const reasons: Readonly<Record<number, string>> = {
  [processingFailure]: 'A general failure in processing the operation was encountered',
  274: 'One or more of the elements in the Referenced SOP Instance Sequence was not available',
  281: 'The SOP Class of an element in the Referenced SOP Instance Sequence did not correspond to the SOP class registered for this SOP Instance at the SCP',
  290: 'Storage Commitment has been requested for a SOP Instance with a SOP Class that is not supported by the SCP',
  305: 'The Transaction UID of the Storage Commitment Request is already in use',
  531: 'The SCP does not currently have enough resources to store the requested SOP Instance(s)',
}

function reportOf(request: CommitmentRequest): JsonObject {
  const { state, aet, instances, committed, failures } = request
  const failed =
    state === 'refused' ? instances.map(each => ({ ...each, reason: processingFailure })) : failures
  return {
    Failures: failed.map(each => ({
      ...uidsOf(each),
      Description: reasons[each.reason] ?? 'Unknown failure reason',
      FailureReason: each.reason,
    })),
    RemoteAET: aet,
    Status: statuses[state],
    Success: committed.map(uidsOf),
  }
}

const uidsOf = ({ sopClassUid, sopInstanceUid }: Reference) => ({
  SOPClassUID: sopClassUid,
  SOPInstanceUID: sopInstanceUid,
})
