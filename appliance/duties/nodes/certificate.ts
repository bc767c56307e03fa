import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import { Fault, whyNotConnected } from '../../faults.ts'
import type { OutgoingTls } from '../../standard/dimse/dimse.ts'

/** How a TLS port presents itself, and whether we would trust it. */
export interface Certificate {
  protocol: string
  cipher: string
  subject: string
  issuer: string
  /** ISO 8601 in UTC. */
  validFrom: string
  validTo: string
  /** Whole days until it expires by this box's clock; negative when it has. */
  daysLeft: number
  /** SHA-256, hexadecimal. */
  fingerprint: string
  /** Whether a call that verifies would go through; when not, why. */
  trusted: boolean
  distrust?: string
}

/**
 * Shakes hands with a TLS port and looks at its certificate; no DICOM is spoken, and an untrusted
 * one is looked at too. Faults: `peer-unreachable`, `peer-timeout`, `cancelled`, `settings-refused`.
 */
export async function certificateOf(options: {
  host: string
  port: number
  tls: OutgoingTls
  seconds: number
  now: () => number
  stop?: AbortSignal | undefined
}): Promise<Certificate> {
  const { host, port, tls } = options
  const [ca, cert, key] = await Promise.all(
    [tls.authoritiesFile, tls.certificateFile, tls.keyFile].map(readSetting),
  )
  const name = tls.serverName ?? host
  const socket = connect({
    ...{ host, port, rejectUnauthorized: false },
    ...(isIP(name) ? {} : { servername: name }),
    ...(ca ? { ca } : {}),
    ...(cert && key ? { cert, key } : {}),
  })
  try {
    await shaken(socket, options)
    return describe(socket, options.now())
  } finally {
    socket.destroy()
  }
}

function describe(socket: TLSSocket, now: number): Certificate {
  const { raw } = socket.getPeerCertificate()
  const certificate = new X509Certificate(raw)
  const validTo = new Date(certificate.validTo)
  // Node's types say Error, Node itself gives the code of it.
  const distrust = socket.authorizationError && String(socket.authorizationError)
  return {
    protocol: socket.getProtocol() ?? '',
    cipher: socket.getCipher().name,
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    validFrom: new Date(certificate.validFrom).toISOString(),
    validTo: validTo.toISOString(),
    daysLeft: Math.floor((validTo.getTime() - now) / 86_400_000),
    fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    trusted: socket.authorized,
    ...(distrust ? { distrust } : {}),
  }
}

/** Node writes one attribute a line. */
const oneLine = (name: string) => name.split('\n').join(', ')

async function readSetting(path: string | undefined): Promise<Buffer | undefined> {
  if (path === undefined) return undefined
  try {
    return await readFile(path)
  } catch (error) {
    throw new Fault('settings-refused', `cannot read ${path}`, { cause: error })
  }
}

function shaken(
  socket: TLSSocket,
  { host, port, seconds, stop }: Parameters<typeof certificateOf>[0],
): Promise<void> {
  const where = `${host}:${port}`
  return new Promise((resolve, reject) => {
    const fail = (fault: Fault) => {
      socket.destroy()
      reject(fault)
    }
    const cancel = () => fail(new Fault('cancelled', 'while its certificate was looked at'))
    const timer = setTimeout(
      () => fail(new Fault('peer-timeout', `${where} did not shake hands in ${seconds} s`)),
      seconds * 1000,
    )
    socket.once('close', () => {
      clearTimeout(timer)
      stop?.removeEventListener('abort', cancel)
      fail(new Fault('peer-unreachable', `${where}: closed during the TLS handshake`))
    })
    socket.on('error', error =>
      fail(new Fault('peer-unreachable', `${where}: ${whyNotConnected(error)}`, { cause: error })),
    )
    socket.once('secureConnect', resolve)
    stop?.addEventListener('abort', cancel, { once: true })
    if (stop?.aborted) cancel()
  })
}
