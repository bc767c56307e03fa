import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { parcel } from '../../../appliance/duties/forward/destinations/destination.contract.ts'
import { createForward, forwardSettings } from '../../../appliance/duties/forward/forward.ts'
import { openStore } from '../../../appliance/holdings/catalog/catalog.ts'
import { silentLog } from '../../../appliance/log.ts'
import { startBadScp } from '../../peers/badScp.ts'
import { startBadStow } from '../../peers/badStow.ts'
import { eventually } from '../../peers/programs.ts'
import { createStandInArchive } from '../../peers/standInArchive.ts'

const folder = mkdtempSync(join(tmpdir(), 'waystation-forgetful-'))
after(() => rmSync(folder, { recursive: true }))

/** Five in a hundred, those sent again among them. */
function everyTwentieth() {
  let stores = 0
  return { forgets: () => ++stores % 20 === 0, stores: () => stores }
}

async function pacs() {
  const scp = await startBadScp()
  const forgetting = everyTwentieth()
  scp.forgets = forgetting.forgets
  const settings = { kind: 'dimse', aet: 'CLOUD', host: '127.0.0.1', port: scp.port }
  return { ...forgetting, settings, taken: scp.taken, stop: scp.stop }
}

/** Forgets as well, and resets every fifth request after it has all of it. */
async function web() {
  const cloud = await startBadStow()
  const forgetting = everyTwentieth()
  cloud.forgets = forgetting.forgets
  cloud.cue = request => (request % 5 === 0 ? { loseAnswer: true } : {})
  const url = `http://127.0.0.1:${cloud.port}`
  const settings = { kind: 'dicomweb', url, batch: { instances: 10 } }
  return { ...forgetting, settings, taken: cloud.taken, stop: cloud.stop }
}

const clouds = [
  { what: 'a PACS over DIMSE, asked by C-FIND,', start: pacs, verify: 'find' },
  { what: 'a PACS over DIMSE, asked for its counts by C-FIND,', start: pacs, verify: 'count' },
  { what: 'a DICOMweb cloud that resets every fifth request', start: web, verify: 'qido' },
  { what: 'a DICOMweb cloud, asked for its counts,', start: web, verify: 'count' },
]

for (const { what, start, verify } of clouds)
  test(`${what} that accepts and forgets every twentieth image has all of them in the end`, async () => {
    const held = createStandInArchive()
    const datasets = new Map<string, Buffer>()
    for (let image = 1; image <= 200; image++) {
      const chunks: Uint8Array[] = []
      for await (const chunk of parcel({ image, pixels: new Uint8Array(2000) }).dataset())
        chunks.push(chunk)
      const dataset = Buffer.concat(chunks)
      datasets.set(held.keep({ study: 1, image, dataset }).sopInstanceUid, dataset)
    }
    const cloud = await start()
    const store = await openStore({ folder: mkdtempSync(join(folder, 'store-')) })
    const stopping = new AbortController()
    const forward = createForward({
      archive: held.archive,
      store,
      settings: forwardSettings.parse({
        destinations: [{ name: 'cloud', ...cloud.settings, verify, verifyAfter: 1 }],
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
      () => forward.destinations()[0]?.sums.verified.deliveries === 200,
      'all of them are verified',
    )
    stopping.abort()
    await running
    assert.ok(cloud.stores() > 200, 'some were forgotten or lost, and sent again')
    assert.deepEqual(new Set(cloud.taken.keys()), new Set(datasets.keys()))
    for (const [uid, dataset] of datasets) assert.ok(cloud.taken.get(uid)?.equals(dataset), uid)
    await cloud.stop()
    await store.close()
  })
