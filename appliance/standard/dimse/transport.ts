import { createConnection, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { Fault, whyNotConnected } from '../../faults.ts'
import type { OpenRecord } from './record.ts'
import type { ConnectOptions } from './requestor.ts'
import type { Timers } from './settings.ts'
import type { Clock } from './timers.ts'
import { readTlsFiles } from './tls.ts'

/**
 * A connected socket, over TLS when asked for. Faults: `peer-unreachable`, `peer-timeout`,
 * `cancelled`, `settings-refused` (TLS files).
 */
export async function openTransport(
  options: Pick<ConnectOptions, 'host' | 'port' | 'tls' | 'onCertificate'>,
  around: { timers: Timers; clock: Clock; stop?: AbortSignal },
  record: OpenRecord,
): Promise<Socket> {
  const { host, port, tls } = options
  if (around.stop?.aborted) throw new Fault('cancelled', 'before it was connected')
  const socket = tls ? await dialTls(host, port, tls) : createConnection({ host, port })
  await opened(socket, tls ? 'secureConnect' : 'connect', options, around)
  record.remoteAddress = socket.remoteAddress ?? host
  if (tls) {
    const secured = socket as TLSSocket
    const shown = secured.getPeerCertificate()
    if (shown?.valid_to) options.onCertificate?.(shown.valid_to)
    const subject = shown?.subject?.CN
    record.tls = {
      protocol: secured.getProtocol() ?? '',
      cipher: secured.getCipher().name,
      ...(subject ? { subject: String(subject) } : {}),
    }
  }
  return socket
}

async function dialTls(
  host: string,
  port: number,
  tls: NonNullable<ConnectOptions['tls']>,
): Promise<TLSSocket> {
  const name = tls.serverName ?? host
  // Server names may not be addresses (RFC 6066 §3); the certificate is checked against it anyway.
  const isAddress = /^[\d.]+$|:/.test(name)
  const files = await readTlsFiles(tls)
  try {
    return connectTls({
      ...files,
      host,
      port,
      ...(isAddress ? {} : { servername: name }),
      rejectUnauthorized: tls.verify ?? true,
    })
  } catch (error) {
    throw new Fault('settings-refused', `the TLS certificate or key cannot be used: ${error}`, {
      cause: error,
    })
  }
}

function opened(
  socket: Socket,
  event: 'connect' | 'secureConnect',
  { host, port, tls }: Pick<ConnectOptions, 'host' | 'port' | 'tls'>,
  { timers, clock, stop }: { timers: Timers; clock: Clock; stop?: AbortSignal },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (fault?: Fault) => {
      takeBack()
      stop?.removeEventListener('abort', cancel)
      socket.off('error', fail)
      socket.off('close', closed)
      if (!fault) return resolve()
      socket.on('error', () => {})
      socket.destroy()
      reject(fault)
    }
    const fail = (error: NodeJS.ErrnoException) =>
      settle(
        new Fault('peer-unreachable', `${host}:${port}: ${whyNotConnected(error)}`, {
          cause: error,
        }),
      )
    const closed = () =>
      settle(
        new Fault(
          'peer-unreachable',
          `${host}:${port}: closed${tls ? ' during the TLS handshake' : ''}`,
        ),
      )
    const cancel = () => settle(new Fault('cancelled', 'while it was being connected'))
    const takeBack = clock.after(timers.connect * 1000, () =>
      settle(new Fault('peer-timeout', `${host}:${port} did not connect in ${timers.connect} s`)),
    )
    socket.once(event, () => settle())
    socket.once('error', fail)
    socket.once('close', closed)
    stop?.addEventListener('abort', cancel, { once: true })
  })
}
