import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { watchPace } from './pace.ts'

async function withRequest(
  body: string,
  use: (look: () => void, cut: Promise<unknown>, isCut: () => boolean) => Promise<void>,
) {
  const looks: (() => void)[] = []
  const server = createServer()
  watchPace(server, 64, (_, look) => {
    looks.push(look)
    return { end() {} }
  })
  const asked = once(server, 'request')
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.on('error', () => undefined)
  socket.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n${body}`)
  const [incoming] = await asked
  const arrived = Math.min(body.length, incoming.readableHighWaterMark)
  while (incoming.readableLength < arrived) await setImmediate()
  try {
    await use(looks[0]!, once(socket, 'close'), () => incoming.socket.destroyed)
  } finally {
    socket.destroy()
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  }
}

test('a caller that dribbles its body is cut after a window', async () => {
  await withRequest('a', async (look, cut, isCut) => {
    look()
    assert.equal(isCut(), false)
    look()
    await cut
  })
})

test('a caller whom we make wait is not cut', async () => {
  await withRequest('a'.repeat(99_000), async (look, _, isCut) => {
    for (let i = 0; i < 3; i++) look()
    assert.equal(isCut(), false)
  })
})
