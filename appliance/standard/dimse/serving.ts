import type { Log } from '../../log.ts'
import type { NegotiatedContext } from './negotiation.ts'
import { replyOfFault } from './replies.ts'
import type { AssociationInfo, OperationRequest, Peer, Reply, Services } from './services.ts'
import type { Role } from './states.ts'
import { status, statusKind } from './status.ts'
import type { Task } from './task.ts'

interface Surroundings {
  context: NegotiatedContext
  info: AssociationInfo
  peer: Peer
  role: Role
  services: Services
  stop: AbortSignal
  log: Log
}

/**
 * Everything that is answered to one request, in order; the last is its final reply. It never
 * throws: a service that does is answered for. What a service leaves unread of a dataset is dropped
 * before the reply, since the other end is still sending and would not listen.
 */
export async function* repliesOf(task: Task, around: Surroundings): AsyncGenerator<Reply> {
  try {
    const refusal = refusalOf(task, around)
    if (refusal) yield await afterDataset(task, refusal)
    else if (task.operation === 'C-ECHO')
      yield (await around.services.echo?.(requestOf(task, around))) ?? { status: status.success }
    else if (task.operation === 'C-STORE') yield await afterDataset(task, await store(task, around))
    else yield* operate(task, around)
  } catch (thrown) {
    const { reply, fault } = replyOfFault(thrown, task.operation)
    around.log.error('service-failed', {
      operation: task.operation,
      association: around.info.id,
      code: fault.code,
      detail: fault.detail,
      stack:
        fault.code === 'internal' && fault.cause instanceof Error ? fault.cause.stack : undefined,
      advice: fault.advice,
    })
    yield await afterDataset(task, reply)
  }
}

async function afterDataset(task: Task, reply: Reply): Promise<Reply> {
  task.inflow?.discard()
  if (task.inflow && !task.inflow.complete) await task.inflow.over
  return reply
}

function requestOf(task: Task, around: Surroundings) {
  return {
    association: around.info,
    peer: around.peer,
    messageId: task.messageId,
    contextId: task.contextId,
    transferSyntaxUid: task.transferSyntaxUid,
    sopClassUid: sopClassOf(task),
    stop: around.stop,
  }
}

function sopClassOf({ command }: Task): string {
  return command.affectedSopClassUid ?? command.requestedSopClassUid ?? ''
}

function store(task: Task, around: Surroundings): Promise<Reply> {
  const { command } = task
  const { moveOriginatorAeTitle, moveOriginatorMessageId } = command
  return around.services.store!({
    ...requestOf(task, around),
    sopInstanceUid: command.affectedSopInstanceUid!,
    priority: command.priority ?? 0,
    ...(moveOriginatorAeTitle ? { moveOriginatorAeTitle } : {}),
    ...(moveOriginatorMessageId === undefined ? {} : { moveOriginatorMessageId }),
    data: task.inflow!,
  })
}

async function* operate(task: Task, around: Surroundings): AsyncGenerator<Reply> {
  const service =
    around.services.operations![task.operation as OperationRequest['operation'] & 'C-FIND']!
  const answers = service(operationRequest(task, around))
  if (!(Symbol.asyncIterator in answers)) {
    yield await answers
    return
  }
  for await (const reply of answers) {
    yield reply
    if (statusKind(reply.status) !== 'pending') return
  }
  yield { status: task.cancelled.aborted ? status.cancel : status.success }
}

function operationRequest(task: Task, around: Surroundings): OperationRequest {
  const { command } = task
  const sopInstanceUid = command.affectedSopInstanceUid ?? command.requestedSopInstanceUid
  const dataset = task.takeDataset()
  return {
    ...requestOf(task, around),
    operation: task.operation!,
    ...(sopInstanceUid === undefined ? {} : { sopInstanceUid }),
    ...(command.priority === undefined ? {} : { priority: command.priority }),
    ...(command.moveDestination === undefined ? {} : { moveDestination: command.moveDestination }),
    ...(command.actionTypeId === undefined ? {} : { actionTypeId: command.actionTypeId }),
    ...(command.eventTypeId === undefined ? {} : { eventTypeId: command.eventTypeId }),
    ...(command.attributeIdentifierList
      ? { attributeIdentifiers: command.attributeIdentifierList }
      : {}),
    ...(dataset ? { dataset } : {}),
    cancelled: task.cancelled,
  }
}

const uid = /^[0-9.]{1,64}$/

/** What is wrong with a request before any service sees it, as its answer. */
function refusalOf(task: Task, around: Surroundings): Reply | undefined {
  const { operation, command } = task
  const { context, role, services } = around
  if (!operation) return no(status.unrecognizedOperation, 'this service does not exist')
  if (task.tooLarge) return no(status.resourceLimitation, 'the dataset is larger than taken here')
  const composite = operation.startsWith('C-')
  if (composite && command.affectedSopClassUid !== context.abstractSyntax)
    return no(
      operation === 'C-STORE' ? status.dataSetDoesNotMatchSopClass : status.sopClassNotSupported,
      'SOP class is not that of the presentation context',
      0x00000002,
    )
  // N-EVENT-REPORT comes from an SCP; everything else from an SCU.
  const mayAsk = role === 'acceptor' ? context.requestorIsScu : context.requestorIsScp
  if (composite && !mayAsk)
    return no(status.sopClassNotSupported, 'this role was not agreed for the SOP class')
  if (operation === 'C-ECHO') return undefined
  if (operation === 'C-STORE') {
    if (!services.store) return no(status.unrecognizedOperation, 'C-STORE is not served here')
    if (!uid.test(command.affectedSopInstanceUid ?? ''))
      return no(status.cannotUnderstand, 'SOP Instance UID is missing or wrong', 0x00001000)
    if (!task.inflow) return no(status.cannotUnderstand, 'no dataset follows the command')
    return undefined
  }
  if (!services.operations?.[operation])
    return no(status.unrecognizedOperation, `${operation} is not served here`)
  return undefined
}

function no(code: number, errorComment: string, offending?: number): Reply {
  return {
    status: code,
    errorComment,
    ...(offending === undefined ? {} : { offendingElements: [offending] }),
  }
}
