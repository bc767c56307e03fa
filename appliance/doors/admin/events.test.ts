import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request } from 'node:http'
import { test } from 'node:test'
import { Hono } from 'hono'
import { createHttpServer } from '../../host/http/http.ts'
import { silentLog } from '../../log.ts'
import { type After, eventsOf, longestSilence } from './events.ts'

/** A stream whose news and whose time the test makes. */
function followed() {
  const timers = new Set<{ milliseconds: number; then: () => void }>()
  const after: After = (milliseconds, then) => {
    const timer = { milliseconds, then }
    timers.add(timer)
    return { end: () => void timers.delete(timer) }
  }
  const followers = new Set<(word: string) => void>()
  const left = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  async function* follow(stop: AbortSignal) {
    let heard = Promise.withResolvers<string | undefined>()
    const hear = (word?: string) => heard.resolve(word)
    followers.add(hear)
    stop.addEventListener('abort', () => hear())
    begun.resolve()
    try {
      for (;;) {
        const word = await heard.promise
        if (word === undefined) return
        heard = Promise.withResolvers()
        yield word
      }
    } finally {
      followers.delete(hear)
      left.resolve()
    }
  }
  const app = new Hono().get('/', context =>
    eventsOf(context, follow, data => [{ event: 'word', data }], after),
  )
  return {
    app,
    timers,
    followers,
    left: left.promise,
    begun: begun.promise,
    say: (word: string) => {
      for (const each of followers) each(word)
    },
    /** 15 seconds pass. */
    falls() {
      const [timer] = timers
      assert.equal(timer?.milliseconds, longestSilence)
      timers.delete(timer)
      timer.then()
    },
  }
}

async function readingOf(response: Response | Promise<Response>) {
  const reader = (await response).body!.getReader()
  return {
    next: async () => new TextDecoder().decode((await reader.read()).value),
    cancel: () => reader.cancel(),
  }
}

const alive = 'event: alive\ndata: {}\n\n'

test('a stream that has nothing to tell says so again and again, and news start the silence anew', async () => {
  const stream = followed()
  const reading = await readingOf(stream.app.request('/'))
  await stream.begun
  stream.falls()
  assert.equal(await reading.next(), alive)
  const [before] = stream.timers
  stream.say('one')
  assert.equal(await reading.next(), 'event: word\ndata: one\n\n')
  await new Promise(resolve => setImmediate(resolve))
  assert.equal(stream.timers.size, 1)
  assert.ok(!stream.timers.has(before!), 'the silence began anew')
  stream.falls()
  assert.equal(await reading.next(), alive)
  await reading.cancel()
})

test('a caller that reads nothing is told once that the stream is alive, and then it is waited for', async () => {
  const stream = followed()
  const reading = await readingOf(stream.app.request('/'))
  await stream.begun
  stream.falls()
  assert.equal(stream.timers.size, 0)
  await reading.cancel()
  await stream.left
  assert.equal(stream.timers.size, 0)
})

test('who goes away is followed no longer, and no timer is left', async () => {
  const stream = followed()
  const stopping = new AbortController()
  const server = createHttpServer({
    ...{ host: '127.0.0.1', port: 0, app: stream.app, log: silentLog },
  })
  const done = server.run(stopping.signal)
  const { port } = await server.listening
  const outgoing = request({ port, host: '127.0.0.1' }).end()
  // The headers come before any event: a page knows at once that it is connected.
  const [incoming] = await once(outgoing, 'response')
  assert.equal(incoming.headers['content-type'], 'text/event-stream')
  await stream.begun
  assert.equal(stream.followers.size, 1)
  incoming.destroy()
  await stream.left
  assert.deepEqual([stream.followers.size, stream.timers.size], [0, 0])
  stopping.abort()
  await done
})

test('a server that stops does not wait for those who follow', async () => {
  const stream = followed()
  const stopping = new AbortController()
  const server = createHttpServer({
    ...{ host: '127.0.0.1', port: 0, app: stream.app, log: silentLog },
  })
  const done = server.run(stopping.signal)
  const { port } = await server.listening
  const outgoing = request({ port, host: '127.0.0.1' }).end()
  const [incoming] = await once(outgoing, 'response')
  await stream.begun
  stopping.abort()
  // Ended in good order, and not cut when the time for requests in flight is over.
  await once(incoming.resume(), 'end')
  await done
  assert.deepEqual([stream.followers.size, stream.timers.size], [0, 0])
})

test('who asks for the headers only starts nothing', async () => {
  const stream = followed()
  const answer = await stream.app.request('/', { method: 'HEAD' })
  assert.equal(answer.headers.get('content-type'), 'text/event-stream')
  assert.deepEqual([stream.followers.size, stream.timers.size], [0, 0])
})
