import { encodingOf } from '../dicom/dicom.ts'
import { type Command, noDataset } from './command.ts'
import { evened } from './outflow.ts'
import { datasetPresent } from './replies.ts'
import type { OutgoingRequest, OutgoingStore } from './services.ts'
import { fieldOf, type Operation, priority } from './vocabulary.ts'

/** The command set of a C-STORE-RQ, PS3.7 §9.3.1.1. */
export function storeCommand(instance: OutgoingStore, messageId: number): Command {
  const { moveOriginatorAeTitle, moveOriginatorMessageId } = instance
  return {
    affectedSopClassUid: instance.sopClassUid,
    commandField: fieldOf('C-STORE'),
    messageId,
    priority: instance.priority ?? priority.medium,
    commandDataSetType: datasetPresent,
    affectedSopInstanceUid: instance.sopInstanceUid,
    ...(moveOriginatorAeTitle === undefined ? {} : { moveOriginatorAeTitle }),
    ...(moveOriginatorMessageId === undefined ? {} : { moveOriginatorMessageId }),
  }
}

/** These speak of a requested instance, all other services of an affected one (PS3.7 §10.3). */
const ofRequestedInstance: ReadonlySet<Operation> = new Set([
  'N-GET',
  'N-SET',
  'N-ACTION',
  'N-DELETE',
])

/** The command set of what `perform` asks, PS3.7 §9.3 and §10.3. */
export function requestCommand(request: OutgoingRequest, messageId: number): Command {
  const { operation, sopClassUid, sopInstanceUid } = request
  const requested = ofRequestedInstance.has(operation)
  const command: Command = {
    [requested ? 'requestedSopClassUid' : 'affectedSopClassUid']: sopClassUid,
    commandField: fieldOf(operation),
    messageId,
    commandDataSetType: request.dataset ? datasetPresent : noDataset,
  }
  if (sopInstanceUid !== undefined)
    command[requested ? 'requestedSopInstanceUid' : 'affectedSopInstanceUid'] = sopInstanceUid
  if (operation.startsWith('C-')) command.priority = request.priority ?? priority.medium
  if (request.moveDestination !== undefined) command.moveDestination = request.moveDestination
  if (request.actionTypeId !== undefined) command.actionTypeId = request.actionTypeId
  if (request.eventTypeId !== undefined) command.eventTypeId = request.eventTypeId
  if (request.attributeIdentifiers) command.attributeIdentifierList = request.attributeIdentifiers
  return command
}

/** Deflated datasets of odd length are padded; of others nobody knows where they end. */
export function evenWhereDeflated({
  data,
  transferSyntaxUid,
}: OutgoingStore): OutgoingStore['data'] {
  if (!encodingOf(transferSyntaxUid).deflated) return data
  if (!(data instanceof Uint8Array)) return evened(data)
  return data.length % 2 === 0 ? data : Buffer.concat([data, new Uint8Array(1)])
}
