import assert from 'node:assert/strict'
import { join } from 'node:path'
import { it } from 'node:test'
import { systemClock } from '../../../appliance/standard/dimse/dimse.ts'
import { end, eventually, start } from '../programs.ts'
import { memoryInUse } from './memory.ts'
import { openWitness, startSubject } from './subject.ts'

/** What the issue "The wire" promises, and what this test asks of a machine that does other work, too. */
const promisedSeconds = 2
const patienceSeconds = 5 * promisedSeconds

const idle = 200
const connects = 10_000

it('a good sender is answered among 200 idle associations and 10,000 connects', async t => {
  let records = 0
  const subject = await startSubject({
    clock: systemClock,
    services: {
      async store({ data }) {
        for await (const _chunk of data);
        return { status: 0x0000 }
      },
    },
    onRecord: () => records++,
  })
  const witness = await openWitness(subject.port)
  const before = { inUse: await memoryInUse(), resident: process.memoryUsage.rss() / 2 ** 20 }
  const crowd = start(process.execPath, [
    join(import.meta.dirname, 'flooding.ts'),
    ...[subject.port, idle, connects].map(String),
  ])
  try {
    await eventually(() => crowd.output().includes('idle'), 'idle associations', 30)
    assert.equal(subject.acceptor.associations(), idle + 1)
    let slowest = 0
    let stored = 0
    const timed = async (storing: () => Promise<void>) => {
      const from = performance.now()
      await storing()
      stored++
      slowest = Math.max(slowest, (performance.now() - from) / 1000)
    }
    for (let seen = 0; !crowd.output().includes('flooded'); seen = crowd.output().length) {
      await eventually(() => crowd.output().length > seen, 'a hundred connects more', 30)
      // Both who is connected already, and who has yet to get in.
      await timed(witness.stores)
      await timed(async () => {
        const newcomer = await openWitness(subject.port)
        await newcomer.stores()
        await newcomer.leaves()
      })
    }
    const resident = process.memoryUsage.rss() / 2 ** 20 - before.resident
    await eventually(() => subject.acceptor.associations() === idle + 1, 'the idle ones live', 10)
    const inUse = (await memoryInUse()) - before.inUse
    t.diagnostic(
      `${stored} C-STOREs, the slowest in ${slowest.toFixed(3)} s (promised ${promisedSeconds}); ` +
        `resident +${resident.toFixed(0)} MB, in use +${inUse.toFixed(1)} MB`,
    )
    assert.ok(slowest < patienceSeconds, `a C-STORE took ${slowest.toFixed(1)} s`)
    assert.ok(resident < 200, `resident memory grew by ${resident.toFixed(0)} MB`)
    assert.ok(inUse < 40, `memory in use grew by ${inUse.toFixed(1)} MB`)
    // Those reset while they wait in the kernel's queue never reach the acceptor.
    assert.ok(records > connects / 2, `${records} connections left a record`)
    await witness.leaves()
  } finally {
    await end(crowd)
    await subject.stop()
  }
  assert.equal(subject.acceptor.associations(), 0)
})
