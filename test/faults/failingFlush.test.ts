import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { storeScu } from '../peers/dcmtk.ts'
import { eventually } from '../peers/programs.ts'
import { writeCt } from '../samples/synthetic.ts'
import { startBox } from '../whole/box.ts'
import { freshFolders } from './holdings.ts'
import { failingDisks, fill } from './smallDisk.ts'

const failingDisk = failingDisks(after)
const freshFolder = freshFolders(after)

test('when the disk fails LMDB’s own flush, nothing is acknowledged until one succeeds, and it resumes or says that it cannot', async t => {
  const disk = await failingDisk(80)
  if (!disk) return t.skip('may not mount a disk of its own here')
  const box = join(import.meta.dirname, 'failingBox.ts')
  const args = [box, disk.folder, disk.behind, await freshFolder()]
  const { status, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    timeout: 60_000,
  })
  assert.equal(status, 0, stderr)
})

test('a service whose catalogue is past help ends with 74 (or goes on, where it is not), and the next start has every image', async t => {
  const disk = await failingDisk(80)
  if (!disk) return t.skip('may not mount a disk of its own here')
  const folder = await freshFolder()
  const data = join(folder, 'data')
  const first = await startBox({ data, config: {} })
  const image = (instance: number) =>
    writeCt(folder, { uidRoot: '1.2.826.0.1.3680043.10.91', study: 1, instance }, 16)
  const [sent] = await storeScu(first.dicomPort, [image(1)])
  assert.equal(sent!.outcome, 'sent', sent!.said)
  assert.equal(await first.stop(), 0)
  cpSync(join(data, 'catalog'), join(disk.folder, 'catalog'), { recursive: true })
  renameSync(join(data, 'catalog'), join(folder, 'catalog-before'))
  symlinkSync(join(disk.folder, 'catalog'), join(data, 'catalog'))

  const box = await startBox({ data })
  let ended: unknown
  box.program.ended.then(code => (ended = code))
  const [patient] = await box.get<string[]>('/patients')
  const giveBack = fill(disk.behind, 0)
  for (let n = 0; n < 24; n++) {
    await fetch(`${box.url}/patients/${patient}/metadata/${1024 + n}`, {
      method: 'PUT',
      body: 'x'.repeat(1_000_000),
    })
  }
  const isStuck = () => box.log().some(line => line.event === 'catalogue-stuck')
  const gaveUp = await eventually(() => isStuck() || ended !== undefined, 'stuck', 30).catch(
    () => false,
  )
  giveBack()
  if (gaveUp) {
    await eventually(() => ended !== undefined, 'the end', 60)
    assert.equal(ended, 74, box.program.output())
    const told = box.log().find(line => line.event === 'catalogue-stuck')
    assert.match(String(told?.advice), /started again/)
  } else {
    // Where the disk failed no meta page, LMDB goes on.
    await eventually(async () => (await fetch(`${box.url}/readyz`)).ok, 'ready again')
    assert.equal(await box.stop(), 0)
  }

  const again = await startBox({ data })
  assert.equal((await again.get<string[]>('/instances')).length, 1)
  const [taken] = await storeScu(again.dicomPort, [image(2)])
  assert.equal(taken!.outcome, 'sent', taken!.said)
  assert.equal(await again.stop(), 0)
  rmSync(join(data, 'catalog'))
})
