import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '../../faults.ts'
import { silentLog } from '../../log.ts'
import { runServices, type Service } from './supervisor.ts'

const untilStopped = (stop: AbortSignal) =>
  new Promise<void>(resolve => stop.addEventListener('abort', () => resolve(), { once: true }))

test('services end in reverse order, each before the next is told to', async () => {
  const order: string[] = []
  const service = (name: string): Service => ({
    name,
    async run(stop) {
      await untilStopped(stop)
      order.push(`${name} told`)
      await Promise.resolve()
      order.push(`${name} over`)
    },
  })
  const stop = new AbortController()
  const all = runServices([service('archive'), service('door')], {
    stop: stop.signal,
    log: silentLog,
    pause: async () => {},
  })
  stop.abort()
  await all
  assert.deepEqual(order, ['door told', 'door over', 'archive told', 'archive over'])
})

test('a service that fails is started again after growing pauses', async () => {
  const pauses: number[] = []
  const stop = new AbortController()
  let runs = 0
  const flaky: Service = {
    name: 'flaky',
    async run(signal) {
      if (++runs <= 7) throw new Error('broken')
      stop.abort()
      await untilStopped(signal)
    },
  }
  await runServices([flaky], {
    stop: stop.signal,
    log: silentLog,
    pause: async seconds => void pauses.push(seconds),
  })
  assert.deepEqual(pauses, [1, 2, 5, 15, 60, 60, 60])
})

test('what only a person can mend ends the run with its fault, after the others were stopped', async () => {
  let stopped = false
  const good: Service = {
    name: 'good',
    async run(stop) {
      await untilStopped(stop)
      stopped = true
    },
  }
  const bad: Service = {
    name: 'bad',
    run: () => Promise.reject(new Fault('port-taken', 'port 104')),
  }
  await assert.rejects(
    runServices([good, bad], {
      stop: new AbortController().signal,
      log: silentLog,
      pause: async () => {},
    }),
    { code: 'port-taken' },
  )
  assert.ok(stopped)
})
