import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { type IncomingHttpHeaders, request } from 'node:http'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type BadScp, startBadScp } from '../peers/badScp.ts'
import { type StoreScp, storeScp, storeScu } from '../peers/dcmtk.ts'
import { eventually } from '../peers/programs.ts'
import { type Synthetic, writeCt } from '../samples/synthetic.ts'
import { type Box, startBox, temporaryFolder } from '../whole/box.ts'
import { type Looked, openPage, overhang } from './browser.ts'

/** The pages as a person sees them: the real service, a real browser, real senders and receivers. */
const folder = temporaryFolder()
after(() => folder.remove())

let box: Box
let picky: BadScp
let cloud: StoreScp
let looked: Looked
let images: Synthetic[]

before(async () => {
  for (const name of ['data', 'images', 'cloud']) mkdirSync(join(folder.path, name))
  picky = await startBadScp()
  picky.answer = () => 0xa900
  cloud = await storeScp(join(folder.path, 'cloud'))
  box = await startBox({
    data: join(folder.path, 'data'),
    config: {
      dicom: { checkCalledAet: true },
      forward: {
        destinations: [
          { name: 'picky', kind: 'dimse', aet: 'PICKY', host: '127.0.0.1', port: picky.port },
        ],
        rules: [{ name: 'one patient', when: { tags: { PatientID: 'P1' } }, send: ['picky'] }],
      },
    },
  })
  images = [1, 2].flatMap(study =>
    [1, 2, 3].map(instance =>
      writeCt(
        join(folder.path, 'images'),
        { uidRoot: '1.2.826.0.1.3680043.10.99.31', study, instance },
        36,
      ),
    ),
  )
  looked = await openPage(box.url)
})

after(async () => {
  await looked.close()
  await box.stop()
  await Promise.all([picky.stop(), cloud.stop()])
})

async function goTo(hash: string) {
  await looked.page.goto(`${box.url}/ui/${hash}`)
  return looked.page
}

async function parked(): Promise<number> {
  const { destinations } = await box.get<{
    destinations: { name: string; counts: Record<string, number> }[]
  }>('/api/destinations')
  return destinations.find(each => each.name === 'picky')?.counts.parked ?? 0
}

const ofStudy = (study: number) =>
  images.filter(each => each.studyInstanceUid.endsWith(`.${study}`))

test('a box that nothing happened to says on every page what to do next', async () => {
  const page = await goTo('#/')
  await page.getByText('This box receives images.').waitFor()
  await page.getByText('Nothing needs you.').waitFor()
  await goTo('#/connections')
  await page.getByText('Nobody has called yet').waitFor()
  await goTo('#/deliveries')
  await page.getByText('Nothing was ever owed.').waitFor()
  await goTo('#/review')
  await page.getByText('Nothing waits for a decision.').waitFor()
})

test('a scanner that calls by a wrong name is told of with what to change, without a reload', async () => {
  const page = await goTo('#/connections')
  await page.getByText('Nobody has called').waitFor()
  await storeScu(box.dicomPort, ofStudy(1).slice(0, 1), { called: 'ORTHANC' })
  const sentence = page.getByText(/CT01.*ORTHANC.*WAYSTATION/)
  await sentence.first().waitFor()
  await page.getByRole('heading', { name: 'Turned away' }).waitFor()
  await storeScu(box.dicomPort, ofStudy(1).slice(0, 1), { called: 'ORTHANC' })
  // Once for the caller, with its attempts; and the connections, that tell the same, as one.
  await page.getByText('2 attempts').waitFor()
  await page.getByText('and 1 before that told the same').waitFor()
  assert.equal(await sentence.count(), 2)
  await page.getByLabel('Show').selectOption('released')
  await page.getByText('is of this kind').waitFor()
  await page.getByLabel('Show').selectOption('rejected')
  await page.getByText('Details').first().click()
  await page.getByText('PS3.8 table 9-21').first().waitFor()
  await goTo('#/')
  await page.getByText(/A caller was turned away, last CT01/).waitFor()
})

test('what a destination would not take is shown with the reason, and its button sends it again', async () => {
  await storeScu(box.dicomPort, ofStudy(1))
  const page = await goTo('#/')
  await page.getByText('picky would not take 3 images').waitFor()
  await page.getByRole('link', { name: 'See why, and send or withdraw' }).click()
  const card = page.getByLabel('parked to picky')
  await card.getByText('3 images').waitFor()
  await card.getByText('Synthetic, Patient1').waitFor()
  await card.getByText(/answered 0xA900/).waitFor()
  await card.getByText(/contradicts its SOP class/).waitFor()

  // Still refused: it comes back. Then the PACS is mended.
  await card.getByRole('button', { name: 'Retry' }).click()
  await eventually(() => picky.requests.length === 6, 'they were sent again')
  await eventually(async () => (await parked()) === 3, 'they were refused again')
  picky.answer = () => 0
  await page.getByRole('button', { name: 'Retry all 3 parked' }).click()
  await eventually(() => picky.taken.size === 3, 'they have arrived')
  await page.getByText('Nothing stands like that.').waitFor()
  await page.getByLabel('Counts of picky').getByText('3 accepted').waitFor()

  // One study among all is found by what stands on the request form.
  await goTo('#/deliveries')
  await page.getByText('Find one study').click()
  await page.getByLabel(/accession number/).fill('A1')
  await page.getByRole('button', { name: 'Find' }).click()
  await page.getByLabel(/Synthetic, Patient1/).click()
  await page.getByText('Only: Synthetic, Patient1').waitFor()
  await page.getByLabel('accepted to picky').getByText('3 images').waitFor()
})

test('what is withdrawn needs a reason, which is kept', async () => {
  picky.answer = () => 0xa900
  const [again] = [
    writeCt(
      join(folder.path, 'images'),
      { uidRoot: '1.2.826.0.1.3680043.10.99.31', study: 1, instance: 9 },
      36,
    ),
  ]
  await storeScu(box.dicomPort, [again!])
  const page = await goTo('#/deliveries?state=parked')
  await page.getByRole('button', { name: 'Withdraw' }).click()
  const dialog = page.getByRole('dialog')
  assert.equal(await dialog.getByRole('button', { name: 'Withdraw' }).isDisabled(), true)
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Withdraw' }).click()
  await dialog.getByLabel('Reason').fill('a phantom')
  await page.keyboard.press('Enter')
  await page.getByText('Nothing stands like that.').waitFor()
  await page.getByLabel('State').selectOption('withdrawn')
  await page.getByText(/a phantom/).waitFor()
})

test('a destination and a rule that are made in the pages route what comes', async () => {
  const page = await goTo('#/destinations/new')
  await page.getByLabel('Name').fill('cloud')
  await page.getByLabel('AE title').first().fill('CLOUD')
  await page.getByLabel('Host').fill('127.0.0.1')
  await page.getByLabel('Port').fill('99999')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Not saved').waitFor()
  await page.getByLabel('Port').fill(String(cloud.port))
  await page.getByRole('button', { name: 'Save' }).click()
  const card = page.getByLabel('cloud', { exact: true })
  await card.getByRole('button', { name: 'Test the connection' }).click()
  await card.getByText('It is there and would take images now.').waitFor()

  await goTo('#/rules/new')
  await page.getByLabel('Name').fill('second study')
  await page.getByRole('button', { name: 'Add a condition' }).click()
  await page.getByLabel('What', { exact: true }).selectOption('tags')
  await page.getByLabel('Tag', { exact: true }).fill('StudyDescripton')
  await page.getByLabel('value').fill('*study 2')
  await page.getByLabel('cloud').check()
  await page.getByText('StudyDescripton is *study 2: send to cloud').waitFor()
  await page.getByRole('button', { name: 'Save' }).click()
  // Refused, at the test that is wrong.
  const wrong = page.getByText('no tag is called "StudyDescripton"')
  await wrong.waitFor()
  await page.getByText('Not saved').waitFor()
  await page.getByLabel('Tag', { exact: true }).fill('StudyDescription')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByLabel('Rule second study').waitFor()

  await storeScu(box.dicomPort, ofStudy(2))
  await eventually(() => cloud.count() === 3, 'the second study has arrived')
  assert.deepEqual(
    [...cloud.datasets().keys()].sort(),
    ofStudy(2)
      .map(each => each.sopInstanceUid)
      .sort(),
  )
})

test('a rule is tried before it is saved, and nothing is sent', async () => {
  const page = await goTo('#/rules/new')
  await page.getByLabel('cloud').check()
  await page.getByLabel('Hold for review').check()
  await page.getByRole('button', { name: 'Try it, send nothing' }).click()
  await page.getByText(/7 images .* would have gone to cloud, 7 of them held/).waitFor()
  await page.getByLabel('Try it with').selectOption('studies')
  await page.getByLabel(/Patient’s name/).fill('patient2')
  await page.getByRole('button', { name: 'Find' }).click()
  await page.getByLabel(/Synthetic, Patient2/).check()
  await page.getByRole('button', { name: 'Try it, send nothing' }).click()
  await page.getByText(/3 images .* would have gone to cloud/).waitFor()
  assert.equal(cloud.count(), 3)
})

test('what a rule holds waits under review until a person releases it', async () => {
  const page = await goTo('#/rules/new')
  await page.getByRole('button', { name: 'Write it as JSON' }).click()
  const rule = { name: 'third', when: { tags: { PatientID: 'P3' } }, send: ['cloud'], hold: true }
  await page.getByLabel('The rule as JSON').fill(JSON.stringify(rule))
  await page.getByRole('button', { name: 'Back to the form' }).click()
  await page.getByText('hold for review, then send to cloud').waitFor()
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByLabel('Rule third').waitFor()
  const shape = { uidRoot: '1.2.826.0.1.3680043.10.99.31', study: 3, instance: 1 }
  await storeScu(box.dicomPort, [writeCt(join(folder.path, 'images'), shape, 36)])
  await goTo('#/')
  await page.getByText('1 image for cloud is held for review.').waitFor()
  await page.getByRole('link', { name: 'Release or reject' }).click()
  await page.getByRole('button', { name: 'Release' }).click()
  await eventually(() => cloud.count() === 4, 'it has arrived')
  await page.getByText('Nothing waits for a decision.').waitFor()
})

test('a destination is given what came before it, once a trial has told how much', async () => {
  const page = await goTo('#/destinations')
  const card = page.getByLabel('cloud', { exact: true })
  await card.getByRole('button', { name: 'Send what came before' }).click()
  await page.getByLabel('What came since').fill('2020-01-01')
  await page.getByRole('button', { name: 'See how much it would be' }).click()
  await page.getByText(/Of 8 images .* 4 images .* to cloud/).waitFor()
  await page.getByRole('button', { name: 'Send it 4 images' }).click()
  await page.getByText('Begun.').waitFor()
  await page.getByRole('button', { name: 'Close' }).click()
})

test('what the configuration file sets is shown and cannot be changed', async () => {
  const page = await goTo('#/destinations')
  const card = page.getByLabel('picky', { exact: true })
  await card.getByText('comes from the configuration file').waitFor()
  assert.equal(await card.getByRole('button', { name: 'Remove' }).count(), 0)
  await card.getByRole('link', { name: 'Settings' }).click()
  await page.getByText('"aet": "PICKY"').waitFor()
  assert.equal(await page.getByRole('button', { name: 'Save' }).count(), 0)
})

test('how the link may be used is changed, refused at the field when it is wrong, and holds at once', async () => {
  const page = await goTo('#/link')
  await page.getByLabel('Cap').fill('4')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Not saved: see the fields in red.').waitFor()
  await page.getByLabel('Cap').fill('50000')
  await page.getByLabel('Day').fill('2 GB')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('at most 50,000 kbit/s').waitFor()
  await page.getByText(/of 2 GB/).waitFor()
  await page.reload()
  assert.equal(await page.getByLabel('Day').inputValue(), '2 GB')
})

test('who was turned away becomes a known node, is tried, and tells what it takes', async () => {
  const before = cloud.count()
  const page = await goTo('#/nodes')
  await page.getByText('No node is known yet.').waitFor()
  await goTo('#/connections')
  await page.getByRole('link', { name: 'Add CT01 as a known node' }).click()
  assert.equal(await page.getByLabel('AE title').first().inputValue(), 'CT01')
  assert.equal(await page.getByLabel('Host').inputValue(), '127.0.0.1')
  await page.getByRole('spinbutton', { name: 'Port' }).fill('0')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('is at least 1').waitFor()
  await page.getByLabel('Name').fill('scanner')
  await page.getByRole('spinbutton', { name: 'Port' }).fill(String(cloud.port))
  await page.getByRole('button', { name: 'Save' }).click()
  const card = page.getByLabel('scanner', { exact: true })
  await card.getByRole('button', { name: 'Test the connection' }).click()
  await card.getByText('It is there and answers (C-ECHO).').waitFor()
  await card.getByRole('button', { name: 'Find out what it takes' }).click()
  await card.getByText(/OFFIS_DCMTK/).waitFor()
  await card
    .getByText(/kinds in/)
    .first()
    .click()
  await card.getByText(/Explicit VR Little Endian.*each of/).waitFor()
  await card.getByText('CT Image Storage', { exact: true }).waitFor()
  assert.equal(cloud.count(), before, 'nothing was sent to find out')

  await card.getByRole('link', { name: 'Edit' }).click()
  await page.getByLabel('AE title').first().fill('NOBODY')
  await page.getByRole('spinbutton', { name: 'Port' }).fill('1')
  await page.getByRole('button', { name: 'Save' }).click()
  await card.getByRole('button', { name: 'Test the connection' }).click()
  await card.getByText(/It does not answer: .*check address, port, network/).waitFor()
  // It may ask for nothing but an echo from now on, and the card says so.
  await card.getByRole('link', { name: 'Edit' }).click()
  await page.getByText('More settings').click()
  await page.getByLabel('C-MOVE', { exact: true }).uncheck()
  await page.getByRole('button', { name: 'Save' }).click()
  await card.getByText('retrieve (C-MOVE)').waitFor()
  await card.getByRole('button', { name: 'Remove' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
  await page.getByText('No node is known yet.').waitFor()
  // For the page on a telephone.
  await fetch(`${box.url}/api/nodes`, {
    method: 'POST',
    body: JSON.stringify({ name: 'pacs', aet: 'CLOUD', host: '127.0.0.1', port: cloud.port }),
  })
})

test('no page scrolls sideways on a telephone, light or dark', async () => {
  const phone = await openPage(box.url, 390)
  const places = ['', 'connections', 'deliveries', 'review', 'destinations', 'destinations/new']
  places.push('destinations/edit/cloud', 'destinations/edit/picky', 'rules', 'rules/new')
  places.push('rules/edit/second study', 'link', 'nodes', 'nodes/new', 'nodes/edit/pacs')
  for (const colorScheme of ['light', 'dark'] as const) {
    await phone.page.emulateMedia({ colorScheme })
    for (const place of places) {
      await phone.page.goto(`${box.url}/ui/#/${encodeURI(place)}`)
      await phone.page.getByRole('heading', { level: 1 }).waitFor()
      await phone.page.getByText('Asking the box…').waitFor({ state: 'detached' })
      for (const each of await phone.page.locator('details').all()) {
        await each.evaluate('details => { details.open = true }')
      }
      assert.equal(await overhang(phone.page), 0, `${place} in ${colorScheme}`)
    }
  }
  assert.deepEqual(phone.errors, [])
  await phone.close()
})

test('every page can be reached with the keyboard alone, and survives a reload', async () => {
  const page = await goTo('#/')
  await page.reload()
  await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor()
  await page.keyboard.press('Tab')
  assert.equal(await page.evaluate('document.activeElement.textContent'), 'To the page')
  for (let n = 0; n < 5; n++) await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Deliveries', level: 1 }).waitFor()
  await page.reload()
  await page.getByRole('heading', { name: 'Deliveries', level: 1 }).waitFor()
})

test('a page that fails says so, and the others stay reachable', async () => {
  const { page, close } = await openPage(box.url)
  await page.route('**/api/rules', route => route.fulfill({ json: {} }))
  await page.goto(`${box.url}/ui/#/rules`)
  // What the overview asked before may still be believed: only a page loaded anew asks again.
  await page.reload()
  await page.getByText('This page failed').waitFor()
  await page.getByRole('link', { name: 'Link', exact: true }).click()
  await page.getByRole('heading', { name: 'Link', level: 1 }).waitFor()
  assert.equal(await page.getByText('This page failed').count(), 0)
  await close()
})

test('a page whose stream fell silent opens it anew', async () => {
  const { page, errors, close } = await openPage(box.url)
  // The page's time goes by the test; the box, which is silent for 15 seconds of its own, seems dead.
  await page.clock.install()
  const asked = () => page.waitForRequest(`${box.url}/api/connections/stream`)
  const opened = asked()
  await page.goto(`${box.url}/ui/#/connections`)
  await (await opened).response()
  await page.getByText('Details').first().waitFor()
  const openedAnew = asked()
  await page.clock.fastForward(50_000)
  await (await openedAnew).response()
  assert.deepEqual(errors, [])
  await close()
})

test('/ leads to the pages, and no path leads out of their folder', async () => {
  const ask = (path: string) =>
    new Promise<{ status: number; headers: IncomingHttpHeaders; text: string }>(
      (resolve, reject) => {
        // As it stands: a browser would have tidied the path.
        const asked = request(box.url, { path }, answer => {
          let text = ''
          answer.setEncoding('latin1').on('data', part => (text += part))
          answer.on('end', () =>
            resolve({ status: answer.statusCode!, headers: answer.headers, text }),
          )
        })
        asked.once('error', reject).end()
      },
    )
  assert.equal(new URL((await ask('/')).headers.location!, `${box.url}/`).pathname, '/ui/')
  const page = await ask('/ui/')
  assert.equal(page.status, 200)
  assert.equal(page.headers['cache-control'], 'no-cache')
  assert.doesNotMatch(page.text, /<style|<script(?! type="module" crossorigin src=)|onload=/)
  const script = /src="\.\/(assets\/[^"]+)"/.exec(page.text)![1]
  assert.match((await ask(`/ui/${script}`)).headers['cache-control']!, /immutable/)
  for (const path of [
    '/ui/../package.json',
    '/ui/../../package.json',
    '/ui/%2e%2e/build.sh',
    '/ui/%2e%2e%2fbuild.sh',
    '/ui/..%2f..%2fpackage.json',
    '/ui/assets/..%5c..%5cbuild.sh',
    '/ui//etc/passwd',
  ]) {
    const { status, text } = await ask(path)
    assert.notEqual(status, 200, path)
    assert.doesNotMatch(text, /waystation@|set -eu|root:/, path)
  }
})

test('the pages asked nobody but the box, and no script or policy complained', () => {
  assert.deepEqual([...looked.origins], [box.url])
  // What the box refuses, the browser notes; all else would be a fault of the pages.
  const faults = looked.errors.filter(each => !/status of (400|404)/.test(each))
  assert.deepEqual(faults, [])
})

test('a box that does not answer any more is told of on the page', async () => {
  const page = await goTo('#/')
  await page.getByText('This box receives images.').waitFor()
  assert.equal(await box.stop(), 0)
  await page.getByText('The box does not answer.').waitFor()
})
