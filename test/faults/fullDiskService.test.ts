import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { storeScp, storeScu } from '../peers/dcmtk.ts'
import { eventually, freePort } from '../peers/programs.ts'
import { writeCt } from '../samples/synthetic.ts'
import { startBox, temporaryFolder } from '../whole/box.ts'
import { fill, smallDisks } from './smallDisk.ts'

const folder = temporaryFolder()
after(() => folder.remove())
const smallDisk = smallDisks(after)

test('the whole service on a full disk: no image is taken, but search, removal over REST and the relay to a real PACS go on', async t => {
  const disk = await smallDisk(80)
  if (!disk) return t.skip('may not mount a disk of its own here')
  const port = await freePort()
  const cloud = { name: 'cloud', kind: 'dimse', aet: 'CLOUD', host: '127.0.0.1', port }
  const box = await startBox({
    data: join(disk, 'data'),
    config: {
      archive: { reserve: '4 MB' },
      forward: { destinations: [cloud], rules: [{ name: 'all', send: ['cloud'] }] },
    },
  })
  const image = (instance: number) =>
    writeCt(folder.path, { uidRoot: '1.2.826.0.1.3680043.10.90', study: 1, instance }, 128)
  const images = [1, 2, 3, 4, 5, 6].map(image)
  for (const { outcome, said } of await storeScu(box.dicomPort, images)) {
    assert.equal(outcome, 'sent', said)
  }
  const counts = async () => {
    type Answer = { destinations: { counts: Record<string, number> }[] }
    return (await box.get<Answer>('/api/deliveries')).destinations[0]!.counts
  }
  await eventually(async () => (await counts()).owed === images.length, 'all are owed')

  const giveBack = fill(disk, 0)
  await eventually(async () => (await fetch(`${box.url}/readyz`)).status === 503, 'not ready')
  const [refused] = await storeScu(box.dicomPort, [image(7)])
  assert.equal(refused!.outcome, 'not sent')

  const inbox = join(folder.path, 'cloud')
  mkdirSync(inbox)
  const pacs = await storeScp(inbox, { port })
  await eventually(() => pacs.count() === images.length, 'all arrive at the PACS', 90)
  await eventually(async () => !(await counts()).owed && !(await counts()).sending, 'none is owed')

  const found = await fetch(`${box.url}/tools/find`, {
    method: 'POST',
    body: JSON.stringify({ Level: 'Instance', Query: { InstanceNumber: '3' } }),
  })
  const [id] = (await found.json()) as string[]
  const removed = await fetch(`${box.url}/instances/${id}`, { method: 'DELETE' })
  assert.equal(removed.status, 200)
  assert.equal((await box.get<string[]>('/instances')).length, images.length - 1)
  assert.equal((await fetch(`${box.url}/instances/${id}/file`)).status, 404)

  giveBack()
  await eventually(async () => (await fetch(`${box.url}/readyz`)).ok, 'ready again')
  const [taken] = await storeScu(box.dicomPort, [image(7)])
  assert.equal(taken!.outcome, 'sent', taken!.said)
  assert.equal(await box.stop(), 0)
  await pacs.stop()
})
