import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { type BoxOptions, startBox } from '../../../test/conformance/nodes/box.ts'
import { freshFolders } from '../../../test/faults/holdings.ts'
import { eventually } from '../../../test/peers/programs.ts'
import type { Fault } from '../../faults.ts'
import { silentLog } from '../../log.ts'
import { connect, verificationSopClass } from '../../standard/dimse/dimse.ts'
import type { CallRecord } from './admission.ts'

const freshFolder = freshFolders(after)
const start = async (more: Partial<BoxOptions> = {}) =>
  startBox({ aet: 'BOX', folder: await freshFolder(), ...more })
const studyFind = '1.2.840.10008.5.1.4.1.2.2.1'
const host = '127.0.0.1'

const call = (port: number, callingAeTitle: string, ...classes: string[]) =>
  connect({
    ...{ host, port, callingAeTitle, calledAeTitle: 'BOX', log: silentLog },
    contexts: classes.map(abstractSyntax => ({
      abstractSyntax,
      transferSyntaxes: ['1.2.840.10008.1.2.1'],
    })),
  })
const refused = (words: RegExp) => (thrown: Fault) =>
  thrown.code === 'peer-refused' && words.test(thrown.detail)

async function findStatus(association: Awaited<ReturnType<typeof call>>) {
  const replies = await Array.fromAsync(
    association.perform({ operation: 'C-FIND', sopClassUid: studyFind, dataset: new Uint8Array() }),
  )
  return replies.at(-1)?.status
}

test('a stranger is refused whose every wish is refused, and the record says what to do', async () => {
  const box = await start({ dicom: { unknownCallers: { find: 'refused' } } })
  await assert.rejects(call(box.port, 'STRANGER', studyFind), refused(/AE title/))
  const record = await eventually(() => box.records.at(-1), 'the record')
  assert.equal(record.outcome, 'rejected')
  assert.deepEqual(record.rejection, { result: 'permanent', source: 1, reason: 3 })
  assert.match(record.sentence, /STRANGER .*not a known node; add it to the nodes, or allow "find"/)
  await box.stop()
})

test('a stranger may echo and not find on one association: 0124H, and a sentence', async () => {
  const box = await start({ dicom: { unknownCallers: { find: 'refused' } } })
  const association = await call(box.port, 'STRANGER', verificationSopClass, studyFind)
  assert.equal((await association.echo()).status, 0)
  assert.equal(await findStatus(association), 0x0124)
  await association.release()
  const record = await eventually(() => box.records.at(-1), 'the record')
  assert.equal(record.outcome, 'released')
  assert.match(record.sentence, /C-FIND was refused: STRANGER is not a known node/)
  await box.stop()
})

test('a known node may what it is allowed, from its next request on', async () => {
  const box = await start({ dicom: { unknownCallers: { find: 'refused', echo: 'refused' } } })
  await box.knows('ct', 'CT01', 104, { allows: { find: false } })
  const association = await call(box.port, 'CT01', verificationSopClass, studyFind)
  assert.equal((await association.echo()).status, 0)
  assert.equal(await findStatus(association), 0x0124)
  await box.knows('ct', 'CT01', 104)
  assert.notEqual(await findStatus(association), 0x0124)
  await association.release()
  await box.stop()
})

test('who is not known is recorded as such, also where it may do what it asks', async () => {
  const box = await start()
  await box.knows('ct', 'CT01', 104)
  for (const title of ['STRANGER', 'CT01'])
    await (await call(box.port, title, verificationSopClass)).release()
  const records = await eventually(
    () => (box.records.length === 2 ? box.records : undefined),
    'both records',
  )
  assert.deepEqual(
    records.map(({ callingAeTitle, outcome, ...record }) => [
      ...[callingAeTitle, outcome, (record as CallRecord).node],
    ]),
    [
      ['STRANGER', 'released', null],
      ['CT01', 'released', 'ct'],
    ],
  )
  await box.stop()
})

test('a node that must come over TLS is refused in plain', async () => {
  const box = await start()
  await box.knows('ct', 'CT01', 104, { tls: 'required' })
  await assert.rejects(call(box.port, 'CT01', verificationSopClass), refused(/no reason/))
  const record = await eventually(() => box.records.at(-1), 'the record')
  assert.match(record.sentence, /node "ct" may call over TLS only/)
  await box.stop()
})

test('by setting, a known title from another address is a stranger', async () => {
  const dicom = { checkNodeAddress: true, unknownCallers: { echo: 'refused' } }
  const box = await start({ dicom })
  await box.nodes.put({ name: 'ct', aet: 'CT01', host: '192.0.2.7' })
  await assert.rejects(call(box.port, 'CT01', verificationSopClass), refused(/AE title/))
  const record = await eventually(() => box.records.at(-1), 'the record')
  assert.match(record.sentence, /CT01 is a known node of another address/)
  await box.knows('ct', 'CT01', 104)
  await (await call(box.port, 'CT01', verificationSopClass)).release()
  await box.stop()
})
