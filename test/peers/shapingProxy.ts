import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A bad line between two programs on loopback; each field may be changed while it runs. */
export interface Line {
  /** Bytes a second in each direction, all connections together. */
  bytesPerSecond?: number
  /** Milliseconds that each byte is under way, in each direction. */
  latency?: number
  /** Asked for every connection: after so many bytes towards the far side it is reset. */
  cutAfter?(connection: number): number | undefined
  /** Takes connections and bytes, and passes nothing on. */
  swallow?: boolean
}

export interface ShapingProxy {
  port: number
  line: Line
  /** Bytes passed on towards the far side since the start, each with the time it left (ms). */
  passed: { at: number; bytes: number }[]
  connections(): number
  stop(): Promise<void>
}

/** The most that is passed on in one go, so that a slow line is even. */
const slice = 1460

/** A TCP proxy that is as slow, far and unreliable as its line says. */
export async function startShapingProxy(to: number, line: Line = {}): Promise<ShapingProxy> {
  const sockets = new Set<Socket>()
  let connections = 0
  // When the line is free again, by direction: all connections share it.
  const free = { out: 0, back: 0 }

  const server = createServer(near => {
    const number = ++connections
    sockets.add(near)
    const far = line.swallow ? undefined : connect({ port: to, host: '127.0.0.1', noDelay: true })
    near.setNoDelay(true)
    if (!far) {
      near.resume()
      near.on('error', () => {})
      near.on('close', () => sockets.delete(near))
      return
    }
    sockets.add(far)
    const end = () => {
      near.destroy()
      far.destroy()
      sockets.delete(near)
      sockets.delete(far)
    }
    near.on('error', end)
    far.on('error', end)
    let left = line.cutAfter?.(number) ?? Number.POSITIVE_INFINITY
    void carry(near, far, 'out', bytes => {
      const allowed = Math.min(bytes, left)
      left -= allowed
      proxy.passed.push({ at: Date.now(), bytes: allowed })
      return allowed
    }).then(end, end)
    void carry(far, near, 'back', bytes => bytes).then(end, end)
    const reset = () => {
      near.resetAndDestroy()
      end()
    }

    async function carry(
      from: Socket,
      into: Socket,
      direction: 'out' | 'back',
      allow: (bytes: number) => number,
    ): Promise<void> {
      for await (const chunk of from as AsyncIterable<Buffer>) {
        for (let at = 0; at < chunk.length; at += slice) {
          const piece = chunk.subarray(at, at + slice)
          await turn(direction, piece.length)
          if (into.destroyed) return
          const allowed = allow(piece.length)
          later(() => {
            if (into.destroyed) return
            into.write(piece.subarray(0, allowed))
            if (allowed < piece.length) reset()
          })
          if (allowed < piece.length) return new Promise(() => {})
          if (into.writableNeedDrain) await drained(into)
        }
      }
      await new Promise<void>(resolve => later(resolve))
      into.end()
      await new Promise(resolve => into.once('close', resolve))
    }
  })

  function later(call: () => void): void {
    if (line.latency) setTimeout(call, line.latency)
    else call()
  }

  /** Waits until the line has carried what came before, and takes it for these bytes. */
  async function turn(direction: 'out' | 'back', bytes: number): Promise<void> {
    if (!line.bytesPerSecond) return
    const now = performance.now()
    const begin = Math.max(now, free[direction])
    free[direction] = begin + (bytes / line.bytesPerSecond) * 1000
    // Timers are coarse: what is due within one of their ticks need not wait for it.
    if (begin - now > 2) await new Promise(resolve => setTimeout(resolve, begin - now))
  }

  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const proxy: ShapingProxy = {
    port: (server.address() as AddressInfo).port,
    line,
    passed: [],
    connections: () => connections,
    async stop() {
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => server.close(resolve))
    },
  }
  return proxy
}

function drained(socket: Socket): Promise<void> {
  return new Promise(resolve => {
    const over = () => {
      socket.off('drain', over)
      socket.off('close', over)
      resolve()
    }
    socket.on('drain', over)
    socket.on('close', over)
  })
}
