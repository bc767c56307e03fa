import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import dcmjsDimse from 'dcmjs-dimse'
import { imageOf } from '../../faults/images.ts'
import { storeScp } from '../../peers/dcmtk.ts'
import { eventually, start } from '../../peers/programs.ts'
import { datasetsIn, type GivingBox, startGiving } from './giving.ts'

/** Ten images of a study of half a megabyte each, and one small one of another. */
const many = Array.from({ length: 10 }, (_, at) => ({ instance: at + 1, pixels: 524_288 }))
const study = '1.2.826.0.1.1'
const other = '1.2.826.0.1.2'
let box: GivingBox
let destination: Awaited<ReturnType<typeof storeScp>>
let arrivals: string

before(async () => {
  box = await startGiving()
  for (const given of many) await box.receive(given)
  await box.receive({ study: 2 })
  arrivals = box.folderWithin('arrivals')
  destination = await storeScp(arrivals)
  await box.knows('scp', 'DEST', destination.port)
})
after(async () => {
  await destination.stop()
  await box.stop()
})

async function ask(program: string, args: readonly string[], keys: readonly string[] = []) {
  const asking = start(program, [
    ...['-v', '-aet', 'ASKER', '-aec', 'WAYSTATION', ...args],
    ...keys.flatMap(key => ['-k', key]),
    ...['127.0.0.1', String(box.port)],
  ])
  const code = await asking.ended
  return { code, output: asking.output() }
}

const studyLevel = (uid: string) => ['QueryRetrieveLevel=STUDY', `StudyInstanceUID=${uid}`]

describe('DCMTK', () => {
  test('getscu gets a study byte for byte', async () => {
    const folder = box.folderWithin('got')
    const { code, output } = await ask('getscu', ['-S', '+B', '-od', folder], studyLevel(study))
    assert.equal(code, 0, output)
    const got = [...datasetsIn(folder).values()]
    assert.equal(got.length, many.length)
    for (const given of many) assert.ok(got.some(each => each.equals(imageOf(given).dataset)))
  })

  test('movescu has a study sent to storescp byte for byte, on one association', async () => {
    const { code, output } = await ask('movescu', ['-S', '-aem', 'DEST'], studyLevel(study))
    assert.equal(code, 0, output)
    assert.match(output, /Received Final Move Response \(Success\)/)
    await eventually(() => destination.count() === many.length, 'every image', 10)
    const arrived = datasetsIn(arrivals)
    for (const given of many) {
      const { dataset, announced } = imageOf(given)
      assert.ok(arrived.get(announced.sopInstanceUid)?.equals(dataset), announced.sopInstanceUid)
    }
  })

  test('movescu calls it off, and is told that it was', async () => {
    const { output } = await ask(
      'movescu',
      ['-S', '-aem', 'DEST', '--cancel', '1'],
      studyLevel(study),
    )
    assert.match(output, /Received Final Move Response \(Cancel/)
  })

  test('movescu to nobody we know, with the status for it', async () => {
    const { output } = await ask('movescu', ['-S', '-d', '-aem', 'NOBODY'], studyLevel(study))
    assert.match(output, /MoveDestinationUnknown/i)
  })

  test('movescu without its key, with the element to blame', async () => {
    const { output } = await ask(
      'movescu',
      ['-S', '-d', '-aem', 'DEST'],
      [...['QueryRetrieveLevel=SERIES', 'SeriesInstanceUID=1.2.3']],
    )
    assert.match(output, /0xa900/i)
    assert.match(output, /\(0020,000d\)/i)
  })

  test('termscu ends nothing here', async () => {
    await ask('termscu', [])
    const { code } = await ask('echoscu', [])
    assert.equal(code, 0)
  })
})

const { Client, constants, requests, responses } = dcmjsDimse
const { CGetRequest, CMoveRequest } = requests

type Response = { getStatus(): number }

/** What dcmjs-dimse makes of our replies: their statuses; and how many images came in a C-GET. */
async function byLibrary(
  request: InstanceType<typeof CMoveRequest> | InstanceType<typeof CGetRequest>,
) {
  const statuses: number[] = []
  let stored = 0
  const client = new Client()
  request.on('response', (response: Response) => statuses.push(response.getStatus()))
  client.addRequest(request)
  // It counts the parameters of a listener to know whether it answers.
  client.on('cStoreRequest', (store, callback) => {
    stored++
    const response = responses.CStoreResponse.fromRequest(store)
    response.setStatus(constants.Status.Success)
    callback(response)
  })
  await new Promise<void>((resolve, reject) => {
    client.on('closed', () => resolve())
    client.on('networkError', reject)
    client.send('127.0.0.1', box.port, 'ASKER', 'WAYSTATION', {})
  })
  return { statuses, stored }
}

describe('dcmjs-dimse', () => {
  test('moves a study', async () => {
    const { statuses } = await byLibrary(CMoveRequest.createStudyMoveRequest('DEST', other))
    assert.equal(statuses.at(-1), 0x0000)
    await eventually(() => datasetsIn(arrivals).has(`${other}.1.1`), 'the image', 10)
  })

  test('gets a study', async () => {
    const { statuses, stored } = await byLibrary(CGetRequest.createStudyGetRequest(other))
    assert.equal(statuses.at(-1), 0x0000)
    assert.equal(stored, 1)
  })
})
