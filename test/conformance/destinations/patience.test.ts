import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  collect,
  parcel,
} from '../../../appliance/duties/forward/destinations/destination.contract.ts'
import type { Parcel } from '../../../appliance/duties/forward/destinations/destination.ts'
import {
  destinationSettings,
  openDestination,
} from '../../../appliance/duties/forward/destinations/kinds.ts'
import { silentLog } from '../../../appliance/log.ts'
import { startBadOrthanc } from '../../peers/badOrthanc.ts'
import { startBadScp } from '../../peers/badScp.ts'
import { startBadStow } from '../../peers/badStow.ts'
import { startShapingProxy } from '../../peers/shapingProxy.ts'

const megabyte = 1_000_000
/**
 * Seconds of silence that are borne. On loopback the kernels hold megabytes and give word in as large
 * steps, so it must be more than such a step takes.
 */
const idle = 2

/** In pieces, as the archive reads its files. */
async function* pieces(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes)
    for (let at = 0; at < chunk.length; at += 65_536) yield chunk.subarray(at, at + 65_536)
}

const kinds = [
  { kind: 'dimse', start: startBadScp, timers: { idle, writeStall: idle } },
  { kind: 'dicomweb', start: startBadStow, timers: { idle, connect: idle } },
  { kind: 'orthanc', start: startBadOrthanc, timers: { idle, connect: idle } },
]

// They wait for their lines, not for each other.
describe('an image that takes many times as long as silence is borne arrives', {
  concurrency: true,
}, () => {
  for (const { kind, start, timers } of kinds)
    it(`over ${kind}`, async t => {
      const far = await start()
      const line = await startShapingProxy(far.port, { bytesPerSecond: 4 * megabyte })
      const where =
        kind === 'dimse'
          ? { aet: 'CLOUD', host: '127.0.0.1', port: line.port }
          : { url: `http://127.0.0.1:${line.port}` }
      const destination = openDestination(
        destinationSettings.parse({ name: 'cloud', kind, ...where, timers }),
        { aeTitle: 'WAYSTATION', log: silentLog },
      )
      try {
        const begun = performance.now()
        const large = parcel({ image: 1, pixels: new Uint8Array(32 * megabyte) })
        const parcels: Parcel[] = [
          { ...large, dataset: () => pieces(large.dataset()), file: () => pieces(large.file()) },
        ]
        const receipts = await collect(destination.deliver(parcels, new AbortController().signal))
        const seconds = (performance.now() - begun) / 1000
        t.diagnostic(`${seconds.toFixed(1)} s`)
        assert.deepEqual(
          receipts.map(each => each.outcome),
          ['accepted'],
        )
        assert.ok(seconds > 3 * idle, `${seconds} s`)
        assert.equal(far.taken.size, 1)
      } finally {
        await line.stop()
        await far.stop()
      }
    })
})
