import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { parcel } from '../../appliance/duties/forward/destinations/destination.contract.ts'
import {
  createForward,
  type Forward,
  forwardSettings,
} from '../../appliance/duties/forward/forward.ts'
import { openStore } from '../../appliance/holdings/catalog/catalog.ts'
import { silentLog } from '../../appliance/log.ts'
import { startBadScp } from '../peers/badScp.ts'
import { startShapingProxy } from '../peers/shapingProxy.ts'
import { createStandInArchive } from '../peers/standInArchive.ts'

const folder = mkdtempSync(join(tmpdir(), 'waystation-cut-'))
after(() => rmSync(folder, { recursive: true }))

test('a line cut at 100 random bytes while a study of 500 images goes out costs the image under way each time', async () => {
  const images = 500
  const held = createStandInArchive()
  const datasets = new Map<string, Buffer>()
  for (let image = 1; image <= images; image++) {
    const chunks: Uint8Array[] = []
    for await (const chunk of parcel({ image, pixels: new Uint8Array(4000) }).dataset()) {
      chunks.push(chunk)
    }
    const dataset = Buffer.concat(chunks)
    datasets.set(held.keep({ study: 1, image, dataset }).sopInstanceUid, dataset)
  }

  let seed = 20_261_123
  const random = () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
    return seed / 2 ** 32
  }
  const cutsWanted = 100
  let connections = 0
  const scp = await startBadScp()
  const line = await startShapingProxy(scp.port, {
    cutAfter: () => (connections++ < cutsWanted ? Math.floor(random() * 40_000) : undefined),
  })
  const store = await openStore({ folder })
  const stopping = new AbortController()
  const forward: Forward = createForward({
    archive: held.archive,
    store,
    settings: forwardSettings.parse({
      destinations: [
        { name: 'cloud', kind: 'dimse', aet: 'CLOUD', host: '127.0.0.1', port: line.port },
      ],
      rules: [{ name: 'all', send: ['cloud'] }],
      // Waiting is not what is tried here.
      backoff: { first: 0.001, cap: 0.002 },
    }),
    ...{ aeTitle: 'WAYSTATION', log: silentLog, now: Date.now, random },
    pause: () => new Promise(resolve => setImmediate(resolve)),
  })
  const running = forward.run(stopping.signal)
  while (forward.destinations()[0]?.sums.accepted.deliveries !== images) {
    await new Promise(resolve => setImmediate(resolve))
  }
  stopping.abort()
  await running

  assert.deepEqual(new Set(scp.taken.keys()), new Set(datasets.keys()))
  for (const [uid, dataset] of datasets) assert.ok(scp.taken.get(uid)?.equals(dataset), uid)
  const associations = new Set(scp.requests.map(each => each.association)).size
  assert.ok(line.connections() > cutsWanted, `${line.connections()} connections`)
  assert.ok(
    scp.requests.length <= images + associations,
    `${scp.requests.length} were sent over ${associations} associations`,
  )
  await line.stop()
  await scp.stop()
  await store.close()
})
