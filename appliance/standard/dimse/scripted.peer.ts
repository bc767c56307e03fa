import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { after } from 'node:test'
import { type AssociateAc, decodeAssociateRq, encodeAssociateAc } from './pdu.ts'

const open = new Set<{ close(): void }>()

/** Ends all of them: behind their ports nobody listens any more. */
export function leave(): void {
  for (const each of open) each.close()
}
after(leave)

/** The other end as a script: what it does with a connection, byte by byte. */
export async function peer(script: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    script(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  open.add({
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  })
  return (server.address() as { port: number }).port
}

/** Accepts every context of the request that comes first, then goes on with `then`. */
export function accepting(then: (socket: Socket) => void, differing: Partial<AssociateAc> = {}) {
  return (socket: Socket) => {
    socket.once('data', data => {
      const { contexts, ...head } = decodeAssociateRq(data.subarray(6) as Uint8Array)
      const ac: AssociateAc = {
        ...head,
        contexts: contexts.map(({ id, transferSyntaxes }) => ({
          id,
          result: 0,
          transferSyntax: transferSyntaxes[0]!,
        })),
        ...differing,
      }
      socket.write(encodeAssociateAc(ac))
      then(socket)
    })
  }
}

export const silent = (socket: Socket) => void socket.resume()
