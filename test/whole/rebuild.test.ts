import assert from 'node:assert/strict'
import { mkdirSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { storeScu } from '../peers/dcmtk.ts'
import { eventually, start } from '../peers/programs.ts'
import { type Synthetic, writeCt } from '../samples/synthetic.ts'
import { type Box, startBox, temporaryFolder } from './box.ts'

const folder = temporaryFolder()
after(() => folder.remove())
const uidRoot = '1.2.826.0.1.3680043.10.88'
const files = join(folder.path, 'files')
mkdirSync(files)

const image = (study: number, instance: number): Synthetic =>
  writeCt(
    files,
    {
      ...{ uidRoot, study, instance, series: 1 + (instance % 2) },
      patientId: study > 1000 ? `X${study}` : `P${study % 9}`,
      patientName: study > 1000 ? 'Later^Given' : `Name${study % 9}^Given`,
      studyDate: `2025${String(1 + (study % 12)).padStart(2, '0')}15`,
    },
    8,
  )

/** The fixed set: lists, records and searches of every level, of what was there before. */
async function queriesOf(box: Box): Promise<(() => Promise<Response>)[]> {
  const get = (path: string) => () => fetch(box.url + path)
  const find =
    (Level: string, Query: object, more: object = {}) =>
    () =>
      fetch(`${box.url}/tools/find`, {
        method: 'POST',
        body: JSON.stringify({ Level, Query, Expand: true, ...more }),
      })
  const queries = [
    get('/statistics'),
    get('/changes?limit=400'),
    get('/patients'),
    get('/studies?expand'),
  ]
  for (const level of ['patients', 'studies', 'series', 'instances']) {
    for (const id of await box.get<string[]>(`/${level}`)) {
      queries.push(get(`/${level}/${id}`), get(`/${level}/${id}/statistics`))
      if (level !== 'patients') queries.push(get(`/${level}/${id}/metadata?expand`))
      if (level === 'instances') queries.push(get(`/${level}/${id}/tags`))
    }
  }
  for (let n = 0; n < 12; n++) {
    const month = `2025${String(n + 1).padStart(2, '0')}`
    for (const Level of ['Patient', 'Study', 'Series', 'Instance']) {
      queries.push(
        find(Level, { PatientID: `P${n}` }),
        find(Level, { PatientName: `name${n % 9}*` }),
      )
    }
    queries.push(find('Study', { StudyDate: `${month}01-${month}31`, PatientName: 'n*' }))
    queries.push(find('Study', { ModalitiesInStudy: 'CT' }, { Since: n, Limit: 3 }))
  }
  assert.ok(queries.length >= 500, `${queries.length} queries`)
  return queries.slice(0, 500)
}

async function answers(queries: readonly (() => Promise<Response>)[]): Promise<string[]> {
  const all: string[] = []
  for (const query of queries) {
    const response = await query()
    all.push(`${response.status} ${await response.text()}`)
  }
  return all
}

test('500 answers are byte-identical before and after the catalogue is made again, while images come', async () => {
  const data = join(folder.path, 'data')
  const box = await startBox({ data, config: { archive: { stableAge: 86_400 } } })
  const images = Array.from({ length: 100 }, (_, n) => image(n % 20, n))
  for (const { outcome, said } of await storeScu(box.dicomPort, images)) {
    assert.equal(outcome, 'sent', said)
  }
  const [patient] = await box.get<string[]>('/patients')
  await fetch(`${box.url}/patients/${patient}/labels/teaching`, { method: 'PUT', body: '' })
  const queries = await queriesOf(box)
  const before = await answers(queries)

  const asked = start('sh', [
    join(import.meta.dirname, '../../appliance/waystation.sh'),
    'rebuild',
    '--data',
    data,
  ])
  assert.equal(await asked.ended, 0, asked.output())
  const coming = [1001, 1002].map(study => image(study, 1))
  assert.deepEqual(
    (await storeScu(box.dicomPort, coming)).map(each => each.outcome),
    ['sent', 'sent'],
  )
  await eventually(
    () => box.log().find(line => line.event === 'rebuilt'),
    'the catalogue made again',
  )
  for (const each of coming) {
    const [found] = (await (
      await fetch(`${box.url}/tools/lookup`, { method: 'POST', body: each.sopInstanceUid })
    ).json()) as { Path: string }[]
    assert.equal((await fetch(`${box.url}${found!.Path}`, { method: 'DELETE' })).status, 200)
  }
  const same = (now: string[]) => {
    // What came and went meanwhile is told in the change log, which is history.
    const differing = now.filter((each, at) => each !== before[at] && !each.includes('"Changes"'))
    assert.deepEqual(differing, [])
  }
  same(await answers(queries))
  assert.deepEqual(await box.get(`/patients/${patient}/labels`), ['teaching'])
  assert.equal(await box.stop(), 0)

  // The file cut in half: found out at the start, said loudly, made again from the images.
  truncateSync(join(data, 'catalog', 'catalog.mdb'), 20_000)
  const again = await startBox({ data, config: { archive: { stableAge: 86_400 } } })
  const damaged = again.log().find(line => line.event === 'catalogue-damaged')
  assert.equal(damaged?.level, 'error')
  assert.ok(String(damaged?.advice).length > 10)
  const { CountInstances } = await again.get<{ CountInstances: number }>('/statistics')
  assert.equal(CountInstances, 100)
  assert.equal(await again.stop(), 0)
})
