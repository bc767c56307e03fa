import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type {
  Destination,
  Parcel,
  Receipt,
} from '../../../appliance/duties/forward/destinations/destination.ts'
import {
  destinationSettings,
  openDestination,
} from '../../../appliance/duties/forward/destinations/kinds.ts'
import { silentLog } from '../../../appliance/log.ts'
import { startBadScp } from '../../peers/badScp.ts'
import { startBadStow } from '../../peers/badStow.ts'
import { startShapingProxy } from '../../peers/shapingProxy.ts'
import { writeCt } from '../../samples/synthetic.ts'
import { parcelOf } from './parcels.ts'

/**
 * 384 kbit/s at 700 ms for the round trip, CTs of 525 KB: an image takes 11 s of the line. The same
 * line eight times as fast, with an eighth of the latency, carries the same bytes in the same number
 * of round trips; the share of the line that is used is that of the slow one.
 */
const times = 8
const line = { bytesPerSecond: (384_000 / 8) * times, latency: 350 / times }

const folder = mkdtempSync(join(tmpdir(), 'waystation-slow-'))
after(() => rmSync(folder, { recursive: true }))
const shape = { uidRoot: '1.2.826.0.1.3680043.10.99.7', study: 1 }
const parcels = Array.from({ length: 12 }, (_, index) =>
  parcelOf(writeCt(folder, { ...shape, instance: index + 1 }, 512).file),
)
const bytes = parcels.reduce((sum, each) => sum + each.instance.bytes, 0)
const never = new AbortController().signal

async function send(destination: Destination, share: readonly Parcel[]): Promise<Receipt[]> {
  const receipts: Receipt[] = []
  for await (const each of destination.deliver(share, never)) receipts.push(each)
  return receipts
}

/** Sends over the slow line, several at once, and says which share of the line was used. */
async function shareOfLine(port: number, at: number, settings: object): Promise<number> {
  const proxy = await startShapingProxy(port, line)
  const destination = openDestination(
    destinationSettings.parse({
      ...{ name: 'cloud', ...settings },
      ...('aet' in settings
        ? { host: '127.0.0.1', port: proxy.port }
        : { url: `http://127.0.0.1:${proxy.port}` }),
    }),
    { aeTitle: 'WAYSTATION', log: silentLog },
  )
  const begun = performance.now()
  const shares = Array.from({ length: at }, (_, n) => parcels.filter((_, i) => i % at === n))
  const receipts = (await Promise.all(shares.map(each => send(destination, each)))).flat()
  const seconds = (performance.now() - begun) / 1000
  await proxy.stop()
  assert.equal(receipts.filter(each => each.outcome === 'accepted').length, parcels.length)
  return bytes / line.bytesPerSecond / seconds
}

const percent = (share: number) => `${(share * 100).toFixed(1)} %`

test('C-STORE over three associations uses 85 % of a slow, far line', async t => {
  const scp = await startBadScp()
  const share = await shareOfLine(scp.port, 3, { kind: 'dimse', aet: 'CLOUD' })
  await scp.stop()
  t.diagnostic(percent(share))
  assert.ok(share >= 0.85, percent(share))
})

for (const at of [1, 2]) {
  test(`STOW-RS, ${at} at once, uses 85 % of a slow, far line`, async t => {
    const cloud = await startBadStow()
    const batch = { seconds: 15 / times }
    const share = await shareOfLine(cloud.port, at, { kind: 'dicomweb', batch })
    await cloud.stop()
    t.diagnostic(`${percent(share)}, ${cloud.batches.length} requests`)
    assert.ok(share >= 0.85, percent(share))
  })
}
