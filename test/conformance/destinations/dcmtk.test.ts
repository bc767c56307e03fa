import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import {
  collect,
  outcomesOf,
} from '../../../appliance/duties/forward/destinations/destination.contract.ts'
import {
  destinationSettings,
  openDestination,
} from '../../../appliance/duties/forward/destinations/kinds.ts'
import { silentLog } from '../../../appliance/log.ts'
import { storeScp } from '../../peers/dcmtk.ts'
import { datasetOf } from '../../samples/part10.ts'
import { writeCt } from '../../samples/synthetic.ts'
import { parcelOf } from './parcels.ts'

const folder = mkdtempSync(join(tmpdir(), 'waystation-plain-'))
after(() => rmSync(folder, { recursive: true }))
const never = new AbortController().signal

test("DCMTK's storescp takes a study in plain text byte by byte, and again; once it is gone nothing is taken for delivered", async () => {
  const shape = { uidRoot: '1.2.826.0.1.3680043.10.99.7', study: 1 }
  const files = Array.from(
    { length: 20 },
    (_, index) => writeCt(folder, { ...shape, instance: index + 1 }, 64).file,
  )
  const scp = await storeScp(mkdtempSync(join(folder, 'scp-')))
  const destination = openDestination(
    destinationSettings.parse({
      ...{ name: 'pacs', kind: 'dimse', aet: 'PACS', host: '127.0.0.1', port: scp.port },
    }),
    { aeTitle: 'WAYSTATION', log: silentLog },
  )
  const parcels = files.map(parcelOf)
  try {
    await destination.probe(never)
    for (const _ of ['first', 'again']) {
      const receipts = await collect(destination.deliver(parcels, never))
      assert.deepEqual(
        outcomesOf(receipts, parcels),
        parcels.map(() => 'accepted'),
      )
      assert.equal(scp.count(), 20)
    }
    const taken = scp.datasets()
    for (const [at, { instance }] of parcels.entries())
      assert.ok(taken.get(instance.sopInstanceUid)?.equals(datasetOf(readFileSync(files[at]!))))
  } finally {
    await scp.stop()
  }
  await assert.rejects(destination.probe(never), { code: 'peer-unreachable' })
  await assert.rejects(collect(destination.deliver(parcels, never)), { code: 'peer-unreachable' })
})
