import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { ask, startAnswering } from '../../../test/conformance/find/answering.ts'
import type { Box } from '../../../test/conformance/nodes/box.ts'

const yamada = 'Yamada^Tarou=山田^太郎=やまだ^たろう'
let box: Box
before(async () => {
  box = await startAnswering()
  const more = [{ tag: 'SpecificCharacterSet', value: 'ISO_IR 192' }]
  await box.receive({ patient: 'P1', name: 'Müller^Jürgen', study: 1, more })
  await box.receive({ patient: 'P2', name: 'Smith^John', study: 2, more })
  await box.receive({ patient: 'P3', name: yamada, study: 3, more })
})
after(() => box.stop())

describe('the character set of an answer', () => {
  const answered = async (set: string | undefined, patient: string) => {
    const keys = [
      ...(set === undefined ? [] : [{ tag: 'SpecificCharacterSet', value: set }]),
      { tag: 'PatientID', value: patient },
      { tag: 'PatientName' },
    ]
    const [match] = await ask(box.port, { level: 'STUDY', keys })
    return [match!.found!.characterSet, match!.found!.text('PatientName')]
  }
  test('is that of the query where it has every letter', async () => {
    for (const set of [
      '\\ISO 2022 IR 87',
      'GB18030',
      'ISO_IR 192',
      'ISO 2022 IR 6\\ISO 2022 IR 87',
    ]) {
      assert.deepEqual(await answered(set, 'P3'), [set, yamada], set)
    }
    assert.deepEqual(await answered('ISO_IR 148', 'P1'), ['ISO_IR 148', 'Müller^Jürgen'])
  })
  test('is named as DICOM does, however the query wrote it', async () => {
    assert.deepEqual(await answered('UTF-8', 'P3'), ['ISO_IR 192', yamada])
    assert.deepEqual(await answered('ISO_IR 192\\ISO 2022 IR 87', 'P3'), ['ISO_IR 192', yamada])
    assert.deepEqual(await answered('ISO_IR 100\\ISO 2022 IR 87', 'P3'), [
      'ISO 2022 IR 100\\ISO 2022 IR 87',
      yamada,
    ])
    assert.deepEqual(await answered('iso-ir 100', 'P1'), ['ISO_IR 100', 'Müller^Jürgen'])
  })
  test('is one that has them where that of the query has not', async () => {
    assert.deepEqual(await answered('ISO_IR 100', 'P3'), ['ISO_IR 192', yamada])
    assert.deepEqual(await answered(undefined, 'P3'), ['ISO_IR 192', yamada])
    assert.deepEqual(await answered(undefined, 'P1'), ['ISO_IR 100', 'Müller^Jürgen'])
  })
  test('is not named where all is ASCII', async () => {
    assert.deepEqual(await answered('ISO_IR 192', 'P2'), ['', 'Smith^John'])
  })
})
