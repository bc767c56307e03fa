import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import { test } from 'node:test'
import { Hono } from 'hono'
import { Fault } from '../../faults.ts'
import { silentLog } from '../../log.ts'
import { bodyOf, createHttpServer, type HttpEnv, problemOf, rangeOf, streamed } from './http.ts'

type App = Hono<{ Bindings: HttpEnv }>

async function serving(app: App, use: (port: number, stop: () => Promise<void>) => Promise<void>) {
  const stopping = new AbortController()
  const server = createHttpServer({ host: '127.0.0.1', port: 0, app, log: silentLog })
  const done = server.run(stopping.signal)
  const { port } = await server.listening
  const stop = async () => {
    stopping.abort()
    await done
  }
  try {
    await use(port, stop)
  } finally {
    await stop()
  }
}

test('a body is counted while it streams and refused behind the limit', async () => {
  const app: App = new Hono()
  app.onError(error => problemOf(error))
  app.post('/', async c => {
    let length = 0
    for await (const chunk of bodyOf(c.req.raw, c.env.incoming, 100_000)) length += chunk.length
    return c.text(String(length))
  })
  await serving(app, async port => {
    const send = (chunks: number) =>
      fetch(`http://127.0.0.1:${port}/`, {
        method: 'POST',
        duplex: 'half',
        body: new ReadableStream({
          start(controller) {
            for (let i = 0; i < chunks; i++) controller.enqueue(new Uint8Array(1000))
            controller.close()
          },
        }),
      } as RequestInit)
    assert.equal(await (await send(100)).text(), '100000')
    const refused = await send(101)
    assert.equal(refused.status, 413)
    assert.equal(((await refused.json()) as { code: string }).code, 'too-large')
  })
})

test('a caller that breaks off while sending is a fault of the body', async () => {
  const app: App = new Hono()
  const fault = Promise.withResolvers<unknown>()
  const asked = Promise.withResolvers<void>()
  app.post('/', async c => {
    asked.resolve()
    try {
      for await (const _ of bodyOf(c.req.raw, c.env.incoming, 1e9));
    } catch (error) {
      fault.resolve(error)
    }
    return c.text('')
  })
  await serving(app, async port => {
    const socket = connect(port, '127.0.0.1')
    socket.write('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nabc')
    await asked.promise
    socket.resetAndDestroy()
    assert.equal(((await fault.promise) as Fault).code, 'peer-aborted')
  })
})

test('a stream is read at the pace of the caller and ended when the caller goes away', async () => {
  const app: App = new Hono()
  let given = 0
  const ended = Promise.withResolvers<void>()
  async function* endless() {
    try {
      for (;;) {
        given += 1
        yield new Uint8Array(65_536)
      }
    } finally {
      ended.resolve()
    }
  }
  app.get('/', c => streamed(endless(), { headers: {} }, { outgoing: c.env.outgoing, failed() {} }))
  await serving(app, async port => {
    const outgoing = request({ port, host: '127.0.0.1' }).end()
    const [incoming] = await once(outgoing, 'response')
    await once(incoming, 'readable')
    incoming.destroy()
    await ended.promise
    assert.ok(given < 1000, `${given} chunks were produced for a caller that read none`)
  })
})

test('a caller that goes away while a chunk is on its way is no failure', async () => {
  const failures: unknown[] = []
  const wanted = Promise.withResolvers<void>()
  const chunk = Promise.withResolvers<Uint8Array>()
  async function* slow() {
    yield new Uint8Array(1)
    wanted.resolve()
    yield await chunk.promise
  }
  const response = await streamed(slow(), { headers: {} }, { failed: e => failures.push(e) })
  const reader = response.body!.getReader()
  await reader.read()
  const second = reader.read()
  await wanted.promise
  const cancelled = reader.cancel()
  chunk.resolve(new Uint8Array(1))
  await Promise.all([second, cancelled])
  assert.deepEqual(failures, [])
})

test('a stream that fails midway cuts the connection instead of ending well', async () => {
  const app: App = new Hono()
  const failures: unknown[] = []
  async function* half() {
    yield new Uint8Array(10)
    throw new Fault('storage-failed')
  }
  app.get('/', c =>
    streamed(half(), { headers: {} }, { outgoing: c.env.outgoing, failed: e => failures.push(e) }),
  )
  await serving(app, async port => {
    const response = fetch(`http://127.0.0.1:${port}/`).then(answer => answer.arrayBuffer())
    await assert.rejects(response)
    assert.equal((failures[0] as Fault).code, 'storage-failed')
  })
})

test('a stream that fails at once gets an honest status', async () => {
  const app: App = new Hono()
  app.onError(error => problemOf(error))
  // biome-ignore lint/correctness/useYield: it fails before its first chunk
  async function* broken(): AsyncGenerator<Uint8Array> {
    throw new Fault('not-found')
  }
  app.get('/', () => streamed(broken(), { headers: {} }, { failed() {} }))
  assert.equal((await app.request('/')).status, 404)
})

test('a request in flight is answered after the stop, a new connection is not taken', async () => {
  const app: App = new Hono()
  const asked = Promise.withResolvers<void>()
  const go = Promise.withResolvers<void>()
  app.get('/', async c => {
    asked.resolve()
    await go.promise
    return c.text('served')
  })
  await serving(app, async (port, stop) => {
    const answer = fetch(`http://127.0.0.1:${port}/`)
    await asked.promise
    const stopped = stop()
    await assert.rejects(fetch(`http://127.0.0.1:${port}/`))
    go.resolve()
    assert.equal(await (await answer).text(), 'served')
    await stopped
  })
})

test('a port that is taken is a fault that no retry mends', async () => {
  await serving(new Hono(), async port => {
    const second = createHttpServer({ host: '127.0.0.1', port, app: new Hono(), log: silentLog })
    await assert.rejects(second.run(new AbortController().signal), { code: 'port-taken' })
    await assert.rejects(second.listening, { code: 'port-taken' })
  })
})

test('whoever is not let in gets the hook’s answer and reaches no route', async () => {
  let reached = false
  const stopping = new AbortController()
  const server = createHttpServer({
    host: '127.0.0.1',
    port: 0,
    log: silentLog,
    app: {
      fetch: (_, env) => {
        reached = true
        return new Response(env.caller?.user)
      },
    },
    authenticate: async request =>
      request.headers.get('authorization') === 'Bearer eve'
        ? { user: 'eve' }
        : new Response('', { status: 401 }),
  })
  const done = server.run(stopping.signal)
  const { port } = await server.listening
  assert.equal((await fetch(`http://127.0.0.1:${port}/`)).status, 401)
  assert.equal(reached, false)
  const eve = await fetch(`http://127.0.0.1:${port}/`, { headers: { authorization: 'Bearer eve' } })
  assert.equal(await eve.text(), 'eve')
  stopping.abort()
  await done
})

test('a page of another site is refused before any route, and its reader is told what to set', async () => {
  const app: App = new Hono()
  app.delete('/', c => c.text('gone'))
  await serving(app, async port => {
    const asked = (origin: string) =>
      fetch(`http://127.0.0.1:${port}/`, { method: 'DELETE', headers: { origin } })
    const refused = await asked('https://elsewhere.example')
    assert.equal(refused.status, 403)
    assert.match(await refused.text(), /trustedOrigins/)
    assert.equal(await (await asked(`http://127.0.0.1:${port}`)).text(), 'gone')
  })
})

/** What a server without users answers to bytes, by what stands in the first line and the headers. */
async function said(port: number, ...lines: string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.write([...lines, 'Connection: close', '', ''].join('\r\n'))
  let text = ''
  for await (const chunk of socket) text += chunk
  return text
}

test('a name that leads here but is none of the box reaches no route, and its reader is told what to set', async () => {
  const app: App = new Hono()
  let reached = 0
  app.get('/', c => {
    reached += 1
    return c.text('here')
  })
  await serving(app, async port => {
    for (const first of ['GET / HTTP/1.1', 'GET / HTTP/1.0', 'GET http://box.example/ HTTP/1.1']) {
      const refused = await said(port, first, `Host: box.example:${port}`)
      assert.match(refused, /^HTTP\/1\.1 403 /)
      assert.match(refused, /"http:\/\/box\.example(:\d+)?\\?" to http\.trustedOrigins/)
    }
    assert.equal(reached, 0)
    for (const host of [
      `127.0.0.1:${port}`,
      `[::1]:${port}`,
      '[::1]',
      'LocalHost',
      'a.localhost',
    ]) {
      assert.match(await said(port, 'GET / HTTP/1.1', `Host: ${host}`), /^HTTP\/1\.1 200 OK/, host)
    }
    assert.match(await said(port, 'GET / HTTP/1.1', 'Host:'), /^HTTP\/1\.1 200 OK/)
  })
})

test('where callers have to say who they are, any name leads to the box', async () => {
  const stopping = new AbortController()
  const server = createHttpServer({
    ...{ host: '127.0.0.1', port: 0, log: silentLog },
    app: { fetch: () => new Response('here') },
    authenticate: async () => ({ user: 'eve' }),
  })
  const done = server.run(stopping.signal)
  const { port } = await server.listening
  assert.match(await said(port, 'GET / HTTP/1.1', 'Host: box.example'), /\r\n\r\n.*here/s)
  stopping.abort()
  await done
})

test('a byte range is read as RFC 9110 says', () => {
  assert.deepEqual(rangeOf('bytes=0-9', 100), { from: 0, to: 10 })
  assert.deepEqual(rangeOf('bytes=90-', 100), { from: 90, to: 100 })
  assert.deepEqual(rangeOf('bytes=-10', 100), { from: 90, to: 100 })
  assert.deepEqual(rangeOf('bytes=-200', 100), { from: 0, to: 100 })
  assert.deepEqual(rangeOf('bytes=50-500', 100), { from: 50, to: 100 })
  assert.equal(rangeOf('bytes=100-', 100), 'unsatisfiable')
  assert.equal(rangeOf('bytes=-0', 100), 'unsatisfiable')
  for (const whole of [undefined, 'bytes=5-2', 'bytes=0-1,3-4', 'lines=1-2', 'bytes=-', 'x']) {
    assert.equal(rangeOf(whole, 100), 'whole')
  }
})

test('a caller of old, who speaks HTTP/1.0 and names no host, is answered', async () => {
  const app: App = new Hono()
  app.get('/', c => c.text('here'))
  await serving(app, async port => {
    const socket = connect(port, '127.0.0.1')
    socket.write('GET / HTTP/1.0\r\n\r\n')
    let text = ''
    for await (const chunk of socket) text += chunk
    assert.match(text, /^HTTP\/1\.1 200 OK\r\n/)
    assert.match(text, /\r\n\r\nhere$/)
  })
})
