import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { type Box, type BoxOptions, startBox } from '../../../test/conformance/nodes/box.ts'
import { freshFolders } from '../../../test/faults/holdings.ts'
import { ctImageStorage } from '../../../test/faults/images.ts'
import { eventually, freePort } from '../../../test/peers/programs.ts'
import { silentLog } from '../../log.ts'
import { explicitLittleEndian, writeDataset } from '../../standard/dicom/dicom.ts'
import { createAcceptor, type Services } from '../../standard/dimse/dimse.ts'
import { type CommitmentDataset, commitmentElements, readCommitment } from './references.ts'

/* The rows of README.md's table that no other test here shows. */

const freshFolder = freshFolders(after)
const start = async (aet: string, more: Partial<BoxOptions> = {}) =>
  startBox({ aet, folder: await freshFolder(), ...more })
const of = (instance: number) => ({
  sopClassUid: ctImageStorage,
  sopInstanceUid: `1.2.826.0.1.1.1.${instance}`,
})

/** A node that answers as it is told. */
async function startFar(operations: Services['operations'] & {}, port = 0) {
  const stopping = new AbortController()
  const acceptor = createAcceptor({
    ...{ host: '127.0.0.1', port, aeTitles: 'any', log: silentLog },
    offers: () => ({ transferSyntaxes: 'any', callerMayBeScp: true }),
    services: { operations },
  })
  const running = acceptor.run(stopping.signal)
  return {
    port: (await acceptor.listening).port!,
    async stop() {
      stopping.abort()
      await running
    },
  }
}

/** Tells a box what became of a request of its own. */
const report = (box: Box, eventTypeId: number, about: CommitmentDataset) =>
  box.commitments.reported({
    ...{ eventTypeId, transferSyntaxUid: explicitLittleEndian },
    dataset: writeDataset(commitmentElements(about), explicitLittleEndian),
  })

test('an instance that a report leaves out counts as failed, 0110H', async () => {
  const far = await startFar({ 'N-ACTION': async () => ({ status: 0x0000 }) })
  const near = await start('NEAR')
  await near.knows('far', 'FAR', far.port)
  const asked = [of(1), of(2)]
  const { transactionUid } = await near.commitments.request(near.nodes.get('far')!, asked)
  const { status } = await report(near, 1, { transactionUid, references: [of(1)], failures: [] })
  assert.equal(status, 0x0000)
  const request = near.commitments.of(transactionUid)
  assert.equal(request?.state, 'failed')
  assert.deepEqual(request?.committed, [of(1)])
  assert.deepEqual(request?.failures, [{ ...of(2), reason: 0x0110 }])
  await near.stop()
  await far.stop()
})

test('a request whose answer is lost is pending, with the reason, until the report comes', async () => {
  const gone = Promise.withResolvers<{ status: number }>()
  const far = await startFar({ 'N-ACTION': () => gone.promise })
  const near = await start('NEAR')
  await near.knows('far', 'FAR', far.port, { timeout: 1 })
  const asked = near.commitments.request(near.nodes.get('far')!, [of(1)])
  await assert.rejects(asked, { code: 'peer-timeout' })
  const [request] = near.commitments.requests()
  assert.equal(request?.state, 'pending')
  assert.match(request?.why ?? '', /no answer/)
  const { transactionUid } = request!
  await report(near, 1, { transactionUid, references: [of(1)], failures: [] })
  assert.equal(near.commitments.of(transactionUid)?.state, 'committed')
  assert.equal(near.commitments.of(transactionUid)?.why, undefined)
  gone.resolve({ status: 0x0000 })
  await near.stop()
  await far.stop()
})

test('what is owed to a node that is removed, or wants no word any more, is dropped', async () => {
  const box = await start('BOX')
  const port = await freePort()
  await box.knows('ris', 'RIS', port, { availability: 'instance' })
  await box.knows('pacs', 'PACS', port, { availability: 'instance' })
  await box.receive({ instance: 1 })
  const owed = () => [...box.notices.waiting()].length
  await eventually(() => owed() === 2, 'both are owed')
  await box.knows('ris', 'RIS', port, { availability: 'none' })
  await eventually(() => owed() === 1, 'one is dropped')
  await box.nodes.remove('pacs')
  await eventually(() => owed() === 0, 'the other is dropped')
  await box.stop()
})

test('what was removed between two attempts is not promised any more', async () => {
  const port = await freePort()
  const far = await start('FAR')
  const near = await start('NEAR')
  await far.knows('near', 'NEAR', port)
  await near.knows('far', 'FAR', far.port)
  const { instance } = await far.receive({ instance: 1 })
  await far.receive({ instance: 2 })
  // Nothing takes the report on the association of the request, nor on one to that port.
  await near.asking
    .associate(near.nodes.get('far')!, {
      contexts: [
        { abstractSyntax: '1.2.840.10008.1.20.1', transferSyntaxes: [explicitLittleEndian] },
      ],
    })
    .then(async association => {
      const about = { transactionUid: '1.2.3', references: [of(1), of(2)], failures: [] }
      await Array.fromAsync(
        association.perform({
          ...{ operation: 'N-ACTION', sopClassUid: '1.2.840.10008.1.20.1', actionTypeId: 1 },
          sopInstanceUid: '1.2.840.10008.1.20.1.1',
          dataset: writeDataset(commitmentElements(about), explicitLittleEndian),
        }),
      )
      association.abort()
    })
  const reason = () => [...far.notices.waiting()][0]?.why ?? ''
  await eventually(() => /ECONNREFUSED/.test(reason()), 'an attempt')
  await far.archive.remove(instance.id)
  const heard: (CommitmentDataset | undefined)[] = []
  const listener = await startFar(
    {
      async 'N-EVENT-REPORT'({ dataset, transferSyntaxUid }) {
        heard.push(readCommitment(dataset!, transferSyntaxUid))
        return { status: 0x0000 }
      },
    },
    port,
  )
  await far.knows('near', 'NEAR', port)
  await eventually(() => heard.length === 1, 'the report')
  assert.deepEqual(heard[0]?.references, [of(2)])
  assert.deepEqual(heard[0]?.failures, [{ ...of(1), reason: 0x0112 }])
  await near.stop()
  await far.stop()
  await listener.stop()
})
