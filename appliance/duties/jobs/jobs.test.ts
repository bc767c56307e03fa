import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '../../faults.ts'
import { stepping, withJobs } from './jobs.contract.ts'
import type { JobKind } from './jobs.ts'

const at = '2026-03-04T05:06:07.089Z'

/** A kind that is over at once: well, or with what `work` throws. */
const instant = (type: string, work: () => void = () => undefined): JobKind => ({
  type,
  async run() {
    work()
  },
})

/** A kind that makes an output of its description. */
const printing: JobKind<string> = {
  type: 'Printing',
  async run({ description, keep }) {
    await keep('text', { type: 'text/plain', filename: 'a.txt' }, bytesOf(description))
  },
}

async function* bytesOf(text: string) {
  yield Buffer.from(text)
}

async function read(bytes: AsyncIterable<Uint8Array>) {
  return Buffer.concat(await Array.fromAsync(bytes)).toString()
}

test('a job that was submitted runs, and what became of it is told', () =>
  withJobs(async bench => {
    const jobs = await bench.start([instant('A')])
    const { id } = await jobs.submit({
      ...{ type: 'A', description: 1, content: { about: 'it' } },
      ...{ priority: 7, userData: ['mine'] },
    })
    const { runtime, ...job } = await jobs.settled(id)
    assert.ok(runtime > 0)
    assert.deepEqual(job, {
      ...{ id, type: 'A', state: 'succeeded', priority: 7, userData: ['mine'] },
      ...{ createdAt: at, finishedAt: at, progress: 1, content: { about: 'it' }, outputs: {} },
    })
    assert.deepEqual((await jobs.settled(id)).state, 'succeeded')
    await assert.rejects(jobs.settled('nobody'), { code: 'not-found' })
  }))

test('of those that wait the highest priority runs first, and of equal ones the oldest', () =>
  withJobs(async bench => {
    const order: string[] = []
    const { kind, arrived, step } = stepping()
    const noting: JobKind<string> = {
      type: 'Noting',
      async run({ description }) {
        order.push(description)
      },
    }
    const jobs = await bench.start([kind, noting], { concurrent: 1 })
    await jobs.submit({ type: 'Stepping', description: 1 })
    await arrived()
    const waiting = await Promise.all(
      [0, 5, -3, 5, 0].map((priority, i) =>
        jobs.submit({ type: 'Noting', description: `${priority}/${i}`, priority }),
      ),
    )
    assert.deepEqual(order, [])
    await step()
    await Promise.all(waiting.map(({ id }) => jobs.settled(id)))
    assert.deepEqual(order, ['5/1', '5/3', '0/0', '0/4', '-3/2'])
  }))

test('no more run at once than the setting says', () =>
  withJobs(async bench => {
    let now = 0
    let most = 0
    const kind: JobKind = {
      type: 'Crowd',
      async run() {
        most = Math.max(most, ++now)
        await new Promise(resolve => setImmediate(resolve))
        now--
      },
    }
    const jobs = await bench.start([kind], { concurrent: 3, history: 100 })
    const ids = await Promise.all(
      Array.from({ length: 20 }, () => jobs.submit({ type: 'Crowd', description: 0 })),
    )
    await Promise.all(ids.map(({ id }) => jobs.settled(id)))
    assert.equal(most, 3)
  }))

test('a paused job goes on from its checkpoint when it is resumed', () =>
  withJobs(async bench => {
    const { kind, begun, arrived, step } = stepping()
    const jobs = await bench.start([kind])
    const { id } = await jobs.submit({ type: 'Stepping', description: 3 })
    await step()
    await arrived()
    assert.equal(await jobs.pause(id), true)
    while (jobs.get(id)?.state === 'running') await new Promise(setImmediate)
    assert.deepEqual(
      { state: jobs.get(id)?.state, content: jobs.get(id)?.content },
      { state: 'paused', content: { step: 1 } },
    )
    assert.equal(await jobs.resume(id), true)
    assert.equal(await jobs.resume(id), false)
    await step()
    await step()
    assert.equal((await jobs.settled(id)).state, 'succeeded')
    assert.deepEqual(begun, [
      { id, from: undefined },
      { id, from: 1 },
    ])
  }))

test('a cancelled job has failed, whether it ran, waited or was paused; others are untouched', () =>
  withJobs(async bench => {
    const { kind, arrived } = stepping()
    const jobs = await bench.start([kind, instant('A')], { concurrent: 1 })
    const running = await jobs.submit({ type: 'Stepping', description: 1 })
    await arrived()
    const waiting = await jobs.submit({ type: 'A', description: 0 })
    const paused = await jobs.submit({ type: 'A', description: 0 })
    assert.equal(await jobs.pause(paused.id), true)
    assert.equal(jobs.get(paused.id)?.state, 'paused')
    for (const { id } of [waiting, paused, running]) {
      assert.equal(await jobs.cancel(id), true)
      const job = await jobs.settled(id)
      assert.deepEqual([job.state, job.failure?.code], ['failed', 'cancelled'])
    }
    const done = await jobs.submit({ type: 'A', description: 0 })
    await jobs.settled(done.id)
    assert.equal(await jobs.cancel(done.id), true)
    assert.equal(await jobs.pause(done.id), true)
    assert.equal(jobs.get(done.id)?.state, 'succeeded')
    assert.equal(await jobs.cancel('nobody'), false)
  }))

test('a failed job says why and can be submitted again, from the beginning', () =>
  withJobs(async bench => {
    let fails = true
    const kind: JobKind = {
      type: 'Flaky',
      async run({ checkpoint, tell }) {
        assert.equal(checkpoint, undefined)
        tell({ content: { tried: true }, checkpoint: 1, progress: 0.5 })
        if (fails)
          throw Object.assign(new Fault('peer-failed', 'it said no'), { payload: { n: 1 } })
      },
    }
    const jobs = await bench.start([kind])
    const { id } = await jobs.submit({ type: 'Flaky', description: 0, content: {} })
    const failed = await jobs.settled(id)
    assert.deepEqual(failed.failure, {
      ...{ code: 'peer-failed', detail: 'it said no', payload: { n: 1 } },
    })
    assert.deepEqual([failed.progress, failed.content], [0.5, { tried: true }])
    fails = false
    assert.equal(await jobs.resubmit(id), true)
    const { state, failure } = await jobs.settled(id)
    assert.deepEqual([state, failure], ['succeeded', undefined])
    assert.equal(await jobs.resubmit(id), false)
  }))

test('what nobody foresaw fails the job without telling its words', () =>
  withJobs(async bench => {
    const kind = instant('Broken', () => {
      throw new TypeError('Doe^Jane is not a function')
    })
    const jobs = await bench.start([kind])
    const { id } = await jobs.submit({ type: 'Broken', description: 0 })
    assert.deepEqual((await jobs.settled(id)).failure, { code: 'internal', detail: '' })
    const other = await jobs.submit({ type: 'Unheard of', description: 0 })
    assert.equal((await jobs.settled(other.id)).failure?.code, 'not-supported')
  }))

test('only as many that are over are remembered as the setting says, the latest ones', () =>
  withJobs(async bench => {
    const jobs = await bench.start([instant('A')], { history: 2 })
    const ids: string[] = []
    for (let i = 0; i < 4; i++) {
      const { id } = await jobs.submit({ type: 'A', description: i })
      await jobs.settled(id)
      ids.push(id)
    }
    assert.deepEqual(
      jobs.list().map(({ id }) => id),
      ids.slice(2),
    )
    assert.equal(await jobs.remove(ids[2]!), true)
    assert.equal(await jobs.remove(ids[2]!), false)
    assert.equal(jobs.list().length, 1)
  }))

test('without a history the one who waits still learns what became of a job', () =>
  withJobs(async bench => {
    const jobs = await bench.start([instant('A')], { history: 0 })
    assert.equal((await jobs.complete({ type: 'A', description: 0 })).state, 'succeeded')
    assert.deepEqual(jobs.list(), [])
  }))

test('an output is read back, in parts too, and goes with its job', () =>
  withJobs(async bench => {
    const jobs = await bench.start([printing])
    const { id } = await jobs.submit({ type: 'Printing', description: 'hello' })
    assert.deepEqual((await jobs.settled(id)).outputs, {
      text: { type: 'text/plain', filename: 'a.txt', bytes: 5 },
    })
    assert.equal(await read(jobs.openOutput(id, 'text')), 'hello')
    assert.equal(await read(jobs.openOutput(id, 'text', { from: 1, to: 3 })), 'el')
    assert.throws(() => jobs.openOutput(id, 'toString'), { code: 'not-found' })
    assert.throws(() => jobs.openOutput('nobody', 'text'), { code: 'not-found' })
    assert.equal(await bench.blobs(), 1)
    assert.equal(await jobs.removeOutput(id, 'text'), true)
    assert.equal(await jobs.removeOutput(id, 'text'), false)
    assert.equal(await bench.blobs(), 0)
  }))

test('of so many jobs the output is kept as the setting says', () =>
  withJobs(async bench => {
    const jobs = await bench.start([printing], { outputs: 2 })
    for (const text of ['a', 'b', 'c']) {
      const { id } = await jobs.submit({ type: 'Printing', description: text })
      await jobs.settled(id)
    }
    assert.deepEqual(
      jobs.list().map(({ outputs }) => Object.keys(outputs).length),
      [0, 1, 1],
    )
    await bench.stop()
    assert.equal(await bench.blobs(), 2)
  }))

test('an output takes no room that images need, and nothing is left of it', () =>
  withJobs(async bench => {
    const jobs = await bench.start([printing])
    bench.room = false
    const { id } = await jobs.submit({ type: 'Printing', description: 'hello' })
    assert.equal((await jobs.settled(id)).failure?.code, 'storage-full')
    assert.equal(await bench.blobs(), 0)
  }))

test('work of someone else is listed while it lasts, cancelled, and remembered when it is over', () =>
  withJobs(async bench => {
    const jobs = await bench.start([], { concurrent: 1 })
    const one = jobs.attend({ type: 'Download', content: { n: 0 } })
    const two = jobs.attend({ type: 'Download' })
    one.tell({ progress: 0.5, content: { n: 1 } })
    assert.deepEqual(
      jobs.list().map(({ state, progress, content }) => [state, progress, content]),
      [
        ['running', 0.5, { n: 1 }],
        ['running', 0, {}],
      ],
    )
    assert.equal(await jobs.pause(one.id), true)
    assert.equal(one.stop.aborted, false)
    await jobs.cancel(two.id)
    assert.equal(two.stop.aborted, true)
    two.settle(new Error('gone'))
    one.settle()
    assert.deepEqual(
      jobs.list().map(({ state, failure }) => [state, failure?.code]),
      [
        ['succeeded', undefined],
        ['failed', 'cancelled'],
      ],
    )
    assert.equal(await jobs.resubmit(two.id), false)
  }))

test('no job is taken once the box stops', () =>
  withJobs(async bench => {
    const jobs = await bench.start([instant('A')])
    await bench.stop()
    await assert.rejects(jobs.submit({ type: 'A', description: 0 }), { code: 'stopping' })
  }))
