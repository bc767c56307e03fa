import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import {
  destinationSettings,
  openDestination,
} from '../../../appliance/duties/forward/destinations/kinds.ts'
import { silentLog } from '../../../appliance/log.ts'
import { freshFolders } from '../../faults/holdings.ts'
import { ctImageStorage } from '../../faults/images.ts'
import { eventually, freePort } from '../../peers/programs.ts'
import { absent, startOrthanc } from '../orthanc/peer.ts'
import { storesFindsAndGivesBack } from './archive.ts'
import { type Box, startBox } from './box.ts'

const reference = (instance: number) => ({
  sopClassUid: ctImageStorage,
  sopInstanceUid: `1.2.826.0.1.1.1.${instance}`,
})

describe('Orthanc as a node', { skip: absent ?? false }, () => {
  const freshFolder = freshFolders(after)
  let box: Box
  let orthanc: Awaited<ReturnType<typeof startOrthanc>>
  before(async () => {
    const port = await freePort()
    orthanc = await startOrthanc({
      DicomAet: 'ORTHANC',
      DicomModalities: { box: ['BOX', '127.0.0.1', port] },
    })
    box = await startBox({ aet: 'BOX', folder: await freshFolder(), dicom: { port } })
    await box.knows('orthanc', 'ORTHANC', orthanc.dicomPort)
  })
  after(async () => {
    await box.stop()
    await orthanc.stop()
  })

  test('takes what is stored there, finds it, gives it back and moves it here', () =>
    storesFindsAndGivesBack(box, 'orthanc'))

  test('commits what it has, and says which it has not', async () => {
    const node = box.nodes.get('orthanc')!
    const asked = [reference(1), reference(9)]
    const { transactionUid } = await box.commitments.request(node, asked)
    const request = await eventually(() => {
      const now = box.commitments.of(transactionUid)
      return now?.state === 'pending' ? undefined : now
    }, 'its report')
    assert.deepEqual(request.committed, [reference(1)])
    assert.deepEqual(
      request.failures.map(({ sopInstanceUid }) => sopInstanceUid),
      [reference(9).sopInstanceUid],
    )
  })

  test('as a destination is believed to hold what it commits itself to, and nothing else', async () => {
    const settings = {
      ...{ name: 'cloud', kind: 'dimse', verify: 'commitment' },
      ...{ aet: 'ORTHANC', host: '127.0.0.1', port: orthanc.dicomPort },
    }
    const destination = openDestination(destinationSettings.parse(settings), {
      ...{ aeTitle: 'BOX', log: silentLog, commitments: () => box.commitments },
    })
    const kept = []
    for (const instance of [2, 3, 4]) kept.push((await box.receive({ instance })).instance)
    const parcels = kept.slice(0, 2).map(instance => {
      const { id, datasetOffset: from, bytes: to } = instance
      const dataset = () => box.archive.open(id, { from, to })
      return { instance, dataset, file: () => box.archive.open(id) }
    })
    const never = new AbortController().signal
    const receipts = await Array.fromAsync(destination.deliver(parcels, never))
    assert.deepEqual(
      receipts.map(({ outcome }) => outcome),
      ['accepted', 'accepted'],
    )
    const held = await destination.held!(kept, never)
    assert.deepEqual(
      [...held].sort(),
      kept.slice(0, 2).map(({ sopInstanceUid }) => sopInstanceUid),
    )
    assert.deepEqual(
      [...box.commitments.requests()].filter(({ node }) => node === 'cloud'),
      [],
      'what was answered is forgotten',
    )
  })

  test('asks for our commitment and is told of it on an association of its own', async () => {
    const rest = async (path: string, body?: unknown) => {
      const answer = await fetch(`${orthanc.url}${path}`, {
        ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
      })
      return (await answer.json()) as { ID: string; Status: string }
    }
    const { sopClassUid, sopInstanceUid } = reference(1)
    const { ID } = await rest('/modalities/box/storage-commitment', {
      DicomInstances: [[sopClassUid, sopInstanceUid]],
    })
    const settled = await eventually(async () => {
      const now = await rest(`/storage-commitment/${ID}`)
      return now.Status === 'Pending' ? undefined : now
    }, 'its knowledge of our report')
    assert.equal(settled.Status, 'Success')
    await eventually(() => [...box.notices.waiting()].length === 0, 'nothing is owed')
  })
})
