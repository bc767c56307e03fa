import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import dcmjsDimse from 'dcmjs-dimse'
import type { Box } from '../nodes/box.ts'
import { startAnswering } from './answering.ts'

const { Client, constants, requests } = dcmjsDimse
const { Status } = constants

// The library turns the root logger of `loglevel` to TRACE when it loads.
dcmjsDimse.log.disableAll()

type FindRequest = ReturnType<typeof requests.CFindRequest.createStudyFindRequest>

let box: Box
before(async () => {
  box = await startAnswering()
  await box.receive({ patient: 'P1', name: 'Doe^Jane', study: 1, date: '20260110' })
  await box.receive({ patient: 'P1', name: 'Doe^Jane', study: 1, series: 2 })
  await box.receive({ patient: 'P2', name: 'Smith^John', study: 2, date: '20260131' })
})
after(() => box.stop())

interface Answered {
  status: number
  elements?: Record<string, unknown>
}

function ask(request: FindRequest): Promise<Answered[]> {
  return new Promise((resolve, reject) => {
    const answers: Answered[] = []
    const client = new Client()
    request.on('response', response => {
      const dataset = response.hasDataset() ? response.getDataset() : undefined
      answers.push({
        status: response.getStatus(),
        ...(dataset && { elements: dataset.getElements() as Record<string, unknown> }),
      })
    })
    client.on('networkError', reject)
    client.on('associationRejected', reject)
    client.on('closed', () => resolve(answers))
    client.addRequest(request)
    client.send('127.0.0.1', box.port, 'DCMJS', 'WAYSTATION')
  })
}

test('dcmjs-dimse finds studies, series and images', async () => {
  const { CFindRequest } = requests
  const studies = await ask(CFindRequest.createStudyFindRequest({ PatientName: 'doe*' }))
  assert.deepEqual(
    studies.map(each => each.status),
    [Status.Pending, Status.Success],
  )
  assert.equal(studies[0]!.elements!.StudyInstanceUID, '1.2.826.0.1.1')
  const inStudy = { StudyInstanceUID: '1.2.826.0.1.1' }
  const series = await ask(CFindRequest.createSeriesFindRequest(inStudy))
  assert.equal(series.length, 3)
  const inSeries = { ...inStudy, SeriesInstanceUID: '1.2.826.0.1.1.2' }
  const images = await ask(CFindRequest.createImageFindRequest(inSeries))
  assert.equal(images[0]!.elements!.SOPInstanceUID, '1.2.826.0.1.1.2.1')
})

test('dcmjs-dimse is refused without the study of the series that it asks for', async () => {
  const [refusal] = await ask(requests.CFindRequest.createSeriesFindRequest({}))
  assert.equal(refusal!.status, 0xa900)
})
