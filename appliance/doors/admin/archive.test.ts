import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { freshFolders, openHoldings } from '../../../test/faults/holdings.ts'
import { imageOf } from '../../../test/faults/images.ts'
import { problemOf } from '../../host/http/http.ts'
import { archiveRoutes } from './archive.ts'

const freshFolder = freshFolders(after)

async function opened() {
  const box = await openHoldings({ folder: await freshFolder() })
  const app = archiveRoutes({ archive: box.archive }).onError(problemOf)
  const get = async (path: string) => (await app.request(path)).json() as never
  return { box, app, get }
}

test('a quarantined image is listed with why, when and from whom, and can be read, released, discarded', async () => {
  const { box, app, get } = await opened()
  const { instance } = await box.receive({ shade: 1 })
  await box.receive({ shade: 2 })
  await box.receive({ shade: 3 })
  type Listed = { quarantine: Record<string, unknown>[] }
  const { quarantine } = (await get('/api/quarantine')) as Listed
  assert.equal(quarantine.length, 2)
  const [one, two] = quarantine
  assert.equal(one!.reason, 'same-uid-other-bytes')
  assert.equal(one!.instance, instance.id)
  assert.equal((one!.from as { callingAeTitle: string }).callingAeTitle, 'SCANNER')
  assert.ok(Date.parse(one!.at as string))
  const file = await app.request(`/api/quarantine/${one!.blob}/file`)
  assert.equal(file.headers.get('Content-Type'), 'application/dicom')
  assert.deepEqual(Buffer.from(await file.arrayBuffer()), imageOf({ shade: 2 }).file)

  const released = await app.request(`/api/quarantine/${one!.blob}/release`, { method: 'POST' })
  assert.equal(released.status, 200)
  assert.equal(box.archive.catalog.instance(instance.id)!.revision, 1)
  const discarded = await app.request(`/api/quarantine/${two!.blob}`, { method: 'DELETE' })
  assert.equal(discarded.status, 200)
  assert.deepEqual(await get('/api/quarantine'), { quarantine: [] })
  const gone = await app.request(`/api/quarantine/${two!.blob}/release`, { method: 'POST' })
  assert.equal(gone.status, 404)
  await box.close()
})

test('damage and rebuild are seen, and a rebuild can be asked for', async () => {
  const { box, app, get } = await opened()
  const { instance } = await box.receive({ instance: 1 })
  await box.receive({ instance: 2 })
  await rm(join(box.folder, 'blobs', '000', '00', `${instance.blob}.dcm`))
  const asked = await app.request('/api/archive/rebuild', { method: 'POST' })
  assert.equal(asked.status, 202)
  const again = await app.request('/api/archive/rebuild', { method: 'POST' })
  assert.equal(again.status, 503)
  type Stands = { rebuild: { state: string; kept: number }; damaged: number; receiving: boolean }
  let stands: Stands
  do {
    await new Promise(resolve => setImmediate(resolve))
    stands = (await get('/api/archive')) as Stands
  } while (stands.rebuild.state === 'under way')
  assert.deepEqual(
    [stands.rebuild.state, stands.rebuild.kept, stands.damaged, stands.receiving],
    ['done', 1, 1, true],
  )
  const { damaged } = (await get('/api/damaged')) as { damaged: { blob: string; why: string }[] }
  assert.deepEqual(
    damaged.map(({ blob, why }) => [blob, why]),
    [[instance.blob, 'missing']],
  )
  await box.close()
})
