import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keepStudy, relay } from '../../../test/peers/relay.ts'
import { idOf } from '../../../test/peers/standInArchive.ts'
import { Fault } from '../../faults.ts'
import { writeDataset } from '../../standard/dicom/dicom.ts'

test('a rule may ask for any tag of the file; where the file cannot tell, a person decides', async () => {
  const box = await relay({
    rules: [
      {
        name: 'deep',
        when: { tags: { PatientComments: 'urgent*', '0018,0050': { to: 2 } } },
        send: ['cloud'],
      },
    ],
  })
  const dataset = (comment: string, thickness: string) =>
    writeDataset(
      [
        { tag: 'SliceThickness', value: thickness },
        { tag: 'PatientComments', value: comment },
      ],
      '1.2.840.10008.1.2.1',
    )
  box.held.keep({ study: 1, image: 1, dataset: dataset('URGENT case', '1.5') })
  box.held.keep({ study: 1, image: 2, dataset: dataset('URGENT case', '5') })
  box.held.keep({ study: 1, image: 3, dataset: dataset('usual', '1') })
  const { open } = box.held.archive
  box.held.archive.open = (id, range) => {
    if (id === idOf(1, 4)) throw new Fault('damaged')
    return open(id, range)
  }
  box.held.keep({ study: 1, image: 4 })
  await box.time.until(() => box.count('accepted') === 1)
  assert.deepEqual([...box.cloud.taken.keys()], [idOf(1, 1)])
  await box.time.until(() => box.count('parked') === 1)
  const held = box.forward.deliveries({ held: true }).deliveries
  assert.deepEqual(
    held.map(each => [each.instance, each.why?.code]),
    [[idOf(1, 4), 'rule-in-doubt']],
  )
  await box.stop()
})

test('a rule may ask whether a sequence or what has no text is there', async () => {
  const box = await relay({
    rules: [
      {
        name: 'there',
        when: {
          tags: { RequestAttributesSequence: { present: true }, OverlayData: { present: false } },
        },
        send: ['cloud'],
      },
    ],
  })
  const dataset = (items: object[]) =>
    writeDataset(
      [{ tag: 'RequestAttributesSequence', items: items as never }],
      '1.2.840.10008.1.2.1',
    )
  box.held.keep({ study: 1, image: 1, dataset: dataset([[{ tag: 'AccessionNumber', value: '' }]]) })
  box.held.keep({ study: 1, image: 2, dataset: dataset([]) })
  await box.time.until(() => box.count('accepted') === 1)
  await box.time.settle()
  assert.deepEqual([...box.cloud.taken.keys()], [idOf(1, 1)])
  await box.stop()
})

test('a rule gives labels, and another asks for them', async () => {
  const box = await relay({
    rules: [
      { name: 'mark', when: { modality: 'CT' }, label: ['research'] },
      { name: 'send', on: 'stable', when: { label: 'res*', stable: true }, send: ['cloud'] },
    ],
  })
  box.held.keep({ study: 1, image: 1, tags: { Modality: 'CT' } })
  box.held.keep({ study: 2, image: 1, tags: { Modality: 'MR' } })
  await box.time.settle()
  assert.deepEqual([...box.labels], [['s1', new Set(['research'])]])
  box.held.settle(1)
  box.held.settle(2)
  await box.time.until(() => box.count('accepted') === 1)
  assert.deepEqual([...box.cloud.taken.keys()], [idOf(1, 1)])
  await box.stop()
})

test('one image that a rule for whole studies takes takes its study along', async () => {
  const box = await relay({
    rules: [
      {
        name: 'r',
        on: 'stable',
        whole: true,
        when: { tags: { ImageComments: 'key' } },
        send: ['cloud'],
      },
    ],
  })
  box.held.keep({ study: 1, image: 1, tags: { ImageComments: 'key' } })
  box.held.keep({ study: 1, image: 2 })
  box.held.keep({ study: 2, image: 1 })
  box.held.settle(1)
  box.held.settle(2)
  await box.time.until(() => box.count('accepted') === 2)
  await box.time.settle()
  assert.deepEqual([...box.cloud.taken.keys()].sort(), [idOf(1, 1), idOf(1, 2)])
  await box.stop()
})

test('a study that waits goes first once a rule for stable studies finds it urgent', async () => {
  const box = await relay({
    rules: [
      { name: 'all', send: ['cloud'] },
      {
        ...{ name: 'stroke', on: 'stable', whole: true, send: ['cloud'], priority: 'stat' },
        when: { tags: { ImageComments: 'stroke' } },
      },
    ],
  })
  box.cloud.down = 'peer-unreachable'
  keepStudy(box.held, 1, 2)
  box.held.keep({ study: 2, image: 1, tags: { ImageComments: 'stroke' } })
  box.held.keep({ study: 2, image: 2 })
  await box.time.settle()
  assert.equal(box.forward.deliveries({ priority: 1 }).deliveries.length, 4)
  box.held.settle(1)
  box.held.settle(2)
  await box.time.settle()
  assert.deepEqual(
    box.forward.deliveries({ priority: 0 }).deliveries.map(each => each.instance),
    [idOf(2, 1), idOf(2, 2)],
  )
  box.cloud.down = undefined
  await box.time.until(() => box.count('accepted') === 4)
  assert.deepEqual([...box.cloud.taken.keys()].slice(0, 2), [idOf(2, 1), idOf(2, 2)])
  await box.stop()
})

test('trying again does not release what is held for review', async () => {
  const box = await relay({ rules: [{ name: 'r', send: ['cloud'], hold: true }] })
  keepStudy(box.held, 1, 2)
  await box.time.until(() => box.count('parked') === 2)
  assert.equal(box.forward.retry({}), 0)
  assert.equal(box.forward.deliveries({ held: true }).deliveries.length, 2)
  assert.equal(box.forward.owes(idOf(1, 1)), true)
  assert.equal(box.forward.release({ instance: idOf(1, 1) }), 1)
  await box.time.until(() => box.count('accepted') === 1)
  assert.equal(box.forward.reject({ study: 's1' }, 'a phantom'), 1)
  assert.equal(box.forward.owes(idOf(1, 2)), false)
  await box.stop()
})

test('what a rule for stable studies may take is not evicted before, whether it asks for stability or for a label', async () => {
  const box = await relay({
    rules: [
      { name: 'r', send: ['cloud'], on: 'stable', when: { stable: true, sender: 'CT01' } },
      { name: 'l', send: ['cloud'], on: 'stable', when: { label: 'wanted', sender: 'US01' } },
    ],
  })
  box.held.keep({ study: 1, image: 1 })
  box.held.keep({ study: 2, image: 1, callingAeTitle: 'US01' })
  await box.time.settle()
  assert.ok(box.forward.owes(idOf(1, 1)))
  assert.ok(box.forward.owes(idOf(2, 1)), 'it may be labelled until then')
  box.labels.set('s2', new Set(['wanted']))
  box.held.settle(1)
  box.held.settle(2)
  await box.time.until(() => box.count('accepted') === 2)
  assert.equal(box.forward.owes(idOf(2, 1)), false)
  await box.stop()
})
