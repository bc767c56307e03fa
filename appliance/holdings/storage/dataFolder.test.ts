import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Fault } from '../../faults.ts'
import { claimDataFolder } from './dataFolder.ts'

const folders: string[] = []
after(() => Promise.all(folders.map(folder => rm(folder, { recursive: true, force: true }))))

async function freshFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'waystation-folder-'))
  folders.push(folder)
  return folder
}

const refused = (thrown: Fault) => thrown.code === 'data-folder-refused'

test('an empty or missing folder becomes ours, and stays the same over restarts', async () => {
  const folder = await freshFolder()
  const first = await claimDataFolder(folder)
  await first.release()
  const second = await claimDataFolder(folder)
  assert.equal(second.id, first.id)
  await second.release()
  const deep = await claimDataFolder(join(folder, 'a', 'b'))
  assert.notEqual(deep.id, first.id)
  await deep.release()
  const volume = await freshFolder()
  await mkdir(join(volume, 'lost+found'))
  await (await claimDataFolder(volume)).release()
})

test('a folder of somebody else, of a newer version, or that is none, is refused untouched', async () => {
  const foreign = await freshFolder()
  await writeFile(join(foreign, 'thesis.txt'), 'mine')
  const newer = await freshFolder()
  const mark = { product: 'Waystation', format: 99, id: 'x' }
  await writeFile(join(newer, 'waystation.json'), JSON.stringify(mark))
  const strange = await freshFolder()
  await writeFile(join(strange, 'waystation.json'), '{"product":"Other","format":1}')
  const broken = await freshFolder()
  await writeFile(join(broken, 'waystation.json'), '{"prod')
  for (const folder of [foreign, newer, strange, broken]) {
    const [name] = await readdir(folder)
    const before = await readFile(join(folder, name!), 'utf8')
    await assert.rejects(claimDataFolder(folder), refused)
    assert.deepEqual(await readdir(folder), [name])
    assert.equal(await readFile(join(folder, name!), 'utf8'), before)
  }
  await assert.rejects(claimDataFolder(join(foreign, 'thesis.txt')), refused)
  await assert.rejects(claimDataFolder('/proc/waystation'), refused)
})

test('two processes do not share a folder; one that was killed does not block it', async () => {
  const folder = await freshFolder()
  const holder = await claimDataFolder(folder)
  await assert.rejects(claimDataFolder(folder), refused)
  await holder.release()
  // Its number is in use again, by a process that began at another time.
  await symlink(`${process.pid}-1-00000000`, join(folder, 'waystation.lock'))
  await (await claimDataFolder(folder)).release()
})
