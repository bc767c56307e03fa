import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type Answer, createReading } from './answers.ts'

/** One TCP connection to the appliance, as raw as a test needs it. */
export interface Connection {
  /** Of this end: by it the connection is known in the appliance's records. */
  port: number
  write(bytes: Uint8Array): void
  /** The next answer, or `end` when there will be none, by FIN or by RST. */
  next(): Promise<Answer | 'end'>
  halfClose(): void
  reset(): void
  pause(): void
  /** Everything that came, not yet asked for by `next`. */
  unread(): readonly Answer[]
}

/** Real time after which an answer that a test waits for is missing; a failure, never a measure. */
const patience = 10_000

export async function openConnection(port: number): Promise<Connection> {
  const socket: Socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
  const answers: Answer[] = []
  let over = false
  let wake = () => {}
  const end = () => {
    over = true
    wake()
  }
  const read = createReading(answer => {
    answers.push(answer)
    wake()
  })
  socket.on('data', read)
  socket.once('end', end)
  socket.once('close', end)
  await once(socket, 'connect')
  // A reset by the appliance, and EPIPE after it, are ends like any other.
  socket.on('error', end)
  const { localPort } = socket
  assert.ok(localPort !== undefined)
  return {
    port: localPort,
    write: bytes => void socket.write(bytes),
    async next() {
      if (answers.length === 0 && !over)
        await new Promise<void>((resolve, reject) => {
          const missing = setTimeout(
            () => reject(new Error(`neither an answer nor an end within ${patience / 1000} s`)),
            patience,
          )
          wake = () => {
            clearTimeout(missing)
            resolve()
          }
        })
      return answers.shift() ?? 'end'
    },
    halfClose: () => void socket.end(),
    // Node cannot reset what is being shut down, and would leave it open.
    reset: () => void (socket.writableEnded ? socket.destroy() : socket.resetAndDestroy()),
    pause: () => void socket.pause(),
    unread: () => answers,
  }
}
