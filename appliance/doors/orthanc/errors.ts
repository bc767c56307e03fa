import { Fault, type FaultCode, faultOf } from '../../faults.ts'
import { type Json, styled } from './json.ts'

function notTaken(command: string): string {
  return `DicomUserConnection: The ${command} command is not supported by the remote SCP`
}

/**
 * Orthanc's errors that we say: its number, its words, and the HTTP status it answers with. Clients
 * match the words.
 */
const errors = {
  Internal: [-1, 'Internal error', 500],
  NotImplemented: [2, 'Not implemented yet', 501],
  ParameterOutOfRange: [3, 'Parameter out of range', 400],
  BadParameterType: [5, 'Bad type for a parameter', 400],
  BadSequenceOfCalls: [6, 'Bad sequence of calls', 500],
  InexistentItem: [7, 'Accessing an inexistent item', 404],
  BadRequest: [8, 'Bad request', 400],
  NetworkProtocol: [9, 'Error in the network protocol', 500],
  CannotWriteFile: [14, 'Cannot write to file', 500],
  BadFileFormat: [15, 'Bad file format', 400],
  Timeout: [16, 'Timeout', 500],
  UnknownResource: [17, 'Unknown resource', 404],
  FullStorage: [19, 'The file storage is full', 507],
  CorruptedFile: [20, 'Corrupted file (e.g. inconsistent MD5 hash)', 500],
  InexistentTag: [21, 'Inexistent tag', 404],
  UnknownDicomTag: [27, 'Unknown DICOM tag', 500],
  BadJson: [28, 'Cannot parse a JSON document', 400],
  Unauthorized: [29, 'Bad credentials were provided to an HTTP request', 401],
  NotAcceptable: [
    34,
    'Cannot send a response which is acceptable according to the Accept HTTP header',
    406,
  ],
  DatabaseUnavailable: [
    36,
    'The database is currently not available (probably a transient situation)',
    503,
  ],
  CanceledJob: [37, 'This job was canceled', 500],
  BadRange: [41, 'Incorrect range request', 416],
  Revision: [
    43,
    'A bad revision number was provided, which might indicate conflict between multiple writers',
    409,
  ],
  ForbiddenAccess: [45, 'Forbidden access', 403],
  DuplicateResource: [46, 'Duplicate resource', 409],
  DicomFindUnavailable: [2016, notTaken('C-FIND'), 500],
  DicomMoveUnavailable: [2017, notTaken('C-MOVE'), 500],
  CannotStoreInstance: [2018, 'Unable to store a DICOM instance', 500],
  CannotOrderSlices: [2040, 'Unable to order the slices of the series', 500],
  DicomGetUnavailable: [2045, notTaken('C-GET'), 500],
  UnsupportedMediaType: [3000, 'Unsupported media type', 415],
} as const satisfies Record<string, readonly [number: number, words: string, http: number]>

export type ErrorName = keyof typeof errors

/** A refusal in Orthanc's own terms, for what its interface distinguishes and our faults do not. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly error: ErrorName
  /** What exactly; free of patient data. */
  readonly details: string | undefined
  /** Another HTTP status than the error's own. */
  readonly http: number | undefined
  /** What programs make of it. */
  readonly payload: Json

  constructor(error: ErrorName, details?: string, http?: number, payload?: Json) {
    super(details ?? errors[error][1])
    this.error = error
    this.details = details
    this.http = http
    this.payload = payload
  }
}

/** How each fault is said in Orthanc's terms, and its HTTP status where it is not the error's own. */
const answers: Record<FaultCode, readonly [ErrorName, number?]> = {
  'not-dicom': ['BadFileFormat'],
  'dataset-truncated': ['BadFileFormat'],
  'dataset-malformed': ['BadFileFormat'],
  'identifiers-missing': ['BadFileFormat'],
  'identifiers-contradict': ['BadFileFormat'],
  'instance-conflicts': ['DuplicateResource'],
  'request-malformed': ['BadRequest'],
  'too-large': ['BadRequest', 413],
  'range-unsatisfiable': ['BadRange'],
  'unknown-tag': ['UnknownDicomTag'],
  'not-found': ['UnknownResource'],
  'not-supported': ['NotImplemented'],
  'not-allowed': ['ForbiddenAccess'],
  'revision-outdated': ['Revision'],
  'storage-full': ['FullStorage'],
  'storage-failed': ['CannotWriteFile'],
  damaged: ['CorruptedFile'],
  'catalogue-damaged': ['DatabaseUnavailable'],
  busy: ['DatabaseUnavailable'],
  stopping: ['DatabaseUnavailable'],
  cancelled: ['CanceledJob'],
  'settings-refused': ['BadRequest'],
  'port-taken': ['Internal'],
  'data-folder-refused': ['Internal'],
  internal: ['Internal'],
  'peer-unreachable': ['NetworkProtocol'],
  'peer-refused': ['NetworkProtocol'],
  'peer-declined': ['NetworkProtocol'],
  'peer-failed': ['NetworkProtocol'],
  'peer-timeout': ['NetworkProtocol'],
  'peer-aborted': ['NetworkProtocol'],
  'protocol-broken': ['NetworkProtocol'],
}

/** What it is to Orthanc that a node takes no such request, by the type of the job that asked. */
const declined: Readonly<Record<string, ErrorName>> = {
  DicomMoveScu: 'DicomMoveUnavailable',
  DicomGetScu: 'DicomGetUnavailable',
}

/** How a job's failure is said. */
export function refusalOfJob(
  type: string,
  { code, detail, payload }: { code: FaultCode; detail: string; payload?: unknown },
): Refusal {
  const { error, details, http } = refusalOf(new Fault(code, detail))
  const own = code === 'peer-declined' ? declined[type] : undefined
  return new Refusal(own ?? error, details, http, payload as Json)
}

/** Its number and words, as jobs tell why they failed. */
export function errorOf({ error }: Pick<Refusal, 'error'>): { number: number; words: string } {
  const [number, words] = errors[error]
  return { number, words }
}

/** Questions to a node; one that takes no C-FIND is told as Orthanc has it. */
export async function* questioned<T>(answers: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* answers
  } catch (error) {
    const { code, detail } = faultOf(error)
    throw code === 'peer-declined' ? new Refusal('DicomFindUnavailable', detail) : error
  }
}

/** Whatever was thrown, as a refusal. The unforeseen keeps its message to itself: it may tell too much. */
export function refusalOf(thrown: unknown): Refusal {
  if (thrown instanceof Refusal) return thrown
  const fault: Fault = faultOf(thrown)
  const [error, http] = answers[fault.code]
  const details = fault.code === 'internal' ? undefined : fault.detail || fault.advice
  return new Refusal(error, details, http)
}

/** Orthanc's error answer to `method` on `uri`. */
export function errorAnswer(refusal: Refusal, method: string, uri: string): Response {
  const [number, words, own] = errors[refusal.error]
  const status = refusal.http ?? own
  const body = styled(
    {
      Details: refusal.details,
      ErrorPayload: refusal.payload,
      HttpError: reasons[status] ?? 'Internal Server Error',
      HttpStatus: status,
      Message: words,
      Method: method,
      OrthancError: words,
      OrthancStatus: number,
      Uri: uri,
    },
    '\t',
  )
  return new Response(`${body}\n`, { status, headers: textHeaders })
}

/** So are texts of every kind typed since 1.12.2. */
const textHeaders = { 'Content-Type': 'text/plain', 'X-Content-Type-Options': 'nosniff' }

const reasons: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  406: 'Not Acceptable',
  409: 'Conflict',
  413: 'Payload Too Large',
  415: 'Unsupported Media Type',
  416: 'Range Not Satisfiable',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  503: 'Service Unavailable',
  507: 'Insufficient Storage',
}
