import { type Fault, faultOf } from '../../faults.ts'
import { type Command, noDataset } from './command.ts'
import type { Reply } from './services.ts'
import { status, statusKind } from './status.ts'
import type { Task } from './task.ts'
import { type Operation, responseBit } from './vocabulary.ts'

/** Any value but the one that says there is none, PS3.7 table E.1-1. */
export const datasetPresent = 0x0001

/** The command set of a reply to `task`. */
export function responseTo(task: Task, reply: Reply): Command {
  const { command } = task
  const sopClassUid = command.affectedSopClassUid ?? command.requestedSopClassUid
  const sopInstanceUid =
    reply.sopInstanceUid ?? command.affectedSopInstanceUid ?? command.requestedSopInstanceUid
  const success = statusKind(reply.status) === 'success'
  return {
    ...(sopClassUid === undefined ? {} : { affectedSopClassUid: sopClassUid }),
    commandField: (command.commandField ?? 0) | responseBit,
    messageIdBeingRespondedTo: task.messageId,
    commandDataSetType: reply.dataset ? datasetPresent : noDataset,
    status: reply.status,
    ...(reply.offendingElements ? { offendingElement: reply.offendingElements } : {}),
    ...(reply.errorComment && !success ? { errorComment: reply.errorComment } : {}),
    ...(sopInstanceUid === undefined ? {} : { affectedSopInstanceUid: sopInstanceUid }),
    // Of an event or action only a reply with information repeats the type (PS3.7 §10.1.1, §10.1.4).
    ...(reply.dataset && command.eventTypeId !== undefined
      ? { eventTypeId: command.eventTypeId }
      : {}),
    ...(reply.dataset && command.actionTypeId !== undefined
      ? { actionTypeId: command.actionTypeId }
      : {}),
    ...counts(reply),
  }
}

function counts({ remaining, completed, failed, warning }: Reply): Command {
  const command: Command = {}
  if (remaining !== undefined) command.numberOfRemainingSuboperations = counted(remaining)
  if (completed !== undefined) command.numberOfCompletedSuboperations = counted(completed)
  if (failed !== undefined) command.numberOfFailedSuboperations = counted(failed)
  if (warning !== undefined) command.numberOfWarningSuboperations = counted(warning)
  return command
}

/** They are US, 16 bits; 65,536 would be told as none. */
const counted = (number: number): number => Math.min(number, 0xffff)

/** A reply that came, from its command set. */
export function replyFrom(command: Command, transferSyntaxUid: string): Reply {
  const reply: Reply = { status: command.status!, transferSyntaxUid }
  if (command.errorComment) reply.errorComment = command.errorComment
  if (command.offendingElement) reply.offendingElements = command.offendingElement
  if (command.affectedSopInstanceUid) reply.sopInstanceUid = command.affectedSopInstanceUid
  if (command.numberOfRemainingSuboperations !== undefined)
    reply.remaining = command.numberOfRemainingSuboperations
  if (command.numberOfCompletedSuboperations !== undefined)
    reply.completed = command.numberOfCompletedSuboperations
  if (command.numberOfFailedSuboperations !== undefined)
    reply.failed = command.numberOfFailedSuboperations
  if (command.numberOfWarningSuboperations !== undefined)
    reply.warning = command.numberOfWarningSuboperations
  return reply
}

/** For a service that threw. Its advice is a sentence of the table of faults, so free of patients. */
export function replyOfFault(
  thrown: unknown,
  operation: Operation | undefined,
): { reply: Reply; fault: Fault } {
  const fault = faultOf(thrown)
  const full = fault.code === 'storage-full' || fault.code === 'busy'
  // A700H is of storage and query; the N-services have a code of their own (PS3.7 Annex C).
  const noRoom = operation?.startsWith('N-') ? status.resourceLimitation : status.outOfResources
  return {
    reply: {
      status: full ? noRoom : status.processingFailure,
      errorComment: fault.advice,
    },
    fault,
  }
}
