import { Fault, whyNotConnected } from '../../../faults.ts'

/** OpenSSL's and Node's words for a certificate that does not do, and what it means. */
const certificateTroubles: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet; is this box’s clock right?',
  CERT_REVOKED: 'its certificate is revoked',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by itself; name it as an authority',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is signed by an authority we do not know',
  UNABLE_TO_GET_ISSUER_CERT: 'its certificate is signed by an authority we do not know',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is signed by an authority we do not know',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is signed by an authority we do not know',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
}

/** What ended a connection, as a fault; `connected`: whether it stood then. */
export function connectionFault(thrown: unknown, url: URL, connected: boolean): Fault {
  const cause = firstOf(thrown)
  if (cause instanceof Fault) return cause
  const { code = '', message = String(cause) } = cause as NodeJS.ErrnoException
  const fault = (kind: ConstructorParameters<typeof Fault>[0], detail: string) =>
    new Fault(kind, `${url.host}: ${detail}`, { cause })
  const trouble = certificateTroubles[code]
  if (trouble) return fault('peer-refused', trouble)
  if (code === 'ERR_PROXY_TUNNEL')
    return fault(
      / 40[37] /.test(message) ? 'peer-refused' : 'peer-unreachable',
      `the proxy answered ${/HTTP\/[\d.]+ (\d{3})/.exec(message)?.[1] ?? 'nothing of use'}`,
    )
  // A server that wants a certificate of ours says so by ending the handshake with an alert.
  if (/^ERR_SSL_.*(ALERT|HANDSHAKE)/.test(code)) return fault('peer-refused', alertOf(message))
  if (/^HPE_|^ERR_SSL_|^EPROTO/.test(code)) return fault('protocol-broken', message)
  return connected
    ? fault('peer-aborted', code === '' ? message : code)
    : fault('peer-unreachable', whyNotConnected(cause as Error))
}

/** Of several addresses that were tried, what the first said. */
function firstOf(error: unknown): unknown {
  return error instanceof AggregateError && error.errors.length > 0 ? error.errors[0] : error
}

function alertOf(message: string): string {
  const said = /alert ([a-z ]+)|:([a-z ]*handshake[a-z ]*)/.exec(message)
  return `refused the TLS handshake: ${(said?.[1] ?? said?.[2] ?? 'without a reason').trim()}`
}

/** RFC 9110 §10.2.3: seconds, or a date. By nobody's clock longer than a day. */
export function retryAfterOf(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined
  const seconds = /^\d+$/.test(header.trim())
    ? Number(header)
    : Math.ceil((Date.parse(header) - now) / 1000)
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0), 86_400) : undefined
}

/**
 * The fault that an HTTP status is for the whole destination, whatever was asked of it; `undefined`
 * when it speaks of the one request only.
 */
export function destinationFault(
  { status, retryAfter }: { status: number; retryAfter?: number | undefined },
  url: URL,
): Fault | undefined {
  const fault = (kind: ConstructorParameters<typeof Fault>[0], detail: string) =>
    new Fault(kind, `${url.host} answered ${status}: ${detail}`, { retryAfter })
  switch (status) {
    case 401:
      return fault('peer-refused', 'it does not take our credentials')
    case 403:
      return fault('peer-refused', 'our credentials do not allow this')
    case 404:
    case 405:
    case 410:
      return fault('peer-refused', `${url.pathname} is not there; check the URL`)
    case 407:
      return fault('peer-refused', 'the proxy wants other credentials')
    case 408:
    case 425:
      return fault('peer-failed', 'it did not wait for us')
    case 429:
      return fault('peer-failed', 'we ask too often')
    case 502:
    case 503:
    case 504:
      return fault('peer-failed', 'it is not at work now')
    case 507:
      return fault('peer-failed', 'it has no room left')
  }
  // Neither a DICOM server nor Orthanc redirects what is sent to it: a login page does.
  if (status >= 300 && status < 400)
    return fault('peer-refused', 'it sends us elsewhere; check the URL')
  return undefined
}
