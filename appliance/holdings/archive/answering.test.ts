import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { freshFolders, openHoldings } from '../../../test/faults/holdings.ts'
import { keyOf, tagOf, usualRules, vrOf } from '../../standard/dicom/dicom.ts'
import { answersTo } from './answering.ts'
import { createHeaders } from './headers.ts'
import type { Query } from './query.ts'

const freshFolder = freshFolders(after)
const names = [
  ...['Müller^Jürgen', 'MULLER^JURGEN^^Dr', 'Smith ^ John', 'Smithers^J', 'smith'],
  ...['Yamada^Tarou=山田^太郎=やまだ^たろう', '山田^太郎', 'Люкceмбypг', ''],
]
const keyword = (name: string) => tagOf(name)!
const uses = { retrieveAeTitle: 'BOX', damaged: new Set<never>() }

async function filled() {
  const box = await openHoldings({ folder: await freshFolder() })
  const more = [{ tag: 'SpecificCharacterSet', value: 'ISO_IR 192' }]
  for (const [at, name] of names.entries()) {
    const date = at === 3 ? '' : `2026010${at + 1}`
    await box.receive({
      patient: `P${at}`,
      name,
      study: at + 1,
      date,
      more,
      accession: `a-${at % 3}`,
    })
  }
  const answering = { catalog: box.archive.catalog, headers: createHeaders(box.archive), ...uses }
  const never = new AbortController().signal
  const found = async (query: Query) =>
    (await Array.fromAsync(answersTo(query, answering, never))).map(({ id }) => id)
  return { box, answering, found }
}

test('what the indexes leave out does not match, whatever is asked', async () => {
  const { box, found } = await filled()
  const { catalog } = box.archive
  const parts = fc.constantFrom(
    'smith',
    'Smith',
    'm',
    'mül',
    '^',
    '*',
    '?',
    '=',
    '山田',
    'やま',
    ' ',
    'J',
    'люк',
  )
  const asked = fc.record({
    PatientName: fc.array(parts, { maxLength: 5 }).map(each => each.join('')),
    StudyDate: fc.constantFrom('', '20260103', '20260102-20260106', '-20260104', '20260105-', '""'),
    AccessionNumber: fc.constantFrom('', 'a-1', 'A-1', 'a*', '?-2', 'a-0\\a-2', '""'),
  })
  const rules = fc.constantFrom(
    usualRules,
    { ...usualRules, names: 'fuzzy' as const },
    { names: 'literal' as const, text: 'folded' as const },
  )
  await fc.assert(
    fc.asyncProperty(asked, rules, async (values, rule) => {
      const keys = Object.entries(values).map(([name, value]) =>
        keyOf(keyword(name), vrOf(keyword(name))!, value, rule),
      )
      const all = [...catalog.resources({ level: 'Study', where: {} })]
      const matching = all.filter(study =>
        keys.every(key => {
          const text = study.text(key.keyword) ?? ''
          return key.asked.kind === 'universal' || key.matches(text === '' ? [] : [text])
        }),
      )
      const given = await found({ level: 'Study', keys, rules: rule })
      assert.deepEqual(
        given,
        matching.map(({ id }) => id),
      )
    }),
    { numRuns: 300 },
  )
  await box.close()
})

test('a header that cannot be read is told, and its keys are as if absent', async () => {
  const { box, answering } = await filled()
  const told: string[] = []
  const broken = {
    ...answering,
    headers: { read: () => Promise.reject(new Error('rot')) },
    onUnreadable: (id: string) => void told.push(id),
  }
  const key = keyOf(keyword('PatientAge'), 'AS', '', usualRules)
  const query: Query = { level: 'Study', keys: [key], rules: usualRules }
  const answers = await Array.fromAsync(answersTo(query, broken, new AbortController().signal))
  assert.equal(answers.length, names.length)
  assert.equal(told.length, names.length)
  assert.deepEqual(answers[0]!.elements, [{ tag: keyword('PatientAge'), vr: 'AS' }])
  await box.close()
})

test('a query that is called off gives no more', async () => {
  const { box, answering } = await filled()
  const stop = new AbortController()
  let count = 0
  const query: Query = { level: 'Study', keys: [], rules: usualRules }
  for await (const _ of answersTo(query, answering, stop.signal)) if (++count === 2) stop.abort()
  assert.equal(count, 2)
  await box.close()
})
