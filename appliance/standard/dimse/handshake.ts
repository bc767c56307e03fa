import type { Socket } from 'node:net'
import { createServer, type Server, type TLSSocket } from 'node:tls'
import { Fault, faultOf } from '../../faults.ts'
import type { Log } from '../../log.ts'
import type { Ending } from './ending.ts'
import type { AssociateRequest } from './negotiation.ts'
import { encodeAbort } from './pdu.ts'
import type { OpenRecord } from './record.ts'
import type { Timers, TlsSettings } from './settings.ts'
import { spokenBy } from './speech.ts'
import type { Clock } from './timers.ts'
import { readTlsFiles, tlsFilesVersion } from './tls.ts'
import { Violation } from './violation.ts'
import { abortReason, abortSource } from './vocabulary.ts'

/** What became of a connection on the TLS port. */
export type Handshaken =
  | {
      socket: TLSSocket
      tls: NonNullable<OpenRecord['tls']>
      certificate?: AssociateRequest['certificate']
    }
  | { ending: Ending; firstBytes: Uint8Array; bytesReceived: number }

export interface TlsPort {
  /** Shakes hands with a connection that has just been opened; never throws. */
  shake(socket: Socket): Promise<Handshaken>
}

/** How long a certificate file may be replaced without being noticed, in milliseconds. */
const checkEvery = 1000

/**
 * The server side of DICOM over TLS. Certificates are read again when their files change; files that
 * cannot be used leave the old ones in force. Whoever speaks plain DICOM here is answered by an
 * A-ABORT, in plain. Fault: `settings-refused`.
 */
export async function openTlsPort(
  settings: TlsSettings,
  around: { timers: Timers; clock: Clock; log: Log },
): Promise<TlsPort> {
  // Looked at before they are read: what is replaced meanwhile counts as replaced.
  const version = await tlsFilesVersion(settings)
  const server = await serverOf(settings)
  const shaking = new Map<string, (result: TLSSocket | Error) => void>()
  const settle = (socket: TLSSocket, result: TLSSocket | Error) =>
    shaking.get(nameOf(socket))?.(result)
  server.on('secureConnection', socket => settle(socket, socket))
  server.on('tlsClientError', (error, socket) => settle(socket, error))
  const refresh = refresher(server, settings, version, around)

  return {
    async shake(socket) {
      const firstBytes = await firstBytesOf(socket, around)
      if (!(firstBytes instanceof Uint8Array)) return firstBytes
      if (spokenBy(firstBytes) !== 'tls') return refusePlain(socket, firstBytes)
      await refresh()
      const name = nameOf(socket)
      const { promise, resolve } = Promise.withResolvers<TLSSocket | Error>()
      shaking.set(name, resolve)
      const takeBack = around.clock.after(around.timers.artim * 1000, () =>
        resolve(new Fault('peer-timeout', 'the TLS handshake was not finished in time')),
      )
      const closed = () => resolve(new Error('the connection was closed during the TLS handshake'))
      socket.once('close', closed)
      // It may have gone while the files were looked at.
      if (socket.destroyed) closed()
      else server.emit('connection', socket)
      const result = await promise
      takeBack()
      shaking.delete(name)
      if (result instanceof Error) {
        socket.destroy()
        return failed(result, firstBytes, socket)
      }
      return identified(result, settings, firstBytes)
    },
  }
}

async function serverOf(settings: TlsSettings): Promise<Server> {
  try {
    return createServer({
      ...(await readTlsFiles(settings)),
      requestCert: settings.clientCertificate !== 'none',
      // A certificate that will not do is refused by `refusedCertificate`, which can say why.
      rejectUnauthorized: false,
    })
  } catch (error) {
    if (error instanceof Fault) throw error
    throw new Fault('settings-refused', `the TLS certificate or key cannot be used: ${error}`, {
      cause: error,
    })
  }
}

function refresher(
  server: Server,
  settings: TlsSettings,
  atStart: string,
  around: { clock: Clock; log: Log },
): () => Promise<void> {
  let version = atStart
  let checkedAt = Number.NEGATIVE_INFINITY
  return async () => {
    if (around.clock.now() - checkedAt < checkEvery) return
    checkedAt = around.clock.now()
    const found = await tlsFilesVersion(settings)
    if (version === found) return
    version = found
    try {
      server.setSecureContext(await readTlsFiles(settings))
      around.log.info('certificates-reloaded', { files: [settings.certificateFile] })
    } catch (error) {
      around.log.error('certificates-unusable', {
        detail: faultOf(error).detail,
        advice: 'The new certificate files cannot be used, the old ones stay in force; check them.',
      })
    }
  }
}

/** The first bytes, which stay to be read; or how the wait for them ended. */
function firstBytesOf(
  socket: Socket,
  around: { timers: Timers; clock: Clock },
): Promise<Uint8Array | Handshaken> {
  return new Promise(resolve => {
    const end = (result: Uint8Array | Handshaken) => {
      takeBack()
      socket.off('readable', look)
      socket.off('close', closed)
      resolve(result)
    }
    const nothing = { firstBytes: new Uint8Array(0), bytesReceived: 0 }
    const look = () => {
      const chunk: Buffer | null = socket.read()
      if (!chunk) return
      socket.unshift(chunk)
      end(Buffer.from(chunk.subarray(0, 8)))
    }
    const closed = () => end({ ending: { how: 'disconnected' }, ...nothing })
    const takeBack = around.clock.after(around.timers.artim * 1000, () => {
      socket.destroy()
      end({ ending: { how: 'timed-out', wait: 'artim' }, ...nothing })
    })
    socket.on('readable', look)
    socket.on('close', closed)
  })
}

function refusePlain(socket: Socket, firstBytes: Uint8Array): Handshaken {
  socket.resume()
  socket.end(encodeAbort({ source: abortSource.provider, reason: abortReason.notSpecified }))
  const what =
    spokenBy(firstBytes) === 'dicom'
      ? 'it speaks plain DICOM on the TLS port; set it to the plain port, or turn TLS on there'
      : 'what it speaks on the TLS port is neither TLS nor DICOM'
  return {
    ending: { how: 'broken', violation: new Violation('notSpecified', what) },
    firstBytes,
    bytesReceived: firstBytes.length,
  }
}

function failed(error: Error, firstBytes: Uint8Array, socket: Socket): Handshaken {
  const { reason } = error as { reason?: string }
  const what = error instanceof Fault ? error.detail : (reason ?? error.message)
  return notShaken(
    `the TLS handshake failed (${what}); check that both ends speak TLS 1.2 or 1.3 and trust each other's certificate`,
    firstBytes,
    socket,
  )
}

function notShaken(detail: string, firstBytes: Uint8Array, socket: Socket): Handshaken {
  return {
    ending: { how: 'broken', violation: new Violation('notSpecified', detail) },
    firstBytes,
    bytesReceived: socket.bytesRead,
  }
}

/** What to change where it is not the authority, by the codes of OpenSSL's verification. */
const remedies: Record<string, string> = {
  CERT_REVOKED: 'its authority has revoked it; give it another certificate',
  CERT_HAS_EXPIRED: 'it has expired; give it another certificate, or set the clock of this box',
  CERT_NOT_YET_VALID: 'it is not valid yet; set the clock of this box, or wait',
  CRL_HAS_EXPIRED: 'the revocation list of its authority is out of date here; bring a newer one',
  CRL_NOT_YET_VALID:
    'the revocation list of its authority is of the future; set the clock of this box',
  UNABLE_TO_GET_CRL: 'the file of revocation lists has none of its authority; add it there',
}

function refusedCertificate(
  socket: TLSSocket,
  wanted: TlsSettings['clientCertificate'],
  shown: boolean,
): string | undefined {
  if (wanted === 'none') return undefined
  if (shown && !socket.authorized) {
    const code = String(socket.authorizationError)
    return `its certificate is not trusted here (${code}); ${remedies[code] ?? 'add its authority to those of this box, or give it another certificate'}`
  }
  if (!shown && wanted === 'required')
    return 'it shows no certificate, and this box requires one; give it one'
  return undefined
}

function identified(socket: TLSSocket, settings: TlsSettings, firstBytes: Uint8Array): Handshaken {
  const shown = socket.getPeerCertificate()
  const certificate = shown?.subject
    ? {
        subject: String(shown.subject.CN ?? Object.values(shown.subject).join(', ')),
        fingerprint: shown.fingerprint256,
      }
    : undefined
  const refusal = refusedCertificate(socket, settings.clientCertificate, certificate !== undefined)
  if (refusal) {
    const refused = notShaken(refusal, firstBytes, socket)
    socket.destroy()
    return refused
  }
  return {
    socket,
    tls: {
      protocol: socket.getProtocol() ?? '',
      cipher: socket.getCipher().name,
      ...(certificate ? { subject: certificate.subject } : {}),
    },
    ...(certificate ? { certificate } : {}),
  }
}

function nameOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort}`
}
