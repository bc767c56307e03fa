import type { Agent } from 'node:http'
import { type ClientRequest, type IncomingMessage, request as plainRequest } from 'node:http'
import { request as secureRequest } from 'node:https'
import type { TLSSocket } from 'node:tls'
import { Fault } from '../../../faults.ts'
import type { Bytes } from '../../../holdings/storage/storage.ts'
import { connectionFault, retryAfterOf } from './httpFaults.ts'

/** How long to wait for what, in seconds: each is of silence, none of the whole. */
export interface HttpTimers {
  connect: number
  idle: number
  answer: number
  stop: number
}

export interface Asked {
  method: string
  url: URL
  headers: Readonly<Record<string, string>>
  /** Called anew when the same is asked again. One that gives nothing is not sent at all. */
  body?: () => Bytes
  /** Waits for the other side's leave before the body goes out (RFC 9110 §10.1.1). */
  cautious?: boolean
  /** Longest answer taken, in bytes. */
  answerBytes?: number
}

export interface Answer {
  status: number
  headers: IncomingMessage['headers']
  text: string
  /** Whether all of the body had gone out when the answer came. */
  whole: boolean
  retryAfter?: number
}

/** A connection that was kept open and turned out to be closed: nothing speaks against another. */
export class StaleConnection extends Error {}

const answerBytesAtMost = 64 * 1024 * 1024
/** Little enough that on a slow line each one taken is a sign of life. */
const piece = 64 * 1024
/** Seconds that a server may take to give leave; many know nothing of it (RFC 9110 §10.1.1). */
const leaveWithin = 3

/**
 * One request and its answer. The body is a stream: no more of it is read than the connection takes.
 * An answer of refusal that comes before the body has gone out ends the body. `undefined`: the body
 * had nothing to give, and nothing was sent. At `stop` a connection that does not stand yet is
 * given up, one that stands has some seconds left. Throws what the body threw; faults:
 * `peer-unreachable`, `peer-refused` (certificates), `peer-timeout`, `peer-aborted`,
 * `protocol-broken`, `too-large`, `stopping`.
 */
export async function exchange(
  asked: Asked,
  around: {
    agent: Agent
    timers: HttpTimers
    stop: AbortSignal
    /** Told of the certificate of each new connection: when it ends. */
    onCertificate?(validTo: string): void
  },
): Promise<Answer | undefined> {
  const { agent, timers, stop } = around
  if (stop.aborted) throw new Fault('stopping', 'before it was asked')
  const body = asked.body?.()[Symbol.asyncIterator]()
  const first = await body?.next()
  if (first?.done) return undefined
  const { url, method } = asked
  const request = (url.protocol === 'https:' ? secureRequest : plainRequest)(url, {
    ...{ method, agent },
    headers: { ...asked.headers, ...(body && asked.cautious ? { Expect: '100-continue' } : {}) },
  })
  const watch = watchOver(request, url, timers, stop)
  request.once('socket', socket => {
    if (request.reusedSocket) return
    socket.once('secureConnect', () => {
      const { valid_to } = (socket as TLSSocket).getPeerCertificate()
      if (valid_to) around.onCertificate?.(valid_to)
    })
  })
  const answered = answerTo(request, asked.answerBytes ?? answerBytesAtMost, watch)
  answered.catch(() => {})
  try {
    const whole =
      body && first ? await send(request, first.value, body, answered, watch) : end(request)
    watch.expect('answer')
    const message = await answered
    const retryAfter = retryAfterOf(message.headers['retry-after'], Date.now())
    return { ...message, whole, ...(retryAfter === undefined ? {} : { retryAfter }) }
  } catch (error) {
    if (watch.fault) throw watch.fault
    const onTheWire = error instanceof WireError
    if (!onTheWire) throw error
    if (request.reusedSocket && watch.silent) throw new StaleConnection()
    throw connectionFault(error.cause, url, watch.connected)
  } finally {
    watch.end()
    await body?.return?.()
    // Unless all went as it should, this ends the connection too.
    if (!request.writableFinished) request.destroy()
  }
}

class WireError extends Error {}

function end(request: ClientRequest): boolean {
  request.end()
  return true
}

/** Sends the body as fast as it is taken; answers whether all of it went out. */
async function send(
  request: ClientRequest,
  first: Uint8Array,
  rest: AsyncIterator<Uint8Array>,
  answered: Promise<Message>,
  watch: Watch,
): Promise<boolean> {
  let over = false
  const refusal = new Promise<void>(resolve => {
    request.once('response', ({ statusCode = 0 }) => {
      over = statusCode >= 300
      if (over) resolve()
    })
  })
  // Nobody reads on who has given his whole answer, or is gone.
  const finished = () => {
    over = true
  }
  const failed = answered.then(finished, finished)
  if (request.getHeader('Expect')) {
    request.flushHeaders()
    const leave = new Promise<void>(resolve => {
      request.once('continue', resolve)
      setTimeout(resolve, leaveWithin * 1000).unref()
    })
    await Promise.race([leave, refusal, failed])
  }
  for (let chunk = first; !over; ) {
    for (let at = 0; at < chunk.length && !over; at += piece) {
      const taken = request.write(chunk.subarray(at, at + piece))
      if (!taken) await Promise.race([drained(request), refusal, failed])
      watch.progressed()
    }
    if (over) break
    const step = await rest.next()
    if (step.done) {
      request.end()
      return true
    }
    chunk = step.value
  }
  return false
}

function drained(request: ClientRequest): Promise<void> {
  return new Promise(resolve => request.once('drain', resolve))
}

type Message = Pick<Answer, 'status' | 'headers' | 'text'>

function answerTo(request: ClientRequest, most: number, watch: Watch): Promise<Message> {
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown) => reject(new WireError('', { cause }))
    request.on('error', fail)
    request.on('close', () => fail(new Error('closed without an answer')))
    request.once('response', response => {
      watch.expect('rest')
      const chunks: Buffer[] = []
      let bytes = 0
      response.on('data', (chunk: Buffer) => {
        watch.progressed()
        bytes += chunk.length
        if (bytes <= most) {
          chunks.push(chunk)
          return
        }
        reject(new Fault('too-large', `an answer of more than ${most} bytes`))
        request.destroy()
      })
      response.on('error', fail)
      response.once('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(chunks).toString('utf8'),
        }),
      )
    })
  })
}

type Watch = ReturnType<typeof watchOver>

/** Ends a request that has fallen silent, or that a stop has left no more time. */
function watchOver(request: ClientRequest, url: URL, timers: HttpTimers, stop: AbortSignal) {
  let timer: NodeJS.Timeout | undefined
  let stopping: NodeJS.Timeout | undefined
  let connected = false
  let silent = true
  let fault: Fault | undefined
  let ended = false
  let next = () => wait(timers.idle, 'took nothing')
  const give = (why: Fault) => {
    fault ??= why
    request.destroy(why)
  }
  const wait = (seconds: number, what: string) => {
    clearTimeout(timer)
    // A connection may come to stand when nobody waits for it any more.
    if (ended) return
    timer = setTimeout(
      () => give(new Fault('peer-timeout', `${url.host} ${what} in ${seconds} s`)),
      seconds * 1000,
    )
  }
  const onStop = () => {
    if (!connected) return give(new Fault('stopping', 'while it was being connected'))
    stopping ??= setTimeout(() => give(new Fault('stopping')), timers.stop * 1000)
  }
  stop.addEventListener('abort', onStop)
  wait(timers.connect, 'did not connect')
  request.once('socket', socket => {
    const stands = () => {
      connected = true
      socket.setKeepAlive(true, 30_000)
      if (stop.aborted) onStop()
      else next()
    }
    if (request.reusedSocket || !socket.connecting) stands()
    else socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', stands)
  })
  return {
    get fault() {
      return fault
    },
    get connected() {
      return connected
    },
    /** Whether not a byte of an answer has come. */
    get silent() {
      return silent
    },
    /** From now on it is the other side's turn. */
    expect(what: 'answer' | 'rest') {
      if (what === 'rest') silent = false
      if (silent) next = () => wait(timers.answer, 'did not answer')
      else next = () => wait(timers.idle, 'broke off its answer')
      if (connected) next()
    },
    progressed() {
      timer?.refresh()
    },
    end() {
      ended = true
      clearTimeout(timer)
      clearTimeout(stopping)
      stop.removeEventListener('abort', onStop)
    },
  }
}
