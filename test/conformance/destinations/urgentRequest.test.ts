import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type BadStow, startBadStow } from '../../peers/badStow.ts'
import { imageOf, startRelay } from '../../peers/realRelay.ts'
import { startShapingProxy } from '../../peers/shapingProxy.ts'

const folder = mkdtempSync(join(tmpdir(), 'waystation-urgent-'))
after(() => rmSync(folder, { recursive: true }))

/** 384 kbit/s at 700 ms for the round trip. */
const line = { bytesPerSecond: 48_000, latency: 350 }

const stowOf = (cloud: BadStow) => cloud.requests.filter(each => each.method === 'POST')

async function until(reached: () => boolean): Promise<void> {
  while (!reached()) await sleep(5)
}

const statOf = (image: number) => ({ ...imageOf(2, image, 48_000), callingAeTitle: 'ER01' })

for (const parallel of [4, 1])
  test(`STAT does not wait for a request of a hundred images, of ${parallel} connections at most`, async t => {
    const cloud = await startBadStow()
    const proxy = await startShapingProxy(cloud.port, { latency: line.latency })
    const relay = await startRelay(join(folder, String(parallel)), {
      destinations: [
        { name: 'cloud', kind: 'dicomweb', url: `http://127.0.0.1:${proxy.port}`, parallel },
      ],
      link: { cap: (line.bytesPerSecond * 8) / 1000 },
    })
    for (let image = 1; image <= 100; image++) relay.held.keep(imageOf(1, image, 48_000))
    relay.begin()
    await until(() => proxy.passed.reduce((sum, each) => sum + each.bytes, 0) > 60_000)
    assert.deepEqual([stowOf(cloud).length, cloud.batches.length], [1, 0], 'one request, under way')

    const came = performance.now()
    const stat = [1, 2, 3].map(image => relay.held.keep(statOf(image)).sopInstanceUid)
    await until(() => stowOf(cloud).length === 2)
    const seconds = (performance.now() - came) / 1000
    t.diagnostic(`its request was at the far side after ${seconds.toFixed(2)} s`)
    assert.ok(seconds < 2, `${seconds} s`)

    // Under way or not, the other request has no part of the line until STAT is there.
    await until(() => cloud.batches.length === 1)
    assert.deepEqual(cloud.batches, [stat])
    assert.equal(stowOf(cloud).length, 2)
    await relay.stop(proxy)
    await cloud.stop()
  })
