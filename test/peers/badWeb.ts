import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createSecureServer, type ServerOptions } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'

/** What a server does with one request, told as soon as its head has come. */
export interface Cue {
  /** Answers so before the body has come, and reads no more of it. */
  refuse?: number
  /** Takes so many bytes of the body and then nothing. */
  hangAfter?: number
  /** Takes so many bytes of the body and resets the connection. */
  resetAfter?: number
  /** Takes and stores everything, and resets the connection instead of answering. */
  loseAnswer?: boolean
  headers?: Record<string, string>
}

/** A PACS over HTTP that fails on cue: the core of the STOW and the Orthanc stand-ins. */
export interface BadWeb {
  port: number
  /** Each request as it came, oldest first. */
  requests: {
    method: string
    path: string
    connection: number
    headers: IncomingMessage['headers']
  }[]
  /** Datasets taken, by SOP Instance UID. */
  taken: Map<string, Buffer>
  /** How often each arrived, stored or not. */
  arrived: Map<string, number>
  /** Says of these that they are stored, and forgets them. */
  forgets(sopInstanceUid: string): boolean
  cue(request: number, path: string): Cue
  /** Requests on one connection, after which it is closed without a word. */
  requestsPerConnection: number
  /** Whom it lets in, by the Authorization. */
  admits(authorization: string | undefined): boolean
  stop(): Promise<void>
}

/** An answer, or nothing where the connection is to end instead. */
export interface Reply {
  status: number
  body?: string
  type?: string
  headers?: Record<string, string>
}

/** Serves what `reply` says; the bodies of test images are small enough to be held whole. */
export async function startBadWeb<T extends object>(
  extra: T,
  reply: (web: BadWeb & T, request: IncomingMessage, body: Buffer) => Reply | Promise<Reply>,
  tls?: ServerOptions,
): Promise<BadWeb & T> {
  const numbers = new WeakMap<Socket, number>()
  const served = new WeakMap<Socket, number>()
  let connections = 0

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request
    const path = request.url ?? ''
    web.requests.push({
      ...{ method: request.method ?? '', path, headers: request.headers },
      connection: numbers.get(socket) ?? 0,
    })
    const cue = web.cue(web.requests.length, path)
    const ready = (served.get(socket) ?? 0) + 1
    served.set(socket, ready)
    if (cue.refuse !== undefined) {
      response.writeHead(cue.refuse, cue.headers).end()
      return
    }
    const most = cue.hangAfter ?? cue.resetAfter ?? Number.POSITIVE_INFINITY
    const chunks: Buffer[] = []
    let bytes = 0
    for await (const chunk of request as AsyncIterable<Buffer>) {
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes < most) continue
      if (cue.resetAfter !== undefined) socket.resetAndDestroy()
      // Whoever hangs keeps the connection and neither reads nor answers.
      else await new Promise(resolve => socket.once('close', resolve))
      return
    }
    const admitted = path.startsWith('/token') || web.admits(request.headers.authorization)
    const said = admitted ? await reply(web, request, Buffer.concat(chunks)) : { status: 401 }
    if (cue.loseAnswer) {
      socket.resetAndDestroy()
      return
    }
    const headers = {
      ...(said.type ? { 'Content-Type': said.type } : {}),
      ...said.headers,
      ...cue.headers,
    }
    response.writeHead(said.status, headers).end(said.body)
    if (ready === web.requestsPerConnection) response.once('finish', () => socket.destroySoon())
  }
  const server = tls ? createSecureServer(tls) : createServer()
  // Whoever asks for leave first gets the refusal instead.
  server.on('checkContinue', (request, response) => {
    const { refuse } = web.cue(web.requests.length + 1, request.url ?? '')
    if (refuse === undefined) response.writeContinue()
    void answer(request, response).catch(() => {})
  })
  server.on('request', (request, response) => void answer(request, response).catch(() => {}))
  server.on(tls ? 'secureConnection' : 'connection', (socket: Socket) => {
    numbers.set(socket, ++connections)
    socket.on('error', () => {})
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const web: BadWeb & T = {
    ...extra,
    port: (server.address() as AddressInfo).port,
    requests: [],
    taken: new Map(),
    arrived: new Map(),
    forgets: () => false,
    cue: () => ({}),
    requestsPerConnection: Number.POSITIVE_INFINITY,
    admits: () => true,
    async stop() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
  return web
}

/** Preamble of 128 bytes and 'DICM', as the stand-in archive puts it before every dataset. */
const head = 132

/** Takes a Part 10 file; answers its SOP Instance UID, or undefined when it has none. */
export function take(web: BadWeb, file: Buffer): string | undefined {
  const dataset = file.subarray(head)
  // (0008,0018) UI, by its bytes.
  const at = dataset.indexOf(Buffer.from([8, 0, 0x18, 0, 0x55, 0x49]))
  if (at < 0) return undefined
  const length = dataset.readUInt16LE(at + 6)
  const uid = dataset.toString('latin1', at + 8, at + 8 + length).replace(/\0$/, '')
  web.arrived.set(uid, (web.arrived.get(uid) ?? 0) + 1)
  if (!web.forgets(uid)) web.taken.set(uid, dataset)
  return uid
}
