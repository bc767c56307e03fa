/**
 * The status codes of PS3.7 Annex C, and those of the services we speak from PS3.4 (B.2.3, C.4).
 * Codes with a range of meanings (A7xx, A9xx, Cxxx) are their first.
 */
export const status = {
  success: 0x0000,
  cancel: 0xfe00,
  pending: 0xff00,
  /** Pending, but an optional key was not matched (PS3.4 C.4.1.1.4). */
  pendingWithUnsupportedKeys: 0xff01,

  // General, PS3.7 Annex C
  attributeListWarning: 0x0107,
  attributeValueOutOfRange: 0x0116,
  processingFailure: 0x0110,
  duplicateSopInstance: 0x0111,
  noSuchObjectInstance: 0x0112,
  noSuchEventType: 0x0113,
  noSuchArgument: 0x0114,
  invalidArgumentValue: 0x0115,
  invalidAttributeValue: 0x0106,
  invalidObjectInstance: 0x0117,
  noSuchSopClass: 0x0118,
  classInstanceConflict: 0x0119,
  missingAttribute: 0x0120,
  missingAttributeValue: 0x0121,
  sopClassNotSupported: 0x0122,
  noSuchActionType: 0x0123,
  notAuthorized: 0x0124,
  duplicateInvocation: 0x0210,
  unrecognizedOperation: 0x0211,
  mistypedArgument: 0x0212,
  resourceLimitation: 0x0213,

  // Storage, PS3.4 B.2.3
  outOfResources: 0xa700,
  dataSetDoesNotMatchSopClass: 0xa900,
  cannotUnderstand: 0xc000,
  coercionOfDataElements: 0xb000,
  elementsDiscarded: 0xb006,
  dataSetDoesNotMatchSopClassWarning: 0xb007,

  // Query and retrieve, PS3.4 C.4.2 and C.4.3
  outOfResourcesNumberOfMatches: 0xa701,
  outOfResourcesSubOperations: 0xa702,
  moveDestinationUnknown: 0xa801,
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
