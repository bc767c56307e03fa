/** PDU types, PS3.8 §9.3. */
export const pduType = {
  associateRq: 0x01,
  associateAc: 0x02,
  associateRj: 0x03,
  pDataTf: 0x04,
  releaseRq: 0x05,
  releaseRp: 0x06,
  abort: 0x07,
} as const

/** PS3.7 Annex A.2.1: the one application context there is. */
export const applicationContextName = '1.2.840.10008.3.1.1.1'

/** PS3.4 Annex A. */
export const verificationSopClass = '1.2.840.10008.1.1'

/** PS3.5 Annex A.1: the transfer syntax of every command set, and every node's default. */
export const implicitVrLittleEndian = '1.2.840.10008.1.2'

/** Results of a presentation context, PS3.8 table 9-18. */
export const contextResult = {
  accepted: 0,
  refusedByUser: 1,
  refusedByProvider: 2,
  abstractSyntaxNotSupported: 3,
  transferSyntaxesNotSupported: 4,
} as const

/** Who aborts, PS3.8 table 9-26. */
export const abortSource = {
  user: 0,
  provider: 2,
} as const

/** Why the provider aborts, PS3.8 table 9-26. */
export const abortReason = {
  notSpecified: 0,
  unrecognizedPdu: 1,
  unexpectedPdu: 2,
  unrecognizedParameter: 4,
  unexpectedParameter: 5,
  invalidParameter: 6,
} as const

/** Priorities, PS3.7 §9.1.1.1.5; the numbers are not in the order of the words. */
export const priority = {
  medium: 0,
  high: 1,
  low: 2,
} as const

/** Command Fields, PS3.7 table E.1-1, by the names of their messages. */
export const commandField = {
  'C-STORE-RQ': 0x0001,
  'C-GET-RQ': 0x0010,
  'C-FIND-RQ': 0x0020,
  'C-MOVE-RQ': 0x0021,
  'C-ECHO-RQ': 0x0030,
  'N-EVENT-REPORT-RQ': 0x0100,
  'N-GET-RQ': 0x0110,
  'N-SET-RQ': 0x0120,
  'N-ACTION-RQ': 0x0130,
  'N-CREATE-RQ': 0x0140,
  'N-DELETE-RQ': 0x0150,
  'C-CANCEL-RQ': 0x0fff,
} as const

/** A response carries its request's Command Field with this bit set, PS3.7 table E.1-1. */
export const responseBit = 0x8000

/** A request as PS3.7 names its service, `C-STORE` to `N-DELETE`. */
export type Operation =
  | 'C-STORE'
  | 'C-GET'
  | 'C-FIND'
  | 'C-MOVE'
  | 'C-ECHO'
  | 'N-EVENT-REPORT'
  | 'N-GET'
  | 'N-SET'
  | 'N-ACTION'
  | 'N-CREATE'
  | 'N-DELETE'

const operations = new Map<number, Operation>(
  Object.entries(commandField)
    .filter(([name]) => name !== 'C-CANCEL-RQ')
    .map(([name, field]) => [field, name.slice(0, -3) as Operation]),
)

/** The service that a request's Command Field asks for. */
export function operationOf(field: number): Operation | undefined {
  return operations.get(field)
}

/** The Command Field of a service's request. */
export function fieldOf(operation: Operation): number {
  return commandField[`${operation}-RQ`]
}
