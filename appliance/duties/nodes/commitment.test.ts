import assert from 'node:assert/strict'
import { readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import {
  type Box,
  type BoxOptions,
  createTime,
  startBox,
} from '../../../test/conformance/nodes/box.ts'
import { freshFolders } from '../../../test/faults/holdings.ts'
import { ctImageStorage } from '../../../test/faults/images.ts'
import { eventually, freePort } from '../../../test/peers/programs.ts'
import type { Fault } from '../../faults.ts'
import { silentLog } from '../../log.ts'
import { explicitLittleEndian, writeDataset } from '../../standard/dicom/dicom.ts'
import { connect, createAcceptor } from '../../standard/dimse/dimse.ts'
import type { Reference } from './nodes.ts'
import type { Notice } from './notice.ts'
import { commitmentElements } from './references.ts'
import { storageCommitmentInstance, storageCommitmentSopClass } from './services.ts'
import { keyFor } from './shelves.ts'

const freshFolder = freshFolders(after)
const start = async (aet: string, more: Partial<BoxOptions> = {}) =>
  startBox({ aet, folder: await freshFolder(), ...more })
const of = (instance: number, sopClassUid = ctImageStorage): Reference => ({
  sopClassUid,
  sopInstanceUid: `1.2.826.0.1.1.1.${instance}`,
})

/** Who asks, and who promises; each knows the other. */
async function pair(promiser: Partial<BoxOptions> = {}, asker: Partial<BoxOptions> = {}) {
  const far = await start('FAR', promiser)
  const near = await start('NEAR', asker)
  await far.knows('near', 'NEAR', near.port)
  await near.knows('far', 'FAR', far.port)
  return { near, far, node: near.nodes.get('far')! }
}

const reported = (box: Box, uid: string) =>
  eventually(() => {
    const request = box.commitments.of(uid)
    return request?.state === 'pending' ? undefined : request
  }, 'the report')

test('what is kept is committed, on the association of the request', async () => {
  const { near, far, node } = await pair()
  for (const instance of [1, 2]) await far.receive({ instance })
  const { transactionUid } = await near.commitments.request(node, [of(1), of(2)])
  const request = await reported(near, transactionUid)
  assert.equal(request.state, 'committed')
  assert.deepEqual(request.committed, [of(1), of(2)])
  await eventually(() => [...far.notices.waiting()].length === 0, 'nothing is owed')
  const record = await eventually(
    () => far.records.find(each => each.requests['N-EVENT-REPORT']),
    'the record',
  )
  assert.equal(record.direction, 'incoming', 'no association was needed for the report')
  assert.equal(record.outcome, 'released')
  await near.stop()
  await far.stop()
})

test('a transaction with a UID of the caller’s is asked for again until its report came', async () => {
  const { near, far, node } = await pair()
  await far.receive({ instance: 1 })
  const asked = { transactionUid: '1.2.3.4.5' }
  // Nobody listens there: the request is known, and refused.
  await assert.rejects(near.commitments.request({ ...node, port: 1 }, [of(1)], asked))
  assert.deepEqual(await near.commitments.request(node, [of(1)], asked), asked)
  const request = await reported(near, asked.transactionUid)
  assert.equal(request.state, 'committed')
  assert.deepEqual(await near.commitments.request({ ...node, port: 1 }, [of(1)], asked), asked)
  assert.deepEqual(near.commitments.of(asked.transactionUid), request)
  assert.equal([...near.commitments.requests()].length, 1)
  await near.stop()
  await far.stop()
})

test('what is not here, of another class, or damaged is not promised, each with its reason', async () => {
  const folder = await freshFolder()
  const { near, far, node } = await pair({ folder })
  for (const instance of [1, 2, 3]) await far.receive({ instance, pixels: instance * 1000 })
  // The blob of instance 3, the largest, loses a bit behind the archive's back.
  const blobs = readdirSync(join(folder, 'blobs'), { recursive: true, encoding: 'utf8' })
    .map(name => join(folder, 'blobs', name))
    .filter(path => statSync(path).isFile())
    .sort((a, b) => statSync(b).size - statSync(a).size)
  const { size } = statSync(blobs[0]!)
  writeFileSync(blobs[0]!, Buffer.alloc(1, 0xee), { flag: 'r+' })
  assert.equal(statSync(blobs[0]!).size, size)
  const asked = [of(1), of(2, '1.2.840.10008.5.1.4.1.1.4'), of(3), of(4)]
  const { transactionUid } = await near.commitments.request(node, asked)
  const request = await reported(near, transactionUid)
  assert.equal(request.state, 'failed')
  assert.deepEqual(request.committed, [of(1)])
  assert.deepEqual(
    request.failures.map(({ sopInstanceUid, reason }) => [sopInstanceUid.at(-1), reason]),
    [
      ['2', 0x0119],
      ['3', 0x0110],
      ['4', 0x0112],
    ],
  )
  await near.stop()
  await far.stop()
})

test('what came under UIDs with leading zeros, as some devices write them, is promised as any other', async () => {
  const { near, far, node } = await pair()
  const odd = { sopClassUid: ctImageStorage, sopInstanceUid: '1.2.826.0.01.007' }
  await far.receive({ more: [{ tag: 'SOPInstanceUID', value: odd.sopInstanceUid }] })
  await far.receive({ instance: 2 })
  const { transactionUid } = await near.commitments.request(node, [odd, of(2)])
  const request = await reported(near, transactionUid)
  assert.deepEqual(request.committed, [odd, of(2)])
  await near.stop()
  await far.stop()
})

/** Asks as a scanner does that goes as soon as its request is taken; what it was answered. */
async function askAndGo(
  port: number,
  transactionUid: string,
  references: Reference[],
  callingAeTitle = 'NEAR',
): Promise<number | undefined> {
  const association = await connect({
    ...{ host: '127.0.0.1', port, callingAeTitle, calledAeTitle: 'FAR', log: silentLog },
    contexts: [
      { abstractSyntax: storageCommitmentSopClass, transferSyntaxes: [explicitLittleEndian] },
    ],
  })
  const elements = commitmentElements({ transactionUid, references, failures: [] })
  const [reply] = await Array.fromAsync(
    association.perform({
      ...{ operation: 'N-ACTION', sopClassUid: storageCommitmentSopClass, actionTypeId: 1 },
      sopInstanceUid: storageCommitmentInstance,
      dataset: writeDataset(elements, explicitLittleEndian),
    }),
  )
  association.abort()
  return reply?.status
}

test('a requester that takes none of 10,000 reports is promised nothing more, and others are', async () => {
  const far = await start('FAR')
  await far.receive({ instance: 1 })
  const notice = (at: number): Notice => ({
    ...{ id: `1.2.${at}`, to: { aet: 'NEAR', address: '127.0.0.1' }, kind: 'commitment', since: 0 },
    about: { transactionUid: `1.2.${at}`, references: [of(1)] },
  })
  const waiting = Array.from({ length: 10_000 }, (_, at) => notice(at))
  far.store.space('notices').commit({ put: waiting.map(each => [keyFor(each), each]) })
  assert.equal(await askAndGo(far.port, '1.3', [of(1)]), 0x0213)
  assert.equal(await askAndGo(far.port, '1.3', [of(1)], 'OTHER'), 0x0000)
  await far.stop()
})

test('a report that is refused on the association of its request is owed, and why is known', async () => {
  const far = await start('FAR')
  await far.receive({ instance: 1 })
  const association = await connect({
    ...{ host: '127.0.0.1', port: far.port, callingAeTitle: 'STRANGER', calledAeTitle: 'FAR' },
    contexts: [
      { abstractSyntax: storageCommitmentSopClass, transferSyntaxes: [explicitLittleEndian] },
    ],
    services: {
      operations: {
        'N-EVENT-REPORT': async () => ({ status: 0x0110, errorComment: 'database is down' }),
      },
    },
    log: silentLog,
  })
  const elements = commitmentElements({
    ...{ transactionUid: '1.2.3', references: [of(1)], failures: [] },
  })
  await Array.fromAsync(
    association.perform({
      ...{ operation: 'N-ACTION', sopClassUid: storageCommitmentSopClass, actionTypeId: 1 },
      sopInstanceUid: storageCommitmentInstance,
      dataset: writeDataset(elements, explicitLittleEndian),
    }),
  )
  const why = await eventually(() => [...far.notices.waiting()][0]?.why, 'the reason')
  assert.match(why, /0x0110: database is down/)
  await association.release()
  await far.stop()
})

test('a requester that is down for an hour is told when it is back, over a restart between', async () => {
  const time = createTime()
  const folder = await freshFolder()
  let far = await start('FAR', { folder, time })
  await far.receive({ instance: 1 })
  const port = await freePort()
  await far.knows('near', 'NEAR', port)
  assert.equal(await askAndGo(far.port, '1.2.3.4.5', [of(1)]), 0x0000)
  // Two attempts, and a restart that forgets nothing.
  for (const tries of [1, 2]) {
    await eventually(() => [...far.notices.waiting()][0]?.failures === tries, 'an attempt')
    time.pass(600)
  }
  await far.stop()
  far = await start('FAR', { folder, time })
  await eventually(() => ([...far.notices.waiting()][0]?.failures ?? 0) > 0, 'an attempt')
  for (let minutes = 0; minutes < 60; minutes += 10) {
    const before = [...far.notices.waiting()][0]!.failures
    time.pass(600)
    await eventually(() => [...far.notices.waiting()][0]!.failures > before, 'an attempt')
  }
  assert.match([...far.notices.waiting()][0]?.why ?? '', /ECONNREFUSED/)
  const heard: (number | undefined)[] = []
  const stopping = new AbortController()
  const requester = createAcceptor({
    ...{ host: '127.0.0.1', port, aeTitles: ['NEAR'], log: silentLog },
    offers: () => ({ transferSyntaxes: 'any', callerMayBeScp: true }),
    services: {
      operations: {
        // At first it fails inside, which is no taking.
        'N-EVENT-REPORT': async ({ eventTypeId }) =>
          heard.push(eventTypeId) === 1 ? { status: 0x0110 } : { status: 0 },
      },
    },
  })
  const running = requester.run(stopping.signal)
  await requester.listening
  time.pass(600)
  await eventually(() => /0x0110/.test([...far.notices.waiting()][0]?.why ?? ''), 'a refusal')
  time.pass(600)
  await eventually(() => [...far.notices.waiting()].length === 0, 'the report is taken')
  assert.deepEqual(heard, [1, 1])
  stopping.abort()
  await running
  await far.stop()
})

test('a report that is owed is told of until it is taken or withdrawn, over a restart too', async () => {
  const time = createTime()
  const folder = await freshFolder()
  const told: unknown[] = []
  const reported: BoxOptions['reported'] = (owed, how) => told.push([owed, how])
  let far = await start('FAR', { folder, time, reported })
  await far.receive({ instance: 1 })
  await askAndGo(far.port, '1.2.3.4.5', [of(1)])
  // It is looked at on the association that just went.
  const waiting = await eventually(
    () => [...far.commitments.owed()].find(({ state }) => state === 'waiting'),
    'what is owed',
  )
  const { progress: _, ...owed } = waiting
  assert.deepEqual(owed, {
    ...{ id: waiting.id, transactionUid: '1.2.3.4.5', aet: 'NEAR', address: '127.0.0.1' },
    ...{ calledAet: 'FAR', since: Date.UTC(2026, 0, 2, 3, 4, 5), state: 'waiting' },
  })
  assert.match(waiting.id, /^[\da-f]{8}-[\da-f]{4}-8[\da-f]{3}-9[\da-f]{3}-[\da-f]{12}$/)
  // Now it is known, and not there.
  await far.knows('near', 'NEAR', await freePort())
  const retrying = await eventually(() => {
    const [owed] = far.commitments.owed()
    return owed?.state === 'retrying' ? owed : undefined
  }, 'an attempt')
  assert.equal(retrying.progress, 2 / 3)
  assert.match(retrying.why ?? '', /ECONNREFUSED/)
  await far.stop()
  far = await start('FAR', { folder, time, reported })
  const again = await eventually(() => [...far.commitments.owed()][0], 'what is owed')
  assert.equal(again.id, waiting.id)
  assert.deepEqual(told, [])
  assert.equal(await far.commitments.withdraw('nobody'), false)
  assert.equal(await far.commitments.withdraw(again.id), true)
  assert.equal(await far.commitments.withdraw(again.id), false)
  assert.deepEqual([...far.commitments.owed()], [])
  const [[last, how] = []] = told as [{ id: string }, string][]
  assert.deepEqual([last?.id, how, told.length], [waiting.id, 'dropped', 1])
  await far.stop()
})

test('a report comes on a new association when the old one is gone, before the restart or after it', async () => {
  const time = createTime()
  const nearFolder = await freshFolder()
  const farFolder = await freshFolder()
  const port = await freePort()
  const dicom = { port }
  let far = await start('FAR', { folder: farFolder, time })
  let near = await start('NEAR', { folder: nearFolder, dicom })
  await far.receive({ instance: 1 })
  // The requester is not known yet: where should a report go to?
  await near.knows('far', 'FAR', far.port)
  const { transactionUid } = await near.commitments.request(near.nodes.get('far')!, [of(1)])
  await reported(near, transactionUid)
  await near.stop()
  near = await start('NEAR', { folder: nearFolder, dicom })
  assert.equal(near.commitments.of(transactionUid)?.state, 'committed', 'a report is durable')

  assert.equal(await askAndGo(far.port, transactionUid, [of(1)]), 0x0000)
  await eventually(() => [...far.notices.waiting()].length === 1, 'the report is owed')
  await far.stop()
  far = await start('FAR', { folder: farFolder, time })
  assert.equal([...far.notices.waiting()].length, 1, 'a promise outlives the power')
  await far.knows('near', 'NEAR', port)
  await eventually(() => [...far.notices.waiting()].length === 0, 'the report is taken')
  const incoming = await eventually(
    () => near.records.find(each => each.direction === 'incoming'),
    'the record',
  )
  assert.deepEqual(incoming.requests['N-EVENT-REPORT'], { received: 1, sent: 0, failed: 0 })
  assert.equal(near.commitments.of(transactionUid)?.state, 'committed')
  await near.stop()
  await far.stop()
})

test('a request is kept before it goes out, and one that is not taken says so', async () => {
  const near = await start('NEAR')
  await near.knows('far', 'FAR', await freePort())
  const node = near.nodes.get('far')!
  const failed = (thrown: Fault) => thrown.code === 'peer-unreachable'
  await assert.rejects(near.commitments.request(node, [of(1)]), failed)
  const [request] = near.commitments.requests()
  assert.equal(request?.state, 'refused')
  assert.match(request?.why ?? '', /ECONNREFUSED/)
  assert.equal(await near.commitments.forget(request!.transactionUid), true)
  assert.deepEqual([...near.commitments.requests()], [])
  assert.equal(await near.commitments.forget(request!.transactionUid), false)
  await assert.rejects(
    near.commitments.request(node, []),
    (thrown: Fault) => thrown.code === 'request-malformed',
  )
  await near.stop()
})

test('a report on nothing that was asked is refused', async () => {
  const near = await start('NEAR')
  const dataset = writeDataset(
    commitmentElements({ transactionUid: '1.2.3', references: [of(1)], failures: [] }),
    explicitLittleEndian,
  )
  const event = { dataset, transferSyntaxUid: explicitLittleEndian }
  const answer = async (more: object) =>
    (await near.commitments.reported({ ...event, ...more })).status
  assert.equal(await answer({ eventTypeId: 1 }), 0x0115)
  assert.equal(await answer({ eventTypeId: 7 }), 0x0113)
  assert.equal(await answer({ eventTypeId: 1, dataset: undefined }), 0x0115)
  await near.stop()
})
