import dcmjsDimse from 'dcmjs-dimse'

const library = dcmjsDimse.constants.Status

/**
 * The status codes of PS3.7 Annex C, and those of the services we speak from PS3.4 (B.2.3, C.4).
 * Codes with a range of meanings (A7xx, A9xx, Cxxx) are their first.
 */
export const status = {
  success: library.Success,
  cancel: library.Cancel,
  pending: library.Pending,
  /** Pending, but an optional key was not matched (PS3.4 C.4.1.1.4). */
  pendingWithUnsupportedKeys: 0xff01,

  // General, PS3.7 Annex C
  attributeListWarning: 0x0107,
  attributeValueOutOfRange: 0x0116,
  processingFailure: library.ProcessingFailure,
  duplicateSopInstance: library.DuplicateSOPInstance,
  noSuchObjectInstance: library.NoSuchObjectInstance,
  noSuchEventType: library.NoSuchEventType,
  noSuchArgument: library.NoSuchArgument,
  invalidArgumentValue: library.InvalidArgumentValue,
  invalidAttributeValue: library.InvalidAttributeValue,
  invalidObjectInstance: library.InvalidObjectInstance,
  noSuchSopClass: library.NoSuchSopClass,
  classInstanceConflict: library.ClassInstanceConflict,
  missingAttribute: library.MissingAttribute,
  missingAttributeValue: library.MissingAttributeValue,
  sopClassNotSupported: library.SopClassNotSupported,
  noSuchActionType: library.NoSuchActionType,
  notAuthorized: library.NotAuthorized,
  duplicateInvocation: library.DuplicateInvocation,
  unrecognizedOperation: library.UnrecognizedOperation,
  mistypedArgument: library.MistypedArgument,
  resourceLimitation: library.ResourceLimitation,

  // Storage, PS3.4 B.2.3
  outOfResources: 0xa700,
  dataSetDoesNotMatchSopClass: library.DataSetSopClassMismatch,
  cannotUnderstand: 0xc000,
  coercionOfDataElements: 0xb000,
  elementsDiscarded: 0xb006,
  dataSetDoesNotMatchSopClassWarning: 0xb007,

  // Query and retrieve, PS3.4 C.4.2 and C.4.3
  outOfResourcesNumberOfMatches: library.OutOfResourcesNumberOfMatches,
  outOfResourcesSubOperations: library.OutOfResourcesSubOperations,
  moveDestinationUnknown: library.MoveDestinationUnknown,
  subOperationsCompleteWithFailures: 0xb000,
  unableToProcess: 0xc000,
} as const

export type StatusKind = 'success' | 'pending' | 'cancelled' | 'warning' | 'failure'

/** What a status means for the one who asked, PS3.7 Annex C: every code is of one of five kinds. */
export function statusKind(code: number): StatusKind {
  if (code === 0x0000) return 'success'
  if (code === 0xff00 || code === 0xff01) return 'pending'
  if (code === 0xfe00) return 'cancelled'
  if (code === 0x0001 || code === 0x0107 || code === 0x0116 || code >> 12 === 0xb) return 'warning'
  return 'failure'
}

/** `0xA700`, as documents and technicians write it. */
export function formatStatus(code: number): string {
  return `0x${code.toString(16).toUpperCase().padStart(4, '0')}`
}
