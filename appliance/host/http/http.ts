import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { hostname } from 'node:os'
import { createAdaptorServer } from '@hono/node-server'
import { Fault, faultOf } from '../../faults.ts'
import type { Log } from '../../log.ts'
import { isFromAnotherSite } from './origin.ts'
import { ownNames } from './ownNames.ts'
import { watchIdle, watchPace } from './pace.ts'
import { problemOf } from './problem.ts'
import { type HttpLimits, httpLimitsSettings } from './settings.ts'

export { bodyOf, bytesOf } from './body.ts'
export { filesOf } from './files.ts'
export {
  type Described,
  openApiOf,
  type Schema,
  type Served,
  templateOf,
} from './openapi.ts'
export { noSuchPath, problemOf } from './problem.ts'
export { type Range, rangeOf } from './range.ts'
export { type HttpLimits, httpLimitsSettings, httpSettings } from './settings.ts'
export { streamed } from './stream.ts'

/** Who is asking. */
export interface Caller {
  user: string
}

/** What an application finds in `c.env`; under test, where there is no socket, it may be empty. */
export interface HttpEnv {
  incoming?: IncomingMessage
  outgoing?: ServerResponse
  caller?: Caller
  /** Aborted when the server stops: what has no end of its own ends then. */
  stopping?: AbortSignal
}

export interface HttpServerOptions {
  host: string
  port: number
  app: { fetch(request: Request, env: HttpEnv): Response | Promise<Response> }
  log: Log
  limits?: HttpLimits
  /**
   * Other sites whose pages may change something here, as 'https://viewer.example'. Without
   * `authenticate` the box is called by their names too, and by no name that is not its own.
   */
  trustedOrigins?: readonly string[]
  /** PEM texts; with them HTTPS is spoken, TLS 1.2 at least. */
  tls?: { certificate: string | Buffer; key: string | Buffer }
  /** Who is asking, or the answer that turns them away; absent, all who reach the port are let in. */
  authenticate?: (request: Request, address: string) => Promise<Caller | Response>
}

export interface HttpServer {
  readonly name: 'http'
  /** Where it listens, once it does. */
  readonly listening: Promise<{ host: string; port: number }>
  /**
   * Serves until `stop`; then takes no new connection, lets requests in flight end within
   * `limits.stopSeconds`, and cuts what is left. Fault: `port-taken`.
   */
  run(stop: AbortSignal): Promise<void>
}

/** The server on which every HTTP door stands. It knows no route. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const limits = options.limits ?? httpLimitsSettings.parse({})
  const listening = Promise.withResolvers<{ host: string; port: number }>()
  // Whoever waits is told; that nobody waits is no error of its own.
  listening.promise.catch(() => undefined)

  async function run(stop: AbortSignal): Promise<void> {
    const server = build(options, limits, stop)
    const closed = Promise.withResolvers<void>()
    server.once('error', error => {
      const fault = portFault(error, options)
      listening.reject(fault)
      closed.reject(fault)
    })
    server.listen({ host: options.host, port: options.port }, () => {
      const { address, port } = server.address() as AddressInfo
      listening.resolve({ host: address, port })
    })
    const pace = watchPace(server, limits.bytesPerSecond)
    // A connection kept alive would hold the stop up until its caller tires of it.
    server.on('request', (_, outgoing: ServerResponse) => {
      outgoing.once('close', () => {
        if (stop.aborted) setImmediate(() => server.closeIdleConnections())
      })
    })
    const end = () => {
      server.close(() => closed.resolve())
      setTimeout(() => server.closeAllConnections(), limits.stopSeconds * 1000).unref()
    }
    if (stop.aborted) end()
    else stop.addEventListener('abort', end, { once: true })
    try {
      await closed.promise
    } finally {
      pace.end()
      stop.removeEventListener('abort', end)
    }
  }

  return { name: 'http', listening: listening.promise, run }
}

function build(options: HttpServerOptions, limits: HttpLimits, stop: AbortSignal): Server {
  const { tls } = options
  const serverOptions = {
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headersSeconds * 1000,
    // A caller that uses its connection again must not find it closed just then.
    keepAliveTimeout: limits.idleSeconds * 1000,
    // A study over a slow line may take hours: a body is judged by its pace, not by its duration.
    requestTimeout: 0,
    noDelay: true,
    ...(tls && { cert: tls.certificate, key: tls.key, minVersion: 'TLSv1.2' as const }),
  }
  // With users there is nothing to fear: a browser has neither password nor cookie for that name.
  const isOwn = options.authenticate ? () => true : ownNames({ ...options, machine: hostname() })
  const server = createAdaptorServer({
    fetch: (request, env) =>
      answer(request, Object.assign(env as HttpEnv, { stopping: stop }), options, isOwn),
    // Of HTTP/1.0, which many probes still speak, nobody has to name a host.
    hostname: 'localhost',
    createServer: (tls ? createSecureServer : createServer) as typeof createServer,
    serverOptions,
  }) as Server
  server.maxConnections = limits.connections
  watchIdle(server, limits.idleSeconds)
  return server
}

async function answer(
  request: Request,
  env: HttpEnv,
  { app, authenticate, log, trustedOrigins = [] }: HttpServerOptions,
  isOwn: (request: Request) => boolean,
): Promise<Response> {
  try {
    if (!isOwn(request)) {
      const called = calledOf(request)
      const advice = adviceFor(called)
      log.warn('foreign-name-refused', { called, advice })
      return problemOf(
        new Fault('not-allowed', `called as ${called}, no name of this box. ${advice}`),
      )
    }
    if (isFromAnotherSite(request, trustedOrigins)) {
      const origin = request.headers.get('origin') ?? 'another site'
      log.warn('foreign-page-refused', { origin, advice: foreignAdvice })
      return problemOf(new Fault('not-allowed', `asked by a page of ${origin}; ${foreignAdvice}`))
    }
    if (authenticate) {
      const admitted = await authenticate(request, env.incoming?.socket.remoteAddress ?? '')
      if (admitted instanceof Response) return admitted
      env.caller = admitted
    }
    return await app.fetch(request, env)
  } catch (thrown) {
    const fault = faultOf(thrown)
    log.error('http-request-failed', {
      method: request.method,
      fault: fault.code,
      detail: fault.detail,
      advice: fault.advice,
    })
    return new Response(null, { status: 500 })
  }
}

const foreignAdvice = 'Add it to http.trustedOrigins if its pages may change what is kept here.'

/** Whoever sent it chose it: no more of it is told than a name can have (RFC 1035 §2.3.4). */
const calledOf = ({ url }: Request) => (URL.canParse(url) ? new URL(url).origin : '').slice(0, 300)
const adviceFor = (called: string) =>
  `Call it by its address or as localhost, or add "${called}" to http.trustedOrigins if it is this box.`

function portFault(error: Error, { host, port }: HttpServerOptions): Error {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'EADDRINUSE') {
    return new Fault('port-taken', `HTTP port ${port} on ${host}`, { cause: error })
  }
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL') {
    return new Fault('settings-refused', `cannot listen on ${host} port ${port} (${code})`, {
      cause: error,
    })
  }
  return faultOf(error)
}
