/**
 * The closed table of faults: every way Waystation can say no.
 *
 * `again` tells whether the same request may succeed later without anyone changing it; only then
 * does a sender or our own relay try again. `advice` is the sentence shown to a person.
 *
 * Each door keeps a `Record<FaultCode, …>` of its own answers (DIMSE status, HTTP status and Orthanc
 * error), so a new row here does not compile until every door can answer it.
 */
const table = {
  // What was sent to us
  'not-dicom': { again: false, advice: 'The data is not a DICOM file; send a Part 10 file.' },
  'dataset-truncated': {
    again: false,
    advice: 'The dataset ends in the middle of an element; export it again from its source.',
  },
  'dataset-malformed': {
    again: false,
    advice: 'The dataset cannot be read as its transfer syntax says; check the sending device.',
  },
  'identifiers-missing': {
    again: false,
    advice: 'SOP Class, SOP Instance, Study and Series Instance UID must all be present and valid.',
  },
  'identifiers-contradict': {
    again: false,
    advice: 'The dataset names another object than the C-STORE command; check the sending device.',
  },
  'instance-conflicts': {
    again: false,
    advice:
      'Another image with the same SOP Instance UID is already kept; the newcomer was not taken.',
  },
  'request-malformed': {
    again: false,
    advice: 'The request is not understood; the detail says which part.',
  },
  'too-large': { again: false, advice: 'The request is larger than this box accepts.' },
  'range-unsatisfiable': { again: false, advice: 'The byte range lies beyond the end.' },
  'unknown-tag': { again: false, advice: 'No such DICOM tag is known; check its spelling.' },

  // What we are asked for
  'not-found': { again: false, advice: 'There is nothing under this identifier.' },
  'not-supported': { again: false, advice: 'This version does not do that.' },
  'not-allowed': {
    again: false,
    advice: 'This caller may not do that; an administrator can allow it.',
  },
  'revision-outdated': {
    again: false,
    advice: 'It was changed meanwhile; read it again, then repeat.',
  },

  // The box itself
  'storage-full': {
    again: true,
    advice: 'The disk is full; free space or let the relay catch up.',
  },
  'storage-failed': {
    again: true,
    advice: 'The disk did not take or give the data; check its health.',
  },
  damaged: {
    again: false,
    advice: 'The stored file no longer matches its digest; fetch it again.',
  },
  'catalogue-damaged': {
    again: true,
    advice:
      'The catalogue holds what was not written so; it is made again from the images by itself.',
  },
  busy: { again: true, advice: 'The box is at its limit; the sender will be served shortly.' },
  stopping: { again: true, advice: 'The box is being stopped; try again after it has started.' },
  cancelled: { again: false, advice: 'It was cancelled on request.' },
  'settings-refused': { again: false, advice: 'A setting is wrong; each problem is listed.' },
  'port-taken': {
    again: false,
    advice: 'Another program uses the port; stop it or choose another.',
  },
  'data-folder-refused': {
    again: false,
    advice: 'The data folder cannot be used as it is; nothing on it was changed.',
  },
  internal: { again: true, advice: 'An unexpected error; the log has the details.' },

  // Remote nodes
  'peer-unreachable': {
    again: true,
    advice: 'The remote node does not answer; check address, port, network.',
  },
  'peer-refused': {
    again: true,
    advice: 'The remote node refused the association; check AE titles on both sides.',
  },
  'peer-declined': {
    again: false,
    advice: 'The remote node does not take this SOP class or transfer syntax.',
  },
  'peer-failed': { again: true, advice: 'The remote node answered with an error; see its log.' },
  'peer-timeout': { again: true, advice: 'The remote node fell silent; check the link.' },
  'peer-aborted': { again: true, advice: 'The remote node or the link broke the connection.' },
  'protocol-broken': {
    again: false,
    advice: 'The remote node broke the DICOM protocol; update it.',
  },
} as const satisfies Record<string, { again: boolean; advice: string }>

export type FaultCode = keyof typeof table

/** An expected way of failing. Ask its `code`, never its message. */
export class Fault extends Error {
  override readonly name = 'Fault'
  readonly code: FaultCode
  /** What exactly, in one sentence, free of patient data: it goes to logs and to peers. */
  readonly detail: string
  /** Seconds after which the other side asked to be tried again. */
  readonly retryAfter: number | undefined

  constructor(
    code: FaultCode,
    detail = '',
    options?: { cause?: unknown; retryAfter?: number | undefined },
  ) {
    super(detail ? `${code}: ${detail}` : code, options)
    this.code = code
    this.detail = detail
    this.retryAfter = options?.retryAfter
  }

  get again(): boolean {
    return table[this.code].again
  }

  get advice(): string {
    return table[this.code].advice
  }
}

/** What the system says of a connection that was not made, in words for a person. */
const unconnected: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'it hung up',
  EPIPE: 'it hung up',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no way to it',
  ENOTFOUND: 'nobody knows this name',
  EAI_AGAIN: 'no name server answers',
  ETIMEDOUT: 'nobody answers',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not speak TLS',
}

/** Of several addresses that were tried, what the first said; with the system's own word for it. */
export function whyNotConnected(error: Error): string {
  const first = error instanceof AggregateError ? (error.errors[0] as Error | undefined) : undefined
  const { code = '', message }: NodeJS.ErrnoException = first ?? error
  const words = unconnected[code]
  return words ? `${words} (${code})` : message
}

export const faultCodes = Object.keys(table) as readonly FaultCode[]

const fromErrno: Record<string, FaultCode> = {
  ENOSPC: 'storage-full',
  EDQUOT: 'storage-full',
  EIO: 'storage-failed',
  EROFS: 'storage-failed',
  EMFILE: 'busy',
  ENFILE: 'busy',
}

/** Anything thrown, as a fault: errno codes by their meaning, everything unforeseen as `internal`. */
export function faultOf(thrown: unknown): Fault {
  if (thrown instanceof Fault) return thrown
  if (thrown instanceof Error) {
    const code = fromErrno[(thrown as NodeJS.ErrnoException).code ?? ''] ?? 'internal'
    return new Fault(code, thrown.message, { cause: thrown })
  }
  return new Fault('internal', String(thrown), { cause: thrown })
}
