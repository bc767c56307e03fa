import { readDataset } from '../../standard/dicom/dicom.ts'
import { type Reply, type StoreRequest, statusKind } from '../../standard/dimse/dimse.ts'
import type { Asked, Progress, Wanted } from './asking.ts'
import { associate, type Calling, localAetOf } from './association.ts'
import {
  agreedSyntax,
  contextFor,
  during,
  levelInDicom,
  refusal,
  writeIdentifier,
} from './question.ts'
import { models } from './services.ts'
import type { Node } from './settings.ts'
import { storageContexts } from './storageContexts.ts'

const modelOf = (wanted: Wanted) =>
  models[wanted.model ?? (wanted.level === 'Patient' ? 'patient' : 'study')]

/** C-MOVE as SCU (PS3.4 C.4.2). */
export async function* move(
  calling: Calling,
  node: Node,
  wanted: Wanted & { targetAet?: string },
  { cancel, stop }: Asked = {},
): AsyncGenerator<Progress, void, undefined> {
  const sopClassUid = modelOf(wanted).move
  const opening = associate(node, calling, { contexts: [contextFor(sopClassUid)], stop })
  yield* during(opening, async function* (association) {
    const transferSyntaxUid = agreedSyntax(association, sopClassUid, 'C-MOVE')
    yield* progressOf(
      'C-MOVE',
      association.perform({
        operation: 'C-MOVE',
        sopClassUid,
        transferSyntaxUid,
        dataset: identifierOf(wanted, transferSyntaxUid),
        moveDestination: wanted.targetAet ?? localAetOf(node, calling),
        ...(cancel ? { cancel } : {}),
      }),
    )
  })
}

/**
 * C-GET as SCU (PS3.4 C.4.3): the images come over the same association, and are answered when
 * `receive` has kept them. To `receive` the node is the caller, since the images are its.
 */
export async function* get(
  calling: Calling & { receive: (request: StoreRequest) => Promise<Reply> },
  node: Node,
  wanted: Wanted,
  { cancel, stop }: Asked = {},
): AsyncGenerator<Progress, void, undefined> {
  const sopClassUid = modelOf(wanted).get
  const receive = (request: StoreRequest) => {
    const { callingAeTitle, calledAeTitle } = request.association
    return calling.receive({
      ...request,
      association: {
        ...request.association,
        callingAeTitle: calledAeTitle,
        calledAeTitle: callingAeTitle,
      },
    })
  }
  const contexts = [contextFor(sopClassUid), ...storageContexts(wanted.sopClasses)]
  const opening = associate(node, calling, { contexts, services: { store: receive }, stop })
  yield* during(opening, async function* (association) {
    const transferSyntaxUid = agreedSyntax(association, sopClassUid, 'C-GET')
    yield* progressOf(
      'C-GET',
      association.perform({
        operation: 'C-GET',
        sopClassUid,
        transferSyntaxUid,
        dataset: identifierOf(wanted, transferSyntaxUid),
        ...(cancel ? { cancel } : {}),
      }),
    )
  })
}

function identifierOf(wanted: Wanted, transferSyntaxUid: string): Uint8Array {
  const level = { tag: 'QueryRetrieveLevel', value: levelInDicom[wanted.level] }
  return writeIdentifier([...wanted.identifier, level], transferSyntaxUid)
}

async function* progressOf(
  service: string,
  replies: AsyncIterable<Reply>,
): AsyncGenerator<Progress, void, undefined> {
  for await (const reply of replies) {
    const kind = statusKind(reply.status)
    if (kind === 'failure') throw refusal(service, reply)
    const { remaining, completed, failed, warning } = reply
    const progress: Progress = {
      ...(remaining === undefined ? {} : { remaining }),
      ...(completed === undefined ? {} : { completed }),
      ...(failed === undefined ? {} : { failed }),
      ...(warning === undefined ? {} : { warning }),
    }
    if (kind === 'pending') yield progress
    else yield { ...progress, ended: kind, failedInstances: failedIn(reply) }
  }
}

function failedIn({ dataset, transferSyntaxUid }: Reply): string[] {
  if (!dataset || !transferSyntaxUid) return []
  const uids = readDataset(dataset, transferSyntaxUid, { lenient: true })
  return uids.strings('FailedSOPInstanceUIDList')
}
