import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import dcmjsDimse from 'dcmjs-dimse'
import { freshFolders } from '../../faults/holdings.ts'
import { eventually, freePort } from '../../peers/programs.ts'
import { WillingScp } from '../../peers/willingScp.ts'
import { storesFindsAndGivesBack } from './archive.ts'
import { type Box, startBox } from './box.ts'

const { Client, Server, Dataset, constants, requests, responses } = dcmjsDimse
const { Status } = constants

// The library turns the root logger of `loglevel` to TRACE when it loads.
dcmjsDimse.log.disableAll()

const implicit = '1.2.840.10008.1.2'

type Stored = NonNullable<ReturnType<InstanceType<typeof requests.CStoreRequest>['getDataset']>>

const freshFolder = freshFolders(after)
let box: Box

/** An archive of what it is sent, made of nothing but the library. */
class ArchivingScp extends WillingScp {
  static readonly stored: Stored[] = []

  override cStoreRequest(
    request: InstanceType<typeof requests.CStoreRequest>,
    callback: (response: InstanceType<typeof responses.CStoreResponse>) => void,
  ): void {
    ArchivingScp.stored.push(request.getDataset()!)
    const response = responses.CStoreResponse.fromRequest(request)
    response.setStatus(Status.Success)
    callback(response)
  }

  override cFindRequest(
    request: InstanceType<typeof requests.CFindRequest>,
    callback: (answers: InstanceType<typeof responses.CFindResponse>[]) => void,
  ): void {
    const answer = (status: number) => {
      const response = responses.CFindResponse.fromRequest(request)
      response.setStatus(status)
      return response
    }
    const asked = String(request.getDataset()!.getElement('StudyInstanceUID'))
    const matches = ArchivingScp.stored
      .filter(each => each.getElement('StudyInstanceUID') === asked)
      .map(() => {
        const match = answer(Status.Pending)
        match.setDataset(new Dataset({ QueryRetrieveLevel: 'STUDY', StudyInstanceUID: asked }))
        return match
      })
    callback([...matches, answer(Status.Success)])
  }

  override cMoveRequest(
    request: InstanceType<typeof requests.CMoveRequest>,
    callback: (answers: InstanceType<typeof responses.CMoveResponse>[]) => void,
  ): void {
    const mover = new Client()
    // It sends nothing that it would have to convert, and proposes Implicit VR first.
    for (const each of ArchivingScp.stored)
      mover.addRequest(new requests.CStoreRequest(new Dataset(each.getElements(), implicit)))
    mover.on('closed', () => {
      const response = responses.CMoveResponse.fromRequest(request)
      response.setCompleted(ArchivingScp.stored.length)
      response.setStatus(Status.Success)
      callback([response])
    })
    mover.send('127.0.0.1', box.port, 'DCMJS', 'BOX')
  }

  override cGetRequest(
    request: InstanceType<typeof requests.CGetRequest>,
    callback: (answers: InstanceType<typeof responses.CGetResponse>[]) => void,
  ): void {
    const given = ArchivingScp.stored.map(each => new requests.CStoreRequest(each))
    let answered = 0
    for (const each of given)
      each.on('response', () => {
        answered++
        if (answered < given.length) return
        const response = responses.CGetResponse.fromRequest(request)
        response.setCompleted(given.length)
        response.setStatus(Status.Success)
        callback([response])
      })
    this.sendRequests(given)
  }
}

const server = new Server(ArchivingScp)
before(async () => {
  box = await startBox({ aet: 'BOX', folder: await freshFolder() })
  const port = await freePort()
  server.on('networkError', () => {})
  server.listen(port, {})
  await box.knows('library', 'DCMJS', port)
  // Its server listens without telling when.
  const node = box.nodes.get('library')!
  await eventually(
    () =>
      box.asking.echo(node).then(
        () => true,
        () => false,
      ),
    'its server',
    10,
  )
})
after(async () => {
  server.close()
  await box.stop()
})

test('dcmjs-dimse as a node takes what is stored there, finds it, gives it back and moves it here', () =>
  storesFindsAndGivesBack(box, 'library', 'pixels'))

test('dcmjs-dimse as a node is where a C-MOVE that it asks of the box sends to', async () => {
  for (const instance of [1, 2]) await box.receive({ study: 2, instance })
  const before = ArchivingScp.stored.length
  const asking = requests.CMoveRequest.createStudyMoveRequest('DCMJS', '1.2.826.0.1.2')
  const statuses: number[] = []
  asking.on('response', (response: { getStatus(): number }) => statuses.push(response.getStatus()))
  await new Promise<void>((resolve, reject) => {
    const client = new Client()
    client.addRequest(asking)
    client.on('closed', () => resolve())
    client.on('networkError', reject)
    client.send('127.0.0.1', box.port, 'DCMJS', 'BOX')
  })
  assert.equal(statuses.at(-1), Status.Success)
  assert.deepEqual(
    ArchivingScp.stored.slice(before).map(each => each.getElement('SOPInstanceUID')),
    ['1.2.826.0.1.2.1.1', '1.2.826.0.1.2.1.2'],
  )
})
