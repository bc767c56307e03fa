import assert from 'node:assert/strict'
import { test } from 'node:test'
import { relay } from '../../../test/peers/relay.ts'
import { Fault } from '../../faults.ts'

const mark = { name: 'mark', when: { modality: 'CT' }, label: ['research'], send: ['cloud'] }

test('a crash before a label is written forgets neither the label nor the image', async () => {
  const box = await relay({ rules: [mark] })
  const { set } = box.labels
  box.labels.set = () => {
    throw new Fault('storage-failed', 'on cue')
  }
  box.held.keep({ study: 1, image: 1, tags: { Modality: 'CT' } })
  await box.time.settle()
  await assert.rejects(box.stop(), { code: 'storage-failed' })
  assert.equal(box.count('owed') + box.count('accepted'), 0)
  assert.equal(box.forward.owes('i1-1'), true)
  box.labels.set = set
  box.start()
  await box.time.until(() => box.count('accepted') === 1)
  assert.deepEqual([...box.labels], [['s1', new Set(['research'])]])
  await box.stop()
})

test('a crash between the label and what is owed gives the label again, and owes once', async () => {
  const box = await relay({ rules: [mark] })
  let given = 0
  const { set } = box.labels
  box.labels.set = (id, labels) => {
    set.call(box.labels, id, labels)
    // The second image of the same reading: the label of the first is there, its delivery is not.
    if (++given === 2) throw new Fault('storage-failed', 'on cue')
    return box.labels
  }
  for (const study of [1, 2]) box.held.keep({ study, image: 1, tags: { Modality: 'CT' } })
  await box.time.settle()
  await assert.rejects(box.stop(), { code: 'storage-failed' })
  assert.deepEqual([...box.labels.keys()], ['s1', 's2'])
  assert.equal(box.forward.deliveries({}).deliveries.length, 0)
  box.start()
  await box.time.until(() => box.count('accepted') === 2)
  assert.deepEqual([...box.cloud.taken.values()], [1, 1])
  assert.equal(given, 4)
  await box.stop()
})

test('while a long backlog of changes is read, others have their turns', async () => {
  const box = await relay()
  await box.stop()
  for (let image = 1; image <= 2000; image++) box.held.keep({ study: 1, image })
  box.start()
  let turns = 0
  while (box.count('owed') + box.count('sending') + box.count('accepted') < 2000) {
    await new Promise(resolve => setImmediate(resolve))
    turns++
  }
  assert.ok(turns >= 7, `${turns} turns`)
  await box.stop()
})
