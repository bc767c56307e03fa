import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { freshFolders, type Holdings, openHoldings } from '../../../test/faults/holdings.ts'
import type { ImageOf } from '../../../test/faults/images.ts'
import type { Fault } from '../../faults.ts'
import type { Match, Search } from './catalog.ts'

const freshFolder = freshFolders(after)

const images: ImageOf[] = [
  { patient: 'A1', name: 'Müller^Jürgen', study: 1, date: '20260110', modality: 'CT' },
  { patient: 'A1', name: 'Müller^Jürgen', study: 1, series: 2, date: '20260110', modality: 'MR' },
  { patient: 'A2', name: 'MULLER^ANNA', study: 2, date: '20260131', modality: 'CT' },
  { patient: 'a2', name: 'Smith^John', study: 3, date: '20260201', accession: 'X-9' },
  { patient: 'B1', name: 'Smithers^W', study: 4, date: '20251231', accession: '' },
  { patient: 'B2', name: 'Yamada^Tarou=山田^太郎=やまだ^たろう', study: 5, date: '' },
]

async function filled(): Promise<Holdings> {
  const box = await openHoldings({ folder: await freshFolder() })
  const more = [{ tag: 'SpecificCharacterSet', value: 'ISO_IR 192' }]
  for (const image of images) await box.receive({ ...image, more })
  return box
}

const equals = (...values: string[]): Match => ({ kind: 'equals', values })
const like = (pattern: string): Match => ({ kind: 'wildcard', pattern })
const range = (from?: string, to?: string): Match => ({
  kind: 'range',
  ...(from && { from }),
  ...(to && { to }),
})

test('studies are found as PS3.4 C.2.2.2 and Orthanc match, written out or not', async () => {
  const box = await filled()
  const { catalog } = box.archive
  const found = (search: Partial<Search>) => {
    const asked: Search = { level: 'Study', where: {}, ...search }
    const studies = [...catalog.search(asked)]
    assert.equal(catalog.count(asked), studies.length, JSON.stringify(search))
    return studies.map(id => Number(catalog.parent(id)!.tags.StudyInstanceUID!.split('.').at(-1)))
  }
  for (let time = 1; time <= 2; time++) {
    assert.deepEqual(found({}), [1, 2, 3, 4, 5])
    assert.deepEqual(found({ where: { PatientID: equals('A2') } }), [2, 3])
    assert.deepEqual(found({ where: { PatientID: equals('A2') }, caseSensitive: true }), [2])
    assert.deepEqual(found({ where: { PatientName: like('muller*') } }), [1, 2])
    assert.deepEqual(found({ where: { PatientName: like('MÜLLER^*') } }), [1, 2])
    assert.deepEqual(found({ where: { PatientName: like('M?ller^J*') }, caseSensitive: true }), [1])
    assert.deepEqual(found({ where: { PatientName: like('*smith*') } }), [3, 4])
    assert.deepEqual(found({ where: { PatientName: like('*太郎*') } }), [5])
    assert.deepEqual(found({ where: { PatientName: equals('smith^john') } }), [3])
    assert.deepEqual(found({ where: { StudyDate: range('20260101', '20260131') } }), [1, 2])
    assert.deepEqual(found({ where: { StudyDate: range('20260131') } }), [2, 3])
    assert.deepEqual(found({ where: { StudyDate: range(undefined, '20260110') } }), [1, 4])
    assert.deepEqual(found({ where: { AccessionNumber: equals('x-9') } }), [3])
    assert.deepEqual(found({ where: { AccessionNumber: equals('') } }), [4])
    assert.deepEqual(found({ where: { ModalitiesInStudy: equals('MR') } }), [1])
    assert.deepEqual(found({ where: { ModalitiesInStudy: equals('MR', 'CT') } }), [1, 2, 3, 4, 5])
    const uid = '1.2.826.0.1.4'
    assert.deepEqual(found({ where: { StudyInstanceUID: equals(uid, '1.2.3') } }), [4])
    assert.deepEqual(
      found({
        where: { PatientName: like('m*'), StudyDate: range('20260120', '20260220') },
      }),
      [2],
    )
    assert.deepEqual(found({ where: { StudyDescription: equals('none') } }), [])
    await box.store.flushed()
  }
  await box.close()
})

test('results are sorted and paged as asked', async () => {
  const box = await filled()
  const { catalog } = box.archive
  const dates = (search: Omit<Search, 'level' | 'where'>) =>
    Array.from(
      catalog.search({ level: 'Study', where: {}, ...search }),
      id => catalog.parent(id)!.tags.StudyDate,
    )
  const by = (descending: boolean) => ({
    orderBy: [{ keyword: 'StudyDate', as: 'text' as const, descending }],
  })
  const sorted = ['', '20251231', '20260110', '20260131', '20260201']
  assert.deepEqual(dates(by(false)), sorted)
  assert.deepEqual(dates(by(true)), sorted.toReversed())
  assert.deepEqual(dates({ ...by(true), since: 1, limit: 2 }), ['20260131', '20260110'])
  assert.deepEqual(dates({ since: 9 }), [])
  await box.close()
})

test('other levels are found by their own tags and those above them, and within a resource', async () => {
  const box = await filled()
  const { catalog } = box.archive
  const count = (search: Search) => [...catalog.search(search)].length
  assert.equal(count({ level: 'Patient', where: { PatientName: like('smith*') } }), 2)
  assert.equal(count({ level: 'Series', where: { PatientID: equals('A1') } }), 2)
  assert.equal(count({ level: 'Series', where: { Modality: equals('mr') } }), 1)
  assert.equal(count({ level: 'Instance', where: { StudyDate: range('20260101') } }), 4)
  assert.equal(count({ level: 'Instance', where: {} }), 6)
  const [study] = catalog.search({ level: 'Study', where: { PatientID: equals('A1') } })
  assert.equal(count({ level: 'Series', where: {}, within: study! }), 2)
  assert.equal(count({ level: 'Series', where: { Modality: equals('CT') }, within: study! }), 1)
  assert.equal(count({ level: 'Instance', where: {}, within: 'nothing' }), 0)
  assert.throws(
    () => count({ level: 'Study', where: { NoSuchTag: equals('') } }),
    (thrown: Fault) => thrown.code === 'unknown-tag',
  )
  await box.close()
})

test('a study is found by its own patient name also where its patient was first known by another', async () => {
  const box = await openHoldings({ folder: await freshFolder() })
  await box.receive({ patient: 'P1', name: 'Maiden^A', study: 1 })
  await box.receive({ patient: 'P1', name: 'Married^A', study: 2 })
  const { catalog } = box.archive
  const named = (pattern: string) =>
    catalog.count({ level: 'Study', where: { PatientName: { kind: 'wildcard', pattern } } })
  assert.deepEqual([named('Maiden*'), named('Married^A'), named('*ied*')], [1, 1, 1])
  await box.close()
})

test('name and months together find what the two conditions find apart', async () => {
  const box = await openHoldings({ folder: await freshFolder() })
  const names = ['Abel^A', 'ABELARD^B', 'Äbel^C', 'Bell^D', '']
  const dates = ['20241231', '20250101', '20250131', '20250201', '', '20260115']
  let study = 0
  for (const name of names) {
    for (const date of dates) await box.receive({ patient: `P${++study}`, name, date, study })
  }
  const { catalog } = box.archive
  const ranges = [
    { from: '20250101', to: '20250131' },
    { from: '20250102', to: '20250201' },
    { from: '2025', to: '2025' },
    { from: '20241231', to: '20260115' },
  ]
  for (const range of ranges) {
    for (const pattern of ['abel*', 'ab?l*', '*l^*', 'Bell^D', 'zz*']) {
      for (const caseSensitive of [false, true]) {
        const where = { PatientName: { kind: 'wildcard', pattern } } as const
        const dated = { StudyDate: { kind: 'range', ...range } } as const
        const asked = { level: 'Study', caseSensitive } as const
        const inRange = new Set(catalog.search({ ...asked, where: dated }))
        const apart = [...catalog.search({ ...asked, where })].filter(id => inRange.has(id))
        const together = { ...asked, where: { ...where, ...dated } }
        assert.deepEqual([...catalog.search(together)], apart, `${pattern} ${range.from}`)
        assert.equal(catalog.count(together), apart.length)
      }
    }
  }
  await box.close()
})
