import { Fault, type FaultCode, faultOf } from '../../faults.ts'

/** The HTTP status with which our own API (`/api/…`) says each fault. */
const statuses: Record<FaultCode, number> = {
  'not-dicom': 400,
  'dataset-truncated': 400,
  'dataset-malformed': 400,
  'identifiers-missing': 400,
  'identifiers-contradict': 400,
  'instance-conflicts': 409,
  'request-malformed': 400,
  'too-large': 413,
  'range-unsatisfiable': 416,
  'unknown-tag': 400,
  'not-found': 404,
  'not-supported': 501,
  'not-allowed': 403,
  'revision-outdated': 409,
  'storage-full': 507,
  'storage-failed': 500,
  damaged: 500,
  'catalogue-damaged': 503,
  busy: 503,
  stopping: 503,
  cancelled: 409,
  'settings-refused': 400,
  'port-taken': 409,
  'data-folder-refused': 500,
  internal: 500,
  'peer-unreachable': 502,
  'peer-refused': 502,
  'peer-declined': 502,
  'peer-failed': 502,
  'peer-timeout': 504,
  'peer-aborted': 502,
  'protocol-broken': 502,
}

/** How our own API answers whatever was thrown: the fault's code, what exactly, and what to do. */
export function problemOf(thrown: unknown): Response {
  const fault = faultOf(thrown)
  // The message of the unforeseen may tell of paths and insides: it goes to the log, not out.
  const detail = fault.code === 'internal' ? '' : fault.detail
  return Response.json(
    { code: fault.code, detail, advice: fault.advice },
    { status: statuses[fault.code] },
  )
}

/** The answer to a path of our own API that is not there. */
export function noSuchPath(): Response {
  return problemOf(new Fault('not-found', 'no such path'))
}
