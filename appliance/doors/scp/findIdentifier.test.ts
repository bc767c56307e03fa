import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import {
  ask,
  patientRoot,
  patientStudyOnly,
  startAnswering,
} from '../../../test/conformance/find/answering.ts'
import type { Box } from '../../../test/conformance/nodes/box.ts'

let box: Box
before(async () => {
  box = await startAnswering()
})
after(() => box.stop())

describe('identifiers that are refused', () => {
  const refused = async (question: Parameters<typeof ask>[1]) => {
    const [reply, ...more] = await ask(box.port, question)
    assert.equal(more.length, 0)
    assert.ok(reply!.errorComment, 'with an error comment')
    return [reply!.status, ...(reply!.offendingElements ?? [])]
  }
  const level = 0x00080052
  test('without a level, with an unknown one, with one that the model has not', async () => {
    assert.deepEqual(await refused({ keys: [{ tag: 'PatientID' }] }), [0xa900, level])
    assert.deepEqual(await refused({ level: 'FRAME' }), [0xa900, level])
    assert.deepEqual(await refused({ level: 'PATIENT' }), [0xa900, level])
    assert.deepEqual(await refused({ model: patientStudyOnly, level: 'SERIES' }), [0xa900, level])
    assert.deepEqual(await refused({ level: 'toString' }), [0xa900, level])
  })
  test('without the unique keys of the levels above, or with more than one value', async () => {
    const study = 0x0020000d
    assert.deepEqual(await refused({ level: 'SERIES' }), [0xa900, study])
    const uids = { tag: study, value: '1.2\\1.3' }
    assert.deepEqual(await refused({ level: 'SERIES', keys: [uids] }), [0xa900, study])
    const one = { tag: study, value: '1.2' }
    assert.deepEqual(await refused({ level: 'IMAGE', keys: [one] }), [0xa900, 0x0020000e])
    assert.deepEqual(await refused({ model: patientRoot, level: 'STUDY' }), [0xa900, 0x00100020])
    const anyPatient = { tag: 'PatientID', value: 'P*' }
    assert.deepEqual(
      await refused({ model: patientRoot, level: 'STUDY', keys: [anyPatient] }),
      [0xa900, 0x00100020],
    )
  })
  test('with a sequence of several items, of which nobody knows which is meant', async () => {
    const of = (value: string) => [{ tag: 'CodeValue', value }]
    const several = { tag: 'ProcedureCodeSequence', items: [of('A'), of('B')] }
    assert.deepEqual(await refused({ level: 'STUDY', keys: [several] }), [0xa900, 0x00081032])
    const inside = { tag: 'RequestAttributesSequence', items: [[several]] }
    assert.deepEqual(await refused({ level: 'STUDY', keys: [inside] }), [0xa900, 0x00081032])
  })
  test('in a character set that does not exist', async () => {
    const keys = [{ tag: 'SpecificCharacterSet', value: 'ISO_IR 999' }]
    assert.deepEqual(await refused({ level: 'STUDY', keys }), [0xc000, 0x00080005])
  })
  test('of a SOP class that is no query model', async () => {
    const model = '1.2.840.10008.5.1.4.1.1.2'
    assert.deepEqual(await refused({ model, level: 'STUDY' }), [0x0122, 0x00000002])
  })
  test('that cannot be read', async () => {
    const identifier = Buffer.from('not a dataset, and of no even length')
    assert.deepEqual(await refused({ identifier }), [0xc000])
  })
})
