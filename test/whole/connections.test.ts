import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { ConnectionRecord, RefusedCaller } from '../../appliance/doors/admin/admin.ts'
import { storeScu } from '../peers/dcmtk.ts'
import { eventually } from '../peers/programs.ts'
import { writeCt } from '../samples/synthetic.ts'
import { startBox, temporaryFolder } from './box.ts'

const folder = temporaryFolder()
after(() => folder.remove())

interface Listed {
  connections: ConnectionRecord[]
  refusedCallers: RefusedCaller[]
}

test('who called before the box was stopped is listed after it has started, and ids go on', async () => {
  for (const name of ['data', 'images']) mkdirSync(join(folder.path, name))
  const uidRoot = '1.2.826.0.1.3680043.10.99.47'
  const image = writeCt(join(folder.path, 'images'), { uidRoot, study: 1, instance: 1 }, 36)
  const started = () =>
    startBox({ data: join(folder.path, 'data'), config: { dicom: { checkCalledAet: true } } })

  const first = await started()
  await storeScu(first.dicomPort, [image])
  await storeScu(first.dicomPort, [image], { called: 'ORTHANC' })
  await eventually(async () => {
    const { connections } = await first.get<Listed>('/api/connections')
    return connections.length === 2
  }, 'both are over')
  const before = await first.get<Listed>('/api/connections')
  assert.deepEqual(
    before.connections.map(({ outcome }) => outcome),
    ['rejected', 'released'],
  )
  assert.equal(await first.stop(), 0)

  const second = await started()
  assert.deepEqual(await second.get('/api/connections'), before)
  await storeScu(second.dicomPort, [image], { called: 'ORTHANC' })
  const { connections, refusedCallers } = await eventually(async () => {
    const listed = await second.get<Listed>('/api/connections')
    return listed.connections.length === 3 ? listed : undefined
  }, 'the third is over')
  assert.equal(connections[0]!.id, before.connections[0]!.id + 1)
  assert.deepEqual(
    refusedCallers.map(({ attempts }) => attempts),
    [2],
  )
  await second.stop()
})
