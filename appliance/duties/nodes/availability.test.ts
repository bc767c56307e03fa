import assert from 'node:assert/strict'
import { truncateSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { createTime, startBox } from '../../../test/conformance/nodes/box.ts'
import { freshFolders } from '../../../test/faults/holdings.ts'
import { eventually, freePort } from '../../../test/peers/programs.ts'
import { silentLog } from '../../log.ts'
import { readDataset } from '../../standard/dicom/dicom.ts'
import { createAcceptor } from '../../standard/dimse/dimse.ts'
import { availabilitySopClass } from './services.ts'

const freshFolder = freshFolders(after)

/** A node that takes Instance Availability Notifications, and the SOP Instance UIDs it heard of. */
async function startListener(port: number) {
  const heard: string[][] = []
  const availabilities: string[][] = []
  const stopping = new AbortController()
  const listener = createAcceptor({
    ...{ host: '127.0.0.1', port, aeTitles: 'any', log: silentLog },
    offers: uid => (uid === availabilitySopClass ? { transferSyntaxes: 'any' } : undefined),
    services: {
      operations: {
        'N-CREATE': async ({ dataset, transferSyntaxUid }) => {
          const said = readDataset(dataset!, transferSyntaxUid)
          const held = said
            .items('ReferencedSeriesSequence')
            .flatMap(each => each.items('ReferencedSOPSequence'))
          assert.equal(said.text('StudyInstanceUID'), '1.2.826.0.1.1')
          availabilities.push(held.map(each => each.text('InstanceAvailability') ?? ''))
          heard.push(held.map(each => each.text('ReferencedSOPInstanceUID') ?? ''))
          return { status: 0 }
        },
      },
    },
  })
  const running = listener.run(stopping.signal)
  await listener.listening
  return {
    heard,
    availabilities,
    async stop() {
      stopping.abort()
      await running
    },
  }
}

test('a node is told of each instance, or of the whole study when it is stable, as it asks', async () => {
  const [each, whole] = [await freePort(), await freePort()]
  const settings = { stableAge: 1 }
  const box = await startBox({ aet: 'BOX', folder: await freshFolder(), settings })
  await box.knows('ris', 'RIS', each, { availability: 'instance' })
  await box.knows('pacs', 'PACS', whole, { availability: 'study' })
  const [ris, pacs] = [await startListener(each), await startListener(whole)]
  for (const instance of [1, 2]) await box.receive({ instance })
  await eventually(() => ris.heard.length === 2, 'word of each')
  assert.deepEqual(ris.heard.flat().sort(), ['1.2.826.0.1.1.1.1', '1.2.826.0.1.1.1.2'])
  await eventually(() => pacs.heard.length === 1, 'word of the study')
  assert.deepEqual(pacs.heard[0]?.sort(), ['1.2.826.0.1.1.1.1', '1.2.826.0.1.1.1.2'])
  assert.deepEqual(pacs.availabilities, [['ONLINE', 'ONLINE']])
  await box.stop()
  await ris.stop()
  await pacs.stop()
})

test('what a node could not be told is told after a restart, and not of what has gone', async () => {
  const port = await freePort()
  const time = createTime()
  const folder = await freshFolder()
  let box = await startBox({ aet: 'BOX', folder, time })
  await box.knows('ris', 'RIS', port, { availability: 'instance' })
  await box.receive({ instance: 1 })
  const { instance } = await box.receive({ instance: 2 })
  await eventually(() => [...box.notices.waiting()].length === 2, 'both are owed')
  await box.archive.remove(instance.id)
  await box.stop()
  const ris = await startListener(port)
  box = await startBox({ aet: 'BOX', folder, time })
  await eventually(() => [...box.notices.waiting()].length === 0, 'nothing is owed')
  assert.deepEqual(ris.heard, [['1.2.826.0.1.1.1.1']])
  await box.stop()
  await ris.stop()
})

test('what was found damaged meanwhile is not told as there', async () => {
  const port = await freePort()
  const box = await startBox({
    aet: 'BOX',
    folder: await freshFolder(),
    settings: { stableAge: 1 },
  })
  // Nobody listens there yet: the word is owed, and said as it is when it is taken.
  await box.knows('pacs', 'PACS', port, { availability: 'study' })
  const { instance } = await box.receive({ instance: 1 })
  await box.receive({ instance: 2 })
  await eventually(() => [...box.notices.waiting()].length === 1, 'it is owed')
  truncateSync(join(box.folder, 'blobs/000/00', `${instance.blob}.dcm`), 100)
  box.archive.scrub.begin()
  await eventually(() => box.archive.damaged().length > 0, 'the scrub')
  const pacs = await startListener(port)
  await box.knows('pacs', 'PACS', port, { availability: 'study' })
  await eventually(() => pacs.heard.length === 1, 'word of the study')
  assert.deepEqual(pacs.availabilities[0]?.sort(), ['ONLINE', 'UNAVAILABLE'])
  await box.stop()
  await pacs.stop()
})
