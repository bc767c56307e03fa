import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stepping, withJobs } from './jobs.contract.ts'
import type { JobKind } from './jobs.ts'

/**
 * One test for each row of the failure matrix in README.md. A second `start` on the same store,
 * without a `stop` before it, is what a process finds whose predecessor was killed.
 */

const never: JobKind = { type: 'Never', run: () => new Promise(() => undefined) }

test('a job that waited when the box died runs after the restart, with what was said of it', () =>
  withJobs(async bench => {
    const asleep = await bench.start([never], { concurrent: 1 })
    await asleep.submit({ type: 'Never', description: 0 })
    const { id } = await asleep.submit({
      ...{
        type: 'Stepping',
        description: 0,
        content: { about: 'it' },
        priority: 3,
        userData: 'mine',
      },
    })
    const jobs = await bench.start([stepping().kind, never])
    assert.equal(asleep.get(id)?.state, 'waiting')
    const { state, content, priority, userData } = await jobs.settled(id)
    assert.deepEqual(
      [state, content, priority, userData],
      ['succeeded', { about: 'it' }, 3, 'mine'],
    )
  }))

test('a job that ran when the box died goes on from its last checkpoint', () =>
  withJobs(async bench => {
    const before = stepping()
    const jobs = await bench.start([before.kind])
    const { id } = await jobs.submit({ type: 'Stepping', description: 3 })
    await before.step()
    await before.step()
    await before.arrived()
    const after = stepping()
    const again = await bench.start([after.kind])
    await after.step()
    const { state, progress } = await again.settled(id)
    assert.deepEqual([state, progress, after.begun], ['succeeded', 1, [{ id, from: 2 }]])
  }))

test('a job that ran when the box was stopped in order goes on, too', () =>
  withJobs(async bench => {
    const before = stepping()
    const jobs = await bench.start([before.kind])
    const { id } = await jobs.submit({ type: 'Stepping', description: 2 })
    await before.step()
    await before.arrived()
    await bench.stop()
    assert.equal(jobs.get(id)?.state, 'waiting')
    const after = stepping()
    const again = await bench.start([after.kind])
    await after.step()
    assert.equal((await again.settled(id)).state, 'succeeded')
    assert.deepEqual(after.begun, [{ id, from: 1 }])
  }))

test('a job whose cancellation was answered does not come to life again', () =>
  withJobs(async bench => {
    const jobs = await bench.start([{ ...never, run: () => new Promise(() => undefined) }])
    const one = await jobs.submit({ type: 'Never', description: 0 })
    const two = await jobs.submit({ type: 'Never', description: 0 })
    await jobs.cancel(one.id)
    await jobs.pause(two.id)
    assert.equal(jobs.get(one.id)?.state, 'running')
    const again = await bench.start([never])
    const { state, failure } = await again.settled(one.id)
    assert.deepEqual([state, failure?.code], ['failed', 'cancelled'])
    assert.equal(again.get(two.id)?.state, 'paused')
  }))

test('what was over stays over, with its output, in the order in which it ended', () =>
  withJobs(async bench => {
    const printing: JobKind = {
      type: 'Printing',
      async run({ keep }) {
        const bytes = (async function* () {
          yield Buffer.from('hello')
        })()
        await keep('text', { type: 'text/plain', filename: 'a.txt' }, bytes)
      },
    }
    const jobs = await bench.start([printing], { history: 2, outputs: 2 })
    const ids: string[] = []
    for (let i = 0; i < 2; i++) {
      const { id } = await jobs.submit({ type: 'Printing', description: i })
      await jobs.settled(id)
      ids.push(id)
    }
    const again = await bench.start([printing], { history: 2, outputs: 2 })
    const text = await Array.fromAsync(again.openOutput(ids[1]!, 'text'))
    assert.equal(Buffer.concat(text).toString(), 'hello')
    const { id } = await again.submit({ type: 'Printing', description: 3 })
    await again.settled(id)
    assert.deepEqual(
      again.list().map(job => job.id),
      [ids[1], id],
    )
    await bench.stop()
    assert.equal(await bench.blobs(), 2)
  }))

test('an output whose job died before it was told of it is swept', () =>
  withJobs(async bench => {
    const kind: JobKind = {
      type: 'Half',
      async run({ keep }) {
        const bytes = (async function* () {
          yield Buffer.from('hello')
        })()
        await keep('text', { type: 'text/plain', filename: 'a.txt' }, bytes)
        await new Promise(() => undefined)
      },
    }
    const jobs = await bench.start([kind])
    const { id } = await jobs.submit({ type: 'Half', description: 0 })
    while (Object.keys(jobs.get(id)!.outputs).length === 0) await new Promise(setImmediate)
    assert.equal(await bench.blobs(), 1)
    await jobs.cancel(id)
    const again = await bench.start([kind], { history: 0 })
    await bench.stop()
    assert.deepEqual(again.list(), [])
    assert.equal(await bench.blobs(), 0)
  }))

test('a job that was under way at five deaths of the box is not tried a sixth time', () =>
  withJobs(async bench => {
    const first = await bench.start([never])
    const { id } = await first.submit({ type: 'Never', description: 0 })
    for (let death = 2; death <= 5; death++) {
      const next = await bench.start([never])
      while (next.get(id)?.state !== 'running') await new Promise(setImmediate)
    }
    const last = await bench.start([never])
    const { state, failure } = await last.settled(id)
    assert.deepEqual([state, failure?.code], ['failed', 'internal'])
    assert.equal(await last.resubmit(id), true)
  }))
