import type { Fault, FaultCode } from '../../faults.ts'
import { type Reply, status } from '../../standard/dimse/dimse.ts'

/**
 * What a C-STORE is answered for each fault (PS3.4 B.2.3, PS3.7 §9.1.1.1.9): A7xx tells the sender to
 * try again later, A9xx and Cxxx that this instance will not be taken as it is.
 */
const answers: Record<FaultCode, number> = {
  'not-dicom': status.cannotUnderstand,
  'dataset-truncated': status.cannotUnderstand,
  'dataset-malformed': status.cannotUnderstand,
  'identifiers-missing': status.dataSetDoesNotMatchSopClass,
  'identifiers-contradict': status.dataSetDoesNotMatchSopClass,
  'instance-conflicts': status.duplicateSopInstance,
  'request-malformed': status.processingFailure,
  'too-large': status.outOfResources,
  'range-unsatisfiable': status.processingFailure,
  'unknown-tag': status.processingFailure,
  'not-found': status.noSuchObjectInstance,
  'not-supported': status.unrecognizedOperation,
  'not-allowed': status.notAuthorized,
  'revision-outdated': status.processingFailure,
  'storage-full': status.outOfResources,
  'storage-failed': status.outOfResources,
  damaged: status.processingFailure,
  'catalogue-damaged': status.outOfResources,
  busy: status.outOfResources,
  stopping: status.outOfResources,
  cancelled: status.cancel,
  'settings-refused': status.processingFailure,
  'port-taken': status.processingFailure,
  'data-folder-refused': status.processingFailure,
  internal: status.processingFailure,
  'peer-unreachable': status.processingFailure,
  'peer-refused': status.processingFailure,
  'peer-declined': status.processingFailure,
  'peer-failed': status.processingFailure,
  'peer-timeout': status.processingFailure,
  'peer-aborted': status.processingFailure,
  'protocol-broken': status.processingFailure,
}

/** A fault as the sender's operator will read it: the status, and in 64 characters what is wrong. */
export function answerTo(fault: Fault): Reply {
  return { status: answers[fault.code], errorComment: (fault.detail || fault.advice).slice(0, 64) }
}
