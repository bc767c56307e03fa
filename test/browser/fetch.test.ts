import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { silentLog } from '../../appliance/log.ts'
import { writeDataset } from '../../appliance/standard/dicom/dicom.ts'
import { createAcceptor } from '../../appliance/standard/dimse/dimse.ts'
import { storeScu } from '../peers/dcmtk.ts'
import { freePort } from '../peers/programs.ts'
import { writeCt } from '../samples/synthetic.ts'
import { type Box, startBox, temporaryFolder } from '../whole/box.ts'
import { type Looked, openPage, overhang } from './browser.ts'

/** Studies are brought from a PACS by a person: another box of ours, and one that takes its time. */
const folder = temporaryFolder()
after(() => folder.remove())

const implicitLittleEndian = '1.2.840.10008.1.2'
let box: Box
let pacs: Box
let slow: Awaited<ReturnType<typeof startSlow>>
let looked: Looked

before(async () => {
  for (const name of ['here', 'pacs', 'images']) mkdirSync(join(folder.path, name))
  const dicomPort = await freePort()
  const clinic = { name: 'clinic', aet: 'WAYSTATION', host: '127.0.0.1', port: dicomPort }
  pacs = await startBox({
    data: join(folder.path, 'pacs'),
    config: { dicom: { aet: 'PACS' }, nodes: [clinic] },
  })
  slow = await startSlow()
  const at = (name: string, port: number) => ({
    ...{ name, aet: name.toUpperCase(), host: '127.0.0.1', port },
  })
  box = await startBox({
    data: join(folder.path, 'here'),
    args: ['--dicom-port', String(dicomPort)],
    config: { nodes: [at('pacs', pacs.dicomPort), at('slow', slow.port), at('gone', 1)] },
  })
  const uidRoot = '1.2.826.0.1.3680043.10.99.61'
  const images = [1, 2].flatMap(study =>
    [1, 2, 3].map(instance =>
      writeCt(join(folder.path, 'images'), { uidRoot, study, instance }, 36),
    ),
  )
  await storeScu(pacs.dicomPort, images)
  looked = await openPage(box.url)
})
after(async () => {
  await looked.close()
  await Promise.all([box.stop(), pacs.stop(), slow.stop()])
})

/** Has one study, and fetches a quarter of it before it waits to be called off. */
async function startSlow() {
  const stopping = new AbortController()
  const text = (tag: string, value: string) => ({ tag, value })
  const study = writeDataset(
    [
      ...[text('PatientName', 'Slow^Sam'), text('PatientID', 'S1')],
      ...[text('StudyInstanceUID', '1.2.3.9'), text('QueryRetrieveLevel', 'STUDY')],
    ],
    implicitLittleEndian,
  )
  const counts = { status: 0xff00, remaining: 3, completed: 1, failed: 0, warning: 0 }
  const acceptor = createAcceptor({
    ...{ host: '127.0.0.1', port: 0, aeTitles: ['SLOW'], onRecord: () => {}, log: silentLog },
    offers: () => ({ transferSyntaxes: [implicitLittleEndian] }),
    services: {
      operations: {
        async *'C-FIND'() {
          yield { status: 0xff00, dataset: study }
          yield { status: 0 }
        },
        async *'C-MOVE'({ cancelled }) {
          yield counts
          if (!cancelled.aborted) await once(cancelled, 'abort')
          yield { ...counts, status: 0xfe00 }
        },
      },
    },
  })
  const running = acceptor.run(stopping.signal)
  const { port = 0 } = await acceptor.listening
  return {
    port,
    async stop() {
      stopping.abort()
      await running
    },
  }
}

async function askFor(node: string, name: string) {
  const { page } = looked
  await page.goto(`${box.url}/ui/#/nodes/fetch/${node}`)
  await page.getByRole('heading', { name: `Fetch from ${node}`, level: 1 }).waitFor()
  assert.ok(await page.getByRole('button', { name: 'Ask' }).isDisabled(), 'nothing is wanted yet')
  await page.getByLabel('Patient’s name').fill(name)
  await page.keyboard.press('Enter')
  return page
}

const count = async () => (await box.get<{ CountInstances: number }>('/statistics')).CountInstances

test('a study that a PACS has is found by the name, and brought here', async () => {
  const page = await askFor('pacs', 'synthetic, patient2')
  await page.getByText('1 study', { exact: true }).waitFor()
  const card = page.getByRole('group', { name: /Synthetic, Patient2/ })
  await card.getByText(/3 images/).waitFor()
  await card.getByRole('button', { name: 'Fetch', exact: true }).click()
  await card.getByText('It has been fetched.').waitFor()
  await card.getByText('is here').waitFor()
  assert.equal(await count(), 3)
  // Asked again, it is known to be here.
  await page.getByRole('button', { name: 'Ask' }).click()
  await card.getByRole('button', { name: 'Fetch it again' }).waitFor()
  await page.getByLabel('Patient’s name').fill('Nobody')
  await page.getByRole('button', { name: 'Ask' }).click()
  await page.getByText('pacs has no such study').waitFor()
})

test('what is being fetched shows how far it is, and can be stopped', async () => {
  const page = await askFor('slow', 'Slow')
  const card = page.getByRole('group', { name: /Slow, Sam/ })
  await card.getByRole('button', { name: 'Fetch', exact: true }).click()
  await card.getByText('25 %').waitFor()
  assert.equal(await card.getByRole('progressbar').getAttribute('value'), '25')
  await card.getByRole('button', { name: 'Stop' }).click()
  await card.getByText(/Not fetched: .*What came before that is kept/).waitFor()
  await card.getByRole('button', { name: 'Fetch it again' }).waitFor()
  const jobs = await box.get<{ State: string }[]>('/jobs?expand')
  assert.ok(jobs.every(({ State }) => State !== 'Running'))
})

test('a node that does not answer is told of with what to do', async () => {
  const page = await askFor('gone', 'Doe')
  await page.getByText(/127.0.0.1:1: nothing listens there .*Test the connection/).waitFor()
  assert.ok(await page.getByRole('button', { name: 'Ask' }).isEnabled(), 'it can be asked again')
})

test('the page does not scroll sideways on a telephone, and nothing complained', async () => {
  const phone = await openPage(box.url, 390)
  await phone.page.goto(`${box.url}/ui/#/nodes/fetch/pacs`)
  await phone.page.getByLabel('Patient ID').fill('P*')
  await phone.page.getByRole('button', { name: 'Ask' }).click()
  await phone.page.getByRole('group').first().waitFor()
  assert.equal(await overhang(phone.page), 0)
  assert.deepEqual(phone.errors, [])
  await phone.close()
})
