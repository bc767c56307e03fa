import dcmjsDimse from 'dcmjs-dimse'

// The library turns the root logger of `loglevel` to TRACE when it loads; it must not speak here.
dcmjsDimse.log.disableAll()

const library = dcmjsDimse.constants

/** PDU types, PS3.8 §9.3. */
export const pduType = {
  associateRq: library.RawPduType.AAssociateRQ,
  associateAc: library.RawPduType.AAssociateAC,
  associateRj: library.RawPduType.AAssociateRJ,
  pDataTf: library.RawPduType.PDataTF,
  releaseRq: library.RawPduType.AReleaseRQ,
  releaseRp: library.RawPduType.AReleaseRP,
  abort: library.RawPduType.AAbort,
} as const

/** PS3.7 Annex A.2.1: the one application context there is. */
export const applicationContextName = library.Uid.ApplicationContextName

/** PS3.4 Annex A. */
export const verificationSopClass = library.SopClass.Verification

/** PS3.5 Annex A.1: the transfer syntax of every command set, and every node's default. */
export const implicitVrLittleEndian = library.TransferSyntax.ImplicitVRLittleEndian

/** Results of a presentation context, PS3.8 table 9-18. */
export const contextResult = {
  accepted: library.PresentationContextResult.Accept,
  refusedByUser: library.PresentationContextResult.RejectUser,
  refusedByProvider: library.PresentationContextResult.RejectNoReason,
  abstractSyntaxNotSupported: library.PresentationContextResult.RejectAbstractSyntaxNotSupported,
  transferSyntaxesNotSupported:
    library.PresentationContextResult.RejectTransferSyntaxesNotSupported,
} as const

/** Who aborts, PS3.8 table 9-26. */
export const abortSource = {
  user: library.AbortSource.ServiceUser,
  provider: library.AbortSource.ServiceProvider,
} as const

/** Why the provider aborts, PS3.8 table 9-26. */
export const abortReason = {
  notSpecified: library.AbortReason.NotSpecified,
  unrecognizedPdu: library.AbortReason.UnrecognizedPdu,
  unexpectedPdu: library.AbortReason.UnexpectedPdu,
  unrecognizedParameter: library.AbortReason.UnrecognizedPduParameter,
  unexpectedParameter: library.AbortReason.UnexpectedPduParameter,
  invalidParameter: library.AbortReason.InvalidPduParameter,
} as const

/** Priorities, PS3.7 §9.1.1.1.5; the numbers are not in the order of the words. */
export const priority = {
  medium: library.Priority.Medium,
  high: library.Priority.High,
  low: library.Priority.Low,
} as const

/** Command Fields, PS3.7 table E.1-1, by the names of their messages. */
export const commandField = {
  'C-STORE-RQ': library.CommandFieldType.CStoreRequest,
  'C-GET-RQ': library.CommandFieldType.CGetRequest,
  'C-FIND-RQ': library.CommandFieldType.CFindRequest,
  'C-MOVE-RQ': library.CommandFieldType.CMoveRequest,
  'C-ECHO-RQ': library.CommandFieldType.CEchoRequest,
  'N-EVENT-REPORT-RQ': library.CommandFieldType.NEventReportRequest,
  'N-GET-RQ': library.CommandFieldType.NGetRequest,
  'N-SET-RQ': library.CommandFieldType.NSetRequest,
  'N-ACTION-RQ': library.CommandFieldType.NActionRequest,
  'N-CREATE-RQ': library.CommandFieldType.NCreateRequest,
  'N-DELETE-RQ': library.CommandFieldType.NDeleteRequest,
  'C-CANCEL-RQ': library.CommandFieldType.CCancelRequest,
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
