import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Relay, relay } from '../../../test/peers/relay.ts'
import { idOf } from '../../../test/peers/standInArchive.ts'
import { Fault, type FaultCode } from '../../faults.ts'
import { writeDataset } from '../../standard/dicom/dicom.ts'

const dataset = writeDataset([{ tag: 'PatientComments', value: 'send' }], '1.2.840.10008.1.2.1')
const asks = { name: 'asks', when: { tags: { PatientComments: 'send' } }, send: ['cloud'] }

/** Opening one image fails so often, or always. */
function failOpening(box: Relay, id: string, times: number, fault: () => Error): () => number {
  const { open } = box.held.archive
  let tries = 0
  box.held.archive.open = (asked, range) => {
    if (asked === id && tries < times) {
      tries++
      throw fault()
    }
    return open(asked, range)
  }
  return () => tries
}

const failed = (code: FaultCode) => () => new Fault(code, 'on cue')

test('while the disk does not give a file that a rule asks for, the rule waits, and then tells', async () => {
  const box = await relay({ rules: [asks] })
  const tries = failOpening(box, idOf(1, 1), 3, failed('storage-failed'))
  box.held.keep({ study: 1, image: 1, dataset })
  await box.time.until(() => tries() === 2)
  assert.equal(box.count('parked'), 0)
  assert.equal(box.forward.owes(idOf(1, 1)), true)
  await box.time.until(() => box.count('accepted') === 1)
  assert.equal(tries(), 3)
  await box.stop()
})

test('stopped while it waits for the disk, it reads the image again after the next start', async () => {
  const box = await relay({ rules: [asks] })
  const tries = failOpening(box, idOf(1, 1), 2, failed('storage-failed'))
  box.held.keep({ study: 1, image: 1, dataset })
  await box.time.until(() => tries() === 1)
  await box.stop()
  box.start()
  await box.time.until(() => box.count('accepted') === 1)
  assert.equal(tries(), 2)
  await box.stop()
})

test('one file that is never to be read holds up the relay for a minute, and is then held for a person', async () => {
  const box = await relay({ rules: [asks] })
  failOpening(box, idOf(1, 1), Number.POSITIVE_INFINITY, failed('storage-failed'))
  const before = box.time.passed()
  box.held.keep({ study: 1, image: 1, dataset })
  box.held.keep({ study: 2, image: 1, dataset })
  await box.time.until(() => box.count('parked') === 1)
  assert.equal(box.time.passed() - before, 60)
  const [held] = box.forward.deliveries({ held: true }).deliveries
  assert.deepEqual([held?.instance, held?.why?.code], [idOf(1, 1), 'rule-in-doubt'])
  await box.time.until(() => box.count('accepted') === 1)
  await box.stop()
})

test('a file on which reading breaks in a way that nobody foresaw is held at once', async () => {
  const box = await relay({ rules: [asks] })
  const tries = failOpening(box, idOf(1, 1), 9, () => new TypeError('nobody foresaw it'))
  box.held.keep({ study: 1, image: 1, dataset })
  await box.time.until(() => box.count('parked') === 1)
  assert.equal(tries(), 1)
  await box.stop()
})

test('an image is not sent back to where it came from, and goes everywhere else', async () => {
  const box = await relay({ destinations: ['cloud', 'other'] })
  box.cloud.destination.isSource = ({ callingAeTitle }) => callingAeTitle === 'CLOUD'
  box.held.keep({ study: 1, image: 1, callingAeTitle: 'CLOUD' })
  box.held.keep({ study: 1, image: 2 })
  await box.time.until(() => box.count('accepted', 'other') === 2 && box.count('accepted') === 1)
  assert.deepEqual([...box.cloud.offered.keys()], [idOf(1, 2)])
  assert.equal(box.forward.owes(idOf(1, 1)), false)
  await box.stop()
})
