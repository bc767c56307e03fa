import assert from 'node:assert/strict'
import { readFileSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { eventually, freePort } from '../peers/programs.ts'
import { writeCt } from '../samples/synthetic.ts'
import { type Box, startBox, temporaryFolder } from './box.ts'

const folder = temporaryFolder()
after(folder.remove)
const images = 150

async function fill(box: Box): Promise<void> {
  for (let instance = 1; instance <= images; instance++) {
    const study = 1 + (instance % 5)
    const { file } = writeCt(folder.path, { uidRoot: '1.2.826.0.1.7', study, instance }, 36)
    const body = readFileSync(file) as never
    assert.equal((await fetch(`${box.url}/instances`, { method: 'POST', body })).status, 200)
  }
}

const questions = [
  '/patients?expand',
  '/studies?expand',
  '/series?expand',
  '/instances?expand',
  '/changes?limit=1000',
  '/statistics',
]

/** Whether a study is stable is a matter of the clock, not of what is kept. */
async function answersOf(box: Box): Promise<string[]> {
  const texts = questions.map(async path => (await fetch(box.url + path)).text())
  return (await Promise.all(texts)).map(each => each.replaceAll(/"IsStable" : \w+/g, ''))
}

interface Archive {
  rebuild: { state: string }
}

test('killed while its catalogue is made again, the box answers as before, and makes it again', async () => {
  const data = join(folder.path, 'rebuilding')
  let box = await startBox({ data })
  try {
    await fill(box)
    // A kill may renumber changes that are not on the disk yet: here all of them are.
    await box.stop()
    box = await startBox({ data })
    const before = await answersOf(box)
    const begun = await fetch(`${box.url}/api/archive/rebuild`, { method: 'POST' })
    assert.equal(begun.status, 202)
    assert.equal(((await begun.json()) as Archive).rebuild.state, 'under way')
    await box.kill()

    box = await startBox({ data })
    assert.deepEqual(await answersOf(box), before)
    await eventually(async () => {
      const { rebuild } = await box.get<Archive>('/api/archive')
      // One that was over before the kill is not begun again.
      return rebuild.state === 'done' || rebuild.state === 'never'
    }, 'the catalogue made again')
    assert.deepEqual(await answersOf(box), before)
  } finally {
    await box.kill()
  }
})

test('after its catalogue was lost the box owes everything again that its rules send', async () => {
  const data = join(folder.path, 'lost')
  const port = await freePort()
  const config = {
    forward: {
      destinations: [{ name: 'cloud', kind: 'dimse', aet: 'CLOUD', host: '127.0.0.1', port }],
      rules: [{ name: 'all', send: ['cloud'] }],
    },
  }
  const owed = async (box: Box) => {
    const { destinations } = await box.get<{
      destinations: { name: string; counts: Record<string, number> }[]
    }>('/api/deliveries')
    const { counts } = destinations.find(each => each.name === 'cloud')!
    return (counts.owed ?? 0) + (counts.sending ?? 0)
  }
  let box = await startBox({ data, config })
  try {
    await fill(box)
    await eventually(async () => (await owed(box)) === images, 'everything owed')
    await box.stop()
    truncateSync(join(data, 'catalog', 'catalog.mdb'), 5000)

    box = await startBox({ data, config })
    assert.ok(box.log().some(line => line.event === 'catalogue-damaged'))
    await eventually(async () => (await owed(box)) === images, 'everything owed again')
  } finally {
    await box.kill()
  }
})
