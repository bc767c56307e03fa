import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Fault } from '../../appliance/faults.ts'
import { pause } from '../../appliance/host/health/health.ts'
import { silentLog } from '../../appliance/log.ts'
import { connect, verificationSopClass } from '../../appliance/standard/dimse/dimse.ts'
import { startBox } from '../conformance/nodes/box.ts'
import { storeScu } from '../peers/dcmtk.ts'
import { eventually } from '../peers/programs.ts'
import { writeCt } from '../samples/synthetic.ts'
import { freshFolders } from './holdings.ts'
import { imageOf, inPieces } from './images.ts'
import { fill, smallDisks } from './smallDisk.ts'

const smallDisk = smallDisks(after)
const freshFolder = freshFolders(after)

test('over the wire: what wants to send images alone is refused as transient, all else is served, A700', async t => {
  const folder = await smallDisk(60)
  if (!folder) return t.skip('may not mount a disk of its own here')
  let time = 0
  const box = await startBox({
    ...{ folder, aet: 'BOX', settings: { reserve: '4 MB' } },
    elapsed: () => time,
    pause: (_, stop) => pause(5, stop),
  })
  const call = (...classes: string[]) =>
    connect({
      ...{ host: '127.0.0.1', port: box.port, log: silentLog },
      ...{ callingAeTitle: 'CT', calledAeTitle: 'BOX' },
      contexts: classes.map(abstractSyntax => ({
        abstractSyntax,
        transferSyntaxes: ['1.2.840.10008.1.2.1'],
      })),
    })
  const { announced, dataset } = imageOf({ instance: 1 })
  const send = (association: Awaited<ReturnType<typeof call>>) =>
    association.store({ ...announced, data: inPieces(dataset, 65_536) })
  const open = await call(announced.sopClassUid)
  const giveBack = fill(folder, 0)
  time += 60_000
  const reply = await send(open)
  assert.equal(reply.status, 0xa700)
  assert.match(reply.errorComment ?? '', /less than 4 MB are free|ENOSPC/)
  await open.release()

  await assert.rejects(
    call(announced.sopClassUid),
    (thrown: Fault) => thrown.code === 'peer-refused' && /\(transient\)/.test(thrown.detail),
  )
  const record = await eventually(() => box.records.at(-1), 'the record')
  assert.deepEqual(record.rejection, { result: 'transient', source: 3, reason: 2 })
  assert.match(record.sentence, /disk is full/)
  const sample = writeCt(await freshFolder(), { uidRoot: '1.2.3', study: 1, instance: 1 }, 8)
  const [refused] = await storeScu(box.port, [sample])
  assert.notEqual(refused!.outcome, 'sent')

  const both = await call(verificationSopClass, announced.sopClassUid)
  assert.equal((await both.echo()).status, 0)
  assert.equal((await send(both)).status, 0xa700)

  giveBack()
  time += 60_000
  await eventually(() => box.archive.readiness() === 'receiving', 'receiving again')
  assert.equal((await send(both)).status, 0)
  await both.release()
  const [taken] = await storeScu(box.port, [sample])
  assert.equal(taken!.outcome, 'sent', taken!.said)
  assert.equal(box.archive.catalog.totals().instances, 2)
  await box.stop()
})
