import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { freshFolders } from '../../faults/holdings.ts'
import { accepting, end, eventually, freePort, type Program, start } from '../../peers/programs.ts'
import { storesFindsAndGivesBack } from './archive.ts'
import { type Box, startBox } from './box.ts'

const program = '/usr/bin/dcmqrscp'
const absent = existsSync(program) ? false : 'not installed: apt-get install dcmtk'

describe('DCMTK’s archive, dcmqrscp', { skip: absent }, () => {
  const freshFolder = freshFolders(after)
  let box: Box
  let archive: Program
  let images: string
  before(async () => {
    const folder = await freshFolder()
    images = join(folder, 'images')
    mkdirSync(images)
    const port = await freePort()
    box = await startBox({ aet: 'BOX', folder: await freshFolder() })
    const settings = join(folder, 'dcmqrscp.cfg')
    writeFileSync(
      settings,
      [
        ...[`NetworkTCPPort = ${port}`, 'MaxPDUSize = 16384', 'MaxAssociations = 16'],
        ...['HostTable BEGIN', `box = (BOX, 127.0.0.1, ${box.port})`, 'HostTable END'],
        ...['VendorTable BEGIN', 'VendorTable END'],
        ...['AETable BEGIN', `QRSCP ${images} RW (200, 1024mb) ANY`, 'AETable END', ''],
      ].join('\n'),
    )
    archive = start(program, ['-c', settings])
    await accepting(port, archive)
    await box.knows('qrscp', 'QRSCP', port)
  })
  after(async () => {
    await end(archive)
    await box.stop()
  })

  test('takes what is stored there, finds it, gives it back and moves it here', () =>
    storesFindsAndGivesBack(box, 'qrscp'))

  test('is where a C-MOVE asked of the box sends to', async () => {
    for (const instance of [1, 2, 3]) await box.receive({ study: 2, instance })
    const before = readdirSync(images).length
    const mover = start('movescu', [
      ...['-v', '-S', '-aet', 'MOVER', '-aec', 'BOX', '-aem', 'QRSCP'],
      ...['-k', 'QueryRetrieveLevel=STUDY', '-k', 'StudyInstanceUID=1.2.826.0.1.2'],
      ...['127.0.0.1', String(box.port)],
    ])
    assert.equal(await mover.ended, 0, mover.output())
    await eventually(() => readdirSync(images).length === before + 3, 'three images', 10)
  })

  test('its refusal of a C-MOVE to whom it does not know is told', async () => {
    const identifier = [{ tag: 'StudyInstanceUID', value: '1.2.826.0.1.1' }]
    const stranger = { ...box.nodes.get('qrscp')!, localAet: 'STRANGER' }
    const asked = Array.fromAsync(box.asking.move(stranger, { level: 'Study', identifier }))
    await assert.rejects(asked, { code: 'peer-failed', detail: /A801/ })
  })
})
