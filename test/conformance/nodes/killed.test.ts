import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import {
  availabilitySopClass,
  type Reference,
  readCommitment,
  storageCommitmentInstance,
  storageCommitmentSopClass,
} from '../../../appliance/duties/nodes/nodes.ts'
import { commitmentElements } from '../../../appliance/duties/nodes/references.ts'
import { silentLog } from '../../../appliance/log.ts'
import {
  explicitLittleEndian,
  readDataset,
  writeDataset,
} from '../../../appliance/standard/dicom/dicom.ts'
import {
  connect,
  createAcceptor,
  type OperationRequest,
  type Reply,
} from '../../../appliance/standard/dimse/dimse.ts'
import { storeScu } from '../../peers/dcmtk.ts'
import { eventually } from '../../peers/programs.ts'
import { writeCt } from '../../samples/synthetic.ts'
import { type Box, startBox, temporaryFolder } from '../../whole/box.ts'

const folder = temporaryFolder()
after(folder.remove)

/** A node that hears what it is told, and answers nothing until it is let. */
async function startSilentNode() {
  const heard: OperationRequest[] = []
  const letAnswer = Promise.withResolvers<void>()
  const hear = async (request: OperationRequest): Promise<Reply> => {
    heard.push(request)
    await letAnswer.promise
    return { status: 0 }
  }
  const operations = { 'N-EVENT-REPORT': hear, 'N-CREATE': hear }
  const stopping = new AbortController()
  const node = createAcceptor({
    ...{ host: '127.0.0.1', port: 0, aeTitles: 'any', log: silentLog },
    offers: uid =>
      [storageCommitmentSopClass, availabilitySopClass].includes(uid)
        ? { transferSyntaxes: 'any', callerMayBeScp: true }
        : undefined,
    services: { operations },
  })
  const running = node.run(stopping.signal)
  const { port = 0 } = await node.listening
  return {
    ...{ port, heard },
    answer: letAnswer.resolve,
    async stop() {
      letAnswer.resolve()
      stopping.abort()
      await running
    },
  }
}

async function askCommitment(box: Box, transactionUid: string, references: Reference[]) {
  const association = await connect({
    ...{ host: '127.0.0.1', port: box.dicomPort, log: silentLog },
    ...{ callingAeTitle: 'SCANNER', calledAeTitle: 'WAYSTATION' },
    contexts: [
      { abstractSyntax: storageCommitmentSopClass, transferSyntaxes: [explicitLittleEndian] },
    ],
  })
  const asked = commitmentElements({ transactionUid, references, failures: [] })
  const [reply] = await Array.fromAsync(
    association.perform({
      ...{ operation: 'N-ACTION', actionTypeId: 1, sopClassUid: storageCommitmentSopClass },
      sopInstanceUid: storageCommitmentInstance,
      dataset: writeDataset(asked, explicitLittleEndian),
    }),
  )
  assert.equal(reply?.status, 0)
  // Whoever leaves at once is told on an association of the box's own.
  association.abort()
}

const waiting = async (box: Box) =>
  (await box.get<{ notices: { kind: string }[] }>('/api/notices')).notices
    .map(({ kind }) => kind)
    .sort()

test('killed while a report of commitment and a notice of availability are on their way: both are told once it is back', async () => {
  const scanner = await startSilentNode()
  const ris = await startSilentNode()
  const nodes = [
    { name: 'scanner', aet: 'SCANNER', host: '127.0.0.1', port: scanner.port },
    { name: 'ris', aet: 'RIS', host: '127.0.0.1', port: ris.port, availability: 'instance' },
  ]
  const service = { data: `${folder.path}/data`, config: { nodes } }
  let box = await startBox(service)
  try {
    const image = writeCt(folder.path, { uidRoot: '1.2.826.0.1.8', study: 1, instance: 1 }, 36)
    const [sent] = await storeScu(box.dicomPort, [image])
    assert.equal(sent?.outcome, 'sent', sent?.said)
    const { sopInstanceUid } = image
    const reference = { sopClassUid: '1.2.840.10008.5.1.4.1.1.2', sopInstanceUid }
    await askCommitment(box, '1.2.826.0.1.8.9', [reference])
    const bothHeard = (times: number) =>
      eventually(() => [scanner, ris].every(({ heard }) => heard.length === times), 'both', 30)
    await bothHeard(1)
    assert.deepEqual(await waiting(box), ['availability', 'commitment'])
    await box.kill()

    box = await startBox(service)
    await bothHeard(2)
    scanner.answer()
    ris.answer()
    await eventually(async () => (await waiting(box)).length === 0, 'nothing is owed', 30)
    for (const { dataset, transferSyntaxUid } of scanner.heard) {
      assert.deepEqual(readCommitment(dataset!, transferSyntaxUid), {
        ...{ transactionUid: '1.2.826.0.1.8.9', references: [reference], failures: [] },
      })
    }
    const [before, again] = ris.heard
    assert.equal(again?.sopInstanceUid, before?.sopInstanceUid, 'a repeat is known by its UID')
    assert.match(
      readDataset(again!.dataset!, again!.transferSyntaxUid).text('StudyInstanceUID') ?? '',
      /^1\.2\.826\.0\.1\.8\./,
    )
  } finally {
    await box.kill()
    await scanner.stop()
    await ris.stop()
  }
})
