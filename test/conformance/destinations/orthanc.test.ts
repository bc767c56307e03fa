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
import { writeCt } from '../../samples/synthetic.ts'
import { absent, account, startOrthancPacs } from './orthancPeer.ts'
import { parcelOf } from './parcels.ts'

const folder = mkdtempSync(join(tmpdir(), 'waystation-sent-'))
after(() => rmSync(folder, { recursive: true }))
const never = new AbortController().signal
const shape = { uidRoot: '1.2.826.0.1.3680043.10.99.6', study: 1 }
const images = Array.from(
  { length: 25 },
  (_, index) => writeCt(folder, { ...shape, instance: index + 1 }, 64).file,
)

const kinds = [
  { kind: 'dicomweb', path: '/dicom-web', batch: { instances: 10 }, verify: 'qido' },
  { kind: 'dicomweb', path: '/dicom-web', batch: { instances: 10 }, verify: 'count' },
  { kind: 'orthanc', path: '', verify: 'list' },
]

for (const { path, ...kind } of kinds) {
  const to = (url: string, password = account.password) =>
    openDestination(
      destinationSettings.parse({
        ...{ name: 'pacs', url: url + path, ...kind },
        credentials: { kind: 'basic', user: account.user, password },
      }),
      { aeTitle: 'WAYSTATION', log: silentLog },
    )

  test(`${kind.kind} (${kind.verify}): Debian's Orthanc takes a study byte by byte, lists it, and knows it again`, {
    skip: absent ?? false,
  }, async () => {
    const pacs = await startOrthancPacs({ OverwriteInstances: false })
    try {
      const destination = to(pacs.url)
      const parcels = images.map(parcelOf)
      await destination.probe(never)
      const accepted = parcels.map(() => 'accepted')
      const instances = parcels.map(each => each.instance)
      const held = async (went: number) =>
        (await destination.held?.(instances, never, new Map([[instances[0]!.series, went]])))?.size
      assert.equal(await held(25), 0)
      const first = await collect(destination.deliver(parcels.slice(0, 24), never))
      assert.deepEqual(outcomesOf(first, parcels.slice(0, 24)), accepted.slice(1))
      const files = await pacs.files()
      for (const [at, { instance }] of parcels.slice(0, 24).entries())
        assert.ok(files.get(instance.sopInstanceUid)?.equals(readFileSync(images[at]!)))
      assert.equal(await held(25), 24)
      if (kind.verify === 'count') assert.equal(await held(24), 25, 'by its count of the series')
      const again = await collect(destination.deliver(parcels, never))
      assert.deepEqual(outcomesOf(again, parcels), accepted, 'what is there already is success')
      assert.equal((await pacs.files()).size, 25, 'and nothing is there twice')
      await assert.rejects(to(pacs.url, 'wrong').probe(never), { code: 'peer-refused' })
      await assert.rejects(collect(to(pacs.url, 'wrong').deliver(parcels, never)), {
        code: /peer-refused|peer-aborted/,
      })
    } finally {
      await pacs.stop()
    }
  })
}

for (const verify of ['find', 'count'])
  test(`dimse (${verify}): Debian's Orthanc is asked what it has by C-FIND`, {
    skip: absent ?? false,
  }, async () => {
    const pacs = await startOrthancPacs({ DicomCheckCalledAet: false, DicomAlwaysAllowFind: true })
    try {
      const destination = openDestination(
        destinationSettings.parse({
          ...{ name: 'pacs', kind: 'dimse', aet: 'ORTHANC', host: '127.0.0.1' },
          ...{ port: pacs.dicomPort, verify },
        }),
        { aeTitle: 'WAYSTATION', log: silentLog },
      )
      const parcels = images.map(parcelOf)
      const instances = parcels.map(each => each.instance)
      const held = async (went: number) =>
        (await destination.held?.(instances, never, new Map([[instances[0]!.series, went]])))?.size
      assert.equal(await held(25), 0)
      await collect(destination.deliver(parcels.slice(0, 24), never))
      assert.equal(await held(25), 24)
      assert.equal(await held(24), verify === 'count' ? 25 : 24)
    } finally {
      await pacs.stop()
    }
  })
