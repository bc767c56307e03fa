/** What somebody speaks, by the first bytes of the connection. */
export type Speech = 'dicom' | 'tls' | 'http' | 'unknown'

const httpMethods = ['GET ', 'POST', 'PUT ', 'HEAD', 'OPTI', 'DELE', 'CONN', 'PRI ', 'HTTP']

export function spokenBy(firstBytes: Uint8Array): Speech {
  const [first, second] = firstBytes
  if (first === undefined) return 'unknown'
  // PDU types, PS3.8 §9.3.
  if (first >= 0x01 && first <= 0x07) return 'dicom'
  // A TLS record of handshake or alert: RFC 8446 §5.1.
  if ((first === 0x16 || first === 0x15) && (second === undefined || second === 0x03)) return 'tls'
  const text = Buffer.from(firstBytes.subarray(0, 4)).toString('latin1')
  return httpMethods.includes(text) ? 'http' : 'unknown'
}
