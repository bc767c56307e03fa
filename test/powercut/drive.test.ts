import assert from 'node:assert/strict'
import { truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { temporaryFolder } from '../whole/box.ts'
import { chance } from './chance.ts'
import { type Drive, openDrive } from './drive.ts'

const folder = temporaryFolder()
after(() => folder.remove())
const open: Drive[] = []
after(() => open.forEach(drive => void drive.close()))

function freshDrive(name: string, sectors: number): Drive {
  const file = join(folder.path, name)
  writeFileSync(file, '')
  truncateSync(file, sectors * 512)
  const drive = openDrive(file, () => 0)
  open.push(drive)
  return drive
}

const filled = (length: number, value: number) => Buffer.alloc(length, value)
/** The first byte of each sector. */
const seen = (drive: Drive) =>
  Array.from({ length: drive.size / 512 }, (_, index) => drive.read(index * 512, 1)[0]!)

test('what was flushed, or written through the cache, survives every cut', async () => {
  const drive = freshDrive('flushed', 64)
  drive.write(0, filled(32 * 512, 1), false)
  await drive.flush()
  drive.write(32 * 512, filled(32 * 512, 2), true)
  for (let cut = 0; cut < 20; cut++) drive.cut(chance(cut))
  assert.deepEqual(seen(drive), [...Array(32).fill(1), ...Array(32).fill(2)])
})

test('what was not flushed is read back, and after a cut partly what it was before', async () => {
  const drive = freshDrive('unflushed', 4096)
  drive.write(0, filled(4096 * 512, 1), false)
  await drive.flush()
  const fates = new Set<string>()
  for (let cut = 0; cut < 40; cut++) {
    drive.write(0, filled(4096 * 512, 2), false)
    assert.ok(seen(drive).every(byte => byte === 2))
    const { unflushed, lost } = drive.cut(chance(cut))
    const back = seen(drive).filter(byte => byte === 1).length
    assert.deepEqual([unflushed, lost], [4096, back])
    fates.add(back === 0 ? 'none' : back === 4096 ? 'all' : 'some')
    drive.write(0, filled(4096 * 512, 1), true)
  }
  assert.ok(fates.has('all') && fates.has('some'))
})

test('a sector written twice since the last flush goes back to what was flushed', async () => {
  const drive = freshDrive('twice', 1)
  drive.write(0, filled(512, 1), false)
  await drive.flush()
  drive.write(0, filled(512, 2), false)
  drive.write(0, filled(512, 3), false)
  drive.cut(() => 0)
  assert.deepEqual(seen(drive), [1])
})

test('a flush that the cut came before covers nothing', async () => {
  const drive = freshDrive('late', 1)
  drive.write(0, filled(512, 2), false)
  const flushing = drive.flush()
  drive.cut(() => 0)
  await flushing
  assert.deepEqual(seen(drive), [0])
})
