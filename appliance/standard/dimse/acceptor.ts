import { createServer, type Server, type Socket } from 'node:net'
import { Fault } from '../../faults.ts'
import type { Log } from '../../log.ts'
import { openTlsPort, type TlsPort } from './handshake.ts'
import { Incoming, report, type Surroundings } from './incoming.ts'
import {
  type Admission,
  type AssociateRequest,
  type Offers,
  type Rejection,
  rejections,
} from './negotiation.ts'
import { type ConnectionRecord, openRecord } from './record.ts'
import type { Services } from './services.ts'
import {
  defaultLimits,
  defaultTimers,
  type Limits,
  type Timers,
  type TlsSettings,
} from './settings.ts'
import { type Clock, systemClock } from './timers.ts'

export interface AcceptorOptions {
  /** The address to listen on; default: all. */
  host?: string
  /** Plain DICOM; 0 takes a free one, `undefined` none. */
  port?: number
  /** DICOM over TLS, on a port of its own. */
  tls?: TlsSettings & { port: number }
  /** Called AE titles that are ours; `any`: whatever the caller says. */
  aeTitles: readonly string[] | 'any'
  timers?: Timers
  limits?: Limits
  /**
   * Asked once for every association, after protocol version, application context, limits and
   * called AE title were found in order. Knows the caller, the TLS policy of its node, and user
   * identity (PS3.7 D.3.3.7). Answers 'accepted', a rejection (see `rejections`), or accepts with a
   * server response to the identity.
   */
  admit?(request: AssociateRequest): AdmissionWithResponse | Promise<AdmissionWithResponse>
  offers: Offers
  services: Services
  /** Every connection leaves one, when its association has ended. */
  onRecord?(record: ConnectionRecord): void
  log: Log
  clock?: Clock
}

export type AdmissionWithResponse = Admission | { userIdentityResponse: Uint8Array }

export interface Acceptor {
  name: string
  /**
   * Until `stop`: then new associations are refused as transient, requests in work are answered
   * within the time of the timer `stop`, and every association is ended by an abort.
   * Faults: `port-taken`, `settings-refused` (TLS files).
   */
  run(stop: AbortSignal): Promise<void>
  /** The ports taken; rejects as `run` does. */
  listening: Promise<{ port?: number; tlsPort?: number }>
  /** Associations living now. */
  associations(): number
}

/** How long, after the last abort, connections may take to close before they are torn down. */
const closingSeconds = 1

export function createAcceptor(options: AcceptorOptions): Acceptor {
  const { timers = defaultTimers, limits = defaultLimits, clock = systemClock, log } = options
  /** Connections without an association, oldest first, each with what ends it. */
  const waiting = new Map<Socket, () => void>()
  const sockets = new Set<Socket>()
  const living = new Set<Incoming>()
  const ports = Promise.withResolvers<{ port?: number; tlsPort?: number }>()
  // Whoever does not ask for the ports is told by `run`.
  ports.promise.catch(() => {})
  let stopping = false
  let changed = () => {}

  const around: Surroundings = {
    options,
    timers,
    limits,
    clock,
    budget: { held: 0, limit: limits.bufferedBytesInAll },
    refusal,
    associates(incoming) {
      waiting.delete(incoming.association.socket)
      living.add(incoming)
    },
    ended(incoming) {
      waiting.delete(incoming.association.socket)
      living.delete(incoming)
      changed()
    },
    closed() {},
  }

  function refusal(remoteAddress: string): Rejection | undefined {
    if (stopping)
      return { ...rejections.temporaryCongestion, sentence: 'this box is being stopped' }
    if (living.size > limits.associations)
      return {
        ...rejections.localLimitExceeded,
        sentence: `this box has its ${limits.associations} associations; close some, or raise the limit "associations"`,
      }
    let fromThere = 0
    for (const each of living) if (each.remoteAddress === remoteAddress) fromThere++
    if (fromThere > limits.associationsPerAddress)
      return {
        ...rejections.localLimitExceeded,
        sentence: `it has its ${limits.associationsPerAddress} associations; let it close some, or raise the limit "associationsPerAddress"`,
      }
    return undefined
  }

  /** Takes note of a connection; makes room for it at the cost of the one that is silent longest. */
  function arrive(socket: Socket, end: () => void): void {
    if (waiting.size >= limits.connectionsWithoutAssociation) {
      const [oldest, endOldest] = waiting.entries().next().value!
      waiting.delete(oldest)
      endOldest()
    }
    waiting.set(socket, end)
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => {
      waiting.delete(socket)
      sockets.delete(socket)
      changed()
    })
  }

  const callerOf = (socket: Socket) => ({
    direction: 'incoming' as const,
    remoteAddress: plainAddress(socket.remoteAddress),
    remotePort: socket.remotePort ?? 0,
  })

  function takePlain(socket: Socket): void {
    const record = openRecord({ ...callerOf(socket), secure: false })
    const incoming = new Incoming(socket, around, record)
    arrive(socket, () => incoming.association.socket.destroy())
    incoming.association.open()
  }

  async function takeSecure(socket: Socket, port: TlsPort): Promise<void> {
    const record = openRecord({ ...callerOf(socket), secure: true })
    const startedAt = clock.now()
    arrive(socket, () => socket.destroy())
    const result = await port.shake(socket)
    if ('ending' in result) {
      report(options, record, result.ending, {
        durationMs: clock.now() - startedAt,
        bytesReceived: result.bytesReceived,
        bytesSent: socket.bytesWritten,
        firstBytes: result.firstBytes,
      })
      letGo(socket)
      return
    }
    record.tls = result.tls
    const secured = result.socket
    waiting.delete(socket)
    const incoming = new Incoming(secured, around, record, result.certificate)
    arrive(secured, () => secured.destroy())
    incoming.association.open()
  }

  /** A connection that was told off has the time of ARTIM to go by itself. */
  function letGo(socket: Socket): void {
    if (socket.destroyed) return
    const takeBack = clock.after(timers.artim * 1000, () => socket.destroy())
    socket.once('close', takeBack)
  }

  async function run(stop: AbortSignal): Promise<void> {
    const servers: Server[] = []
    try {
      const taken: { port?: number; tlsPort?: number } = {}
      if (options.tls) {
        const port = await openTlsPort(options.tls, { timers, clock, log })
        const server = createServer(socket => void takeSecure(socket, port))
        servers.push(server)
        taken.tlsPort = await listen(server, options.tls.port, options.host)
      }
      if (options.port !== undefined) {
        const server = createServer(takePlain)
        servers.push(server)
        taken.port = await listen(server, options.port, options.host)
      }
      ports.resolve(taken)
    } catch (error) {
      ports.reject(error)
      await Promise.all(servers.map(close))
      throw error
    }
    for (const server of servers)
      server.on('error', error =>
        log.error('listening-failed', {
          detail: error.message,
          advice: 'New associations cannot be taken; if this goes on, restart the box.',
        }),
      )
    await fired(stop)
    stopping = true
    const fault = new Fault('stopping', 'this box is being stopped')
    for (const incoming of [...living]) incoming.finish(fault)
    await until(() => living.size === 0, timers.stop)
    for (const incoming of [...living]) incoming.association.giveUp(fault)
    const closed = servers.map(close)
    for (const end of [...waiting.values()]) end()
    await until(() => sockets.size === 0, closingSeconds)
    for (const socket of sockets) socket.destroy()
    await Promise.all(closed)
  }

  function until(holds: () => boolean, seconds: number): Promise<void> {
    return new Promise(resolve => {
      const takeBack = clock.after(seconds * 1000, () => end())
      const end = () => {
        changed = () => {}
        takeBack()
        resolve()
      }
      changed = () => {
        if (holds()) end()
      }
      changed()
    })
  }

  return { name: 'dicom', run, listening: ports.promise, associations: () => living.size }
}

async function listen(server: Server, port: number, host: string | undefined): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', error => {
      const { code } = error as NodeJS.ErrnoException
      reject(new Fault('port-taken', `port ${port}: ${code ?? error.message}`, { cause: error }))
    })
    server.listen({ port, ...(host === undefined ? {} : { host }) }, resolve)
  })
  server.removeAllListeners('error')
  const address = server.address()
  return typeof address === 'object' && address ? address.port : port
}

function close(server: Server): Promise<void> {
  return new Promise(resolve => server.close(() => resolve()))
}

function fired(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/** An IPv4 caller on a dual-stack port, as everybody writes it. */
function plainAddress(address = ''): string {
  return address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address
}
