import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { associate, bytes, echo } from './bytes.ts'

/**
 * A process of its own that holds associations open and then connects again and again. It says
 * `idle` when the associations stand, a dot for every hundred connects and `flooded` after the last,
 * and lives until it is ended.
 */
const [port, idle, connects] = process.argv.slice(2).map(Number) as [number, number, number]
const atOnce = 100

/** What those who connect say before they reset: nothing, half a request, nonsense, a wrong title. */
const openings = [
  bytes(),
  associate().subarray(0, 80),
  bytes('GET / HTTP/1.1\r\n\r\n'),
  associate({ called: 'ELSEWHERE' }),
  echo(),
]

async function open(): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

for (let standing = 0; standing < idle; standing++) {
  const socket = await open()
  socket.write(associate({ calling: `IDLE${standing}` }))
  await once(socket, 'data')
}
process.stdout.write('idle\n')

let begun = 0
async function flood(): Promise<void> {
  while (begun < connects) {
    if (begun % 100 === 0) process.stdout.write('.')
    const opening = openings[begun++ % openings.length]!
    // One that is refused for want of a place in the backlog is a connect, too.
    const socket = await open().catch(() => undefined)
    if (!socket) continue
    await new Promise<void>(resolve => socket.write(opening, () => resolve()))
    // Reset, so that ten thousand ports are not left waiting (TIME-WAIT).
    socket.resetAndDestroy()
  }
}
await Promise.all(Array.from({ length: atOnce }, flood))
process.stdout.write('flooded\n')
