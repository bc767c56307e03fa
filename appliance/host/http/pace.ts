import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

const windowSeconds = 30

/**
 * Cuts callers that let us wait for the rest of a body and send less than `bytesPerSecond` over a
 * window of 30 seconds: dribbling a byte now and then would hold a connection for ever. A caller
 * whom we make wait (the disk is slow, our buffer is full) is never cut for that.
 */
export function watchPace(
  server: Server,
  bytesPerSecond: number,
  every: (milliseconds: number, look: () => void) => { end(): void } = everyMilliseconds,
): { end(): void } {
  if (bytesPerSecond === 0) return { end() {} }
  /** Bytes the socket had read at the last look, of every request whose body is not whole. */
  const coming = new Map<IncomingMessage, number>()
  server.on('request', (incoming: IncomingMessage) => {
    if (incoming.complete) return
    coming.set(incoming, Number.POSITIVE_INFINITY)
    incoming.once('close', () => coming.delete(incoming))
    incoming.once('end', () => coming.delete(incoming))
  })
  return every(windowSeconds * 1000, () => {
    for (const [incoming, before] of coming) {
      if (incoming.complete) {
        coming.delete(incoming)
        continue
      }
      const { socket } = incoming
      const now = socket.bytesRead
      const waitsForUs = incoming.readableLength >= incoming.readableHighWaterMark
      // The first look only notes where the request stands; a full window passes before it counts.
      const slow =
        now - before < bytesPerSecond * windowSeconds && before !== Number.POSITIVE_INFINITY
      if (!waitsForUs && slow) socket.destroy()
      else coming.set(incoming, now)
    }
  })
}

/**
 * Cuts connections on which no byte has moved for `seconds`, except where the caller waits for us:
 * the request has come whole and we have not yet anything to say.
 */
export function watchIdle(server: Server, seconds: number): void {
  const open = new WeakMap<Socket, { incoming: IncomingMessage; outgoing: ServerResponse }>()
  server.on('request', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    open.set(incoming.socket, { incoming, outgoing })
  })
  server.setTimeout(seconds * 1000, socket => {
    const exchange = open.get(socket)
    const ours =
      exchange?.incoming.complete &&
      !exchange.outgoing.writableEnded &&
      exchange.outgoing.writableLength === 0
    if (ours) socket.setTimeout(seconds * 1000)
    else socket.destroy()
  })
}

function everyMilliseconds(milliseconds: number, look: () => void): { end(): void } {
  const timer = setInterval(look, milliseconds).unref()
  return { end: () => clearInterval(timer) }
}
