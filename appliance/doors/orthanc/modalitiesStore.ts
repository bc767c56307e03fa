import type { JobContext, JobKind } from '../../duties/jobs/jobs.ts'
import type { Node } from '../../duties/nodes/nodes.ts'
import { Fault, type FaultCode, faultCodes } from '../../faults.ts'
import type { PublicId } from '../../holdings/catalog/catalog.ts'
import { bodyOf, bytesOf } from '../../host/http/http.ts'
import { generateUid, readDataset, readFileMeta } from '../../standard/dicom/dicom.ts'
import { statusKind } from '../../standard/dimse/dimse.ts'
import { json } from './answers.ts'
import type { Desk } from './desk.ts'
import { Refusal } from './errors.ts'
import { logExport } from './exports.ts'
import { answerByJob, count, jobWishOf, truth, whole, words } from './jobsBodies.ts'
import { type Sending, sendEach, sendingBody, sendingContent } from './jobsInstances.ts'
import type { Json, JsonObject } from './json.ts'
import { commitmentsOf, localAetOf, modalityAt, overridden } from './modalities.ts'
import type { Routes } from './routes.ts'

interface Storing extends Sending {
  /** Whole: it may be changed or removed while the job waits. */
  node: Node
  moveOriginatorAet?: string
  moveOriginatorId?: number
  /** Of the storage commitment that is asked for at the end; told from the beginning. */
  transactionUid?: string
}

/** Sending what is kept here, or a file that is not, to a node. */
export const modalityStoreRoutes: Routes = (app, desk) => {
  desk.jobs.register(storeJob(desk))

  app.post('/modalities/:id/store', async c => {
    const known = modalityAt(desk, c)
    const { body, parents, instances } = await sendingBody(desk, c)
    const wish = jobWishOf(body)
    const [aet, host, port] = [words(body, 'CalledAet'), words(body, 'Host'), count(body, 'Port')]
    const moveOriginatorId = whole(body, 'MoveOriginatorID')
    if (moveOriginatorId !== undefined && (moveOriginatorId < 0 || moveOriginatorId > 0xffff)) {
      throw new Refusal('ParameterOutOfRange', 'MoveOriginatorID is a number of 16 bits')
    }
    const node = { ...overridden(known, body), ...(aet && { aet }), ...(host && { host }) }
    // Of a number alone the box itself is the originator, as to Orthanc.
    const moveOriginatorAet =
      words(body, 'MoveOriginatorAet') ||
      (moveOriginatorId === undefined ? undefined : localAetOf(desk, node))
    const description: Storing = {
      ...{ parents, instances, permissive: wish.permissive },
      node: { ...node, ...(port && { port }) },
      ...(truth(body, 'StorageCommitment') && { transactionUid: generateUid(desk.random) }),
      ...(moveOriginatorAet && { moveOriginatorAet, moveOriginatorId: moveOriginatorId ?? 0 }),
    }
    const content = contentOf(desk, description, resourcesJson(desk, parents))
    return answerByJob(desk, wish, { type: 'DicomModalityStore', description, content })
  })

  app.post('/modalities/:id/store-straight', async c => {
    const node = modalityAt(desk, c)
    const file = await bytesOf(bodyOf(c.req.raw, c.env?.incoming, desk.limits.formBytes * 16))
    const meta = file.length > 0 ? readFileMeta(file) : 'more'
    if (meta === 'more') throw new Refusal('BadFileFormat', 'Cannot parse an invalid DICOM file')
    const { transferSyntaxUid, datasetOffset } = meta
    const bytes = file.subarray(datasetOffset)
    const dataset = readDataset(bytes, transferSyntaxUid, { lenient: true })
    const sopClassUid = dataset.text('SOPClassUID')
    const sopInstanceUid = dataset.text('SOPInstanceUID')
    if (!sopClassUid || !sopInstanceUid) throw new Refusal('BadFileFormat')
    const association = await desk.network.asking.associate(node, {
      contexts: [{ abstractSyntax: sopClassUid, transferSyntaxes: [transferSyntaxUid] }],
      stop: c.req.raw.signal,
    })
    try {
      const data = (async function* () {
        yield bytes
      })()
      const { status } = await association.store({
        ...{ sopClassUid, sopInstanceUid, transferSyntaxUid, data },
      })
      if (statusKind(status) === 'failure') throw notTaken(status)
    } finally {
      await association.release().catch(() => association.abort())
    }
    return json({ SOPClassUID: sopClassUid, SOPInstanceUID: sopInstanceUid })
  })
}

function notTaken(status: number): Refusal {
  return new Refusal('NetworkProtocol', 'the node did not take the image', undefined, dimse(status))
}

/** What programs are told of a DIMSE status that is a no. */
export const dimse = (status: number): JsonObject => ({
  Content: { DimseErrorStatus: status },
  Type: 'Dimse',
})

function contentOf(desk: Desk, storing: Storing, resources: Json, failed = 0): JsonObject {
  return {
    ...sendingContent(storing, failed),
    LocalAet: localAetOf(desk, storing.node),
    MoveOriginatorAET: storing.moveOriginatorAet,
    MoveOriginatorID: storing.moveOriginatorId,
    RemoteAet: storing.node.aet,
    Resources: resources,
    StorageCommitmentTransactionUID: storing.transactionUid,
  }
}

/** What was asked for, with its level; of what is gone since nothing is told. */
function resourcesJson({ archive }: Desk, parents: readonly PublicId[]): JsonObject[] | undefined {
  const all = parents.flatMap(id => {
    const level = archive.catalog.levelOf(id)
    return level === undefined ? [] : [{ ID: id, Type: level }]
  })
  return all.length > 0 ? all : undefined
}

/** C-STORE of one instance after the other; begun again at the first that was not answered. */
function storeJob(desk: Desk): JobKind<Storing> {
  const { asking } = desk.network
  return {
    type: 'DicomModalityStore',
    async run(context) {
      const { description, stop } = context
      const { node, moveOriginatorAet, moveOriginatorId, transactionUid } = description
      // Once: a list of 10,000 images is not looked through again for each of them.
      const resources = resourcesJson(desk, description.parents)
      await sendEach(
        desk,
        context as JobContext<Sending>,
        failed => contentOf(desk, description, resources, failed),
        async function* (batch) {
          const sending = asking.store(node, batch, {
            stop,
            ...(moveOriginatorAet && { moveOriginatorAeTitle: moveOriginatorAet }),
            ...(moveOriginatorId !== undefined && { moveOriginatorMessageId: moveOriginatorId }),
          })
          for await (const sent of sending) {
            yield sent.outcome === 'taken' ? undefined : faultOfSent(sent)
          }
        },
      )
      for (const id of description.parents) logExport(desk, id, node.name)
      if (transactionUid === undefined) return
      const references = description.instances.flatMap(id => {
        const instance = desk.archive.catalog.instance(id)
        if (!instance) return []
        const { sopClassUid, sopInstanceUid } = instance
        return [{ sopClassUid, sopInstanceUid }]
      })
      await commitmentsOf(desk).request(node, references, { stop, transactionUid })
    },
  }
}

function faultOfSent({ code, why, status }: { code: string; why: string; status?: number }): Fault {
  const known = faultCodes.find(each => each === code) ?? ('peer-failed' as FaultCode)
  const fault = new Fault(known, why)
  return status === undefined ? fault : Object.assign(fault, { payload: dimse(status) })
}
