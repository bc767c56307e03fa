import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { parcel } from '../../../appliance/duties/forward/destinations/destination.contract.ts'
import { createForward, forwardSettings } from '../../../appliance/duties/forward/forward.ts'
import { openStore } from '../../../appliance/holdings/catalog/catalog.ts'
import { silentLog } from '../../../appliance/log.ts'
import { startBadStow } from '../../peers/badStow.ts'
import { eventually } from '../../peers/programs.ts'
import { createStandInArchive } from '../../peers/standInArchive.ts'

const folder = mkdtempSync(join(tmpdir(), 'waystation-forgetful-'))
after(() => rmSync(folder, { recursive: true }))

test('a DICOMweb cloud that accepts and forgets every twentieth image, and resets every fifth request, has all of them in the end', async () => {
  const held = createStandInArchive()
  const datasets = new Map<string, Buffer>()
  for (let image = 1; image <= 100; image++) {
    const chunks: Uint8Array[] = []
    for await (const chunk of parcel({ image, pixels: new Uint8Array(2000) }).dataset())
      chunks.push(chunk)
    const dataset = Buffer.concat(chunks)
    datasets.set(held.keep({ study: 1, image, dataset }).sopInstanceUid, dataset)
  }
  const cloud = await startBadStow()
  let stores = 0
  // The first time only: a cloud that forgets for ever is asked for ever.
  cloud.forgets = uid => ++stores % 20 === 0 && (cloud.arrived.get(uid) ?? 0) < 2
  cloud.cue = request => (request % 5 === 0 ? { loseAnswer: true } : {})
  const store = await openStore({ folder })
  const stopping = new AbortController()
  const forward = createForward({
    archive: held.archive,
    store,
    settings: forwardSettings.parse({
      destinations: [
        {
          ...{ name: 'cloud', kind: 'dicomweb', url: `http://127.0.0.1:${cloud.port}` },
          ...{ batch: { instances: 10 }, verify: 'qido', verifyAfter: 1 },
        },
      ],
      rules: [{ name: 'all', send: ['cloud'] }],
      backoff: { first: 0.01, cap: 0.02 },
    }),
    ...{ aeTitle: 'WAYSTATION', log: silentLog, now: Date.now, random: Math.random },
    pause: (seconds, stop) =>
      new Promise(resolve => {
        const timer = setTimeout(resolve, seconds * 1000)
        stop.addEventListener('abort', () => {
          clearTimeout(timer)
          resolve()
        })
      }),
  })
  const running = forward.run(stopping.signal)
  await eventually(
    () => forward.destinations()[0]?.sums.verified.deliveries === 100,
    'all of them are verified',
  )
  stopping.abort()
  await running
  assert.ok(stores > 100, 'some were forgotten or lost, and sent again')
  assert.deepEqual(new Set(cloud.taken.keys()), new Set(datasets.keys()))
  for (const [uid, dataset] of datasets) assert.ok(cloud.taken.get(uid)?.equals(dataset), uid)
  await cloud.stop()
  await store.close()
})
