import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Fault } from '../../faults.ts'
import { blobsContract } from './blobs.contract.ts'
import { openDisk } from './disk.ts'
import { createFolderSync } from './folders.ts'
import { behind } from './pour.ts'
import type { BlobKey } from './storage.ts'

const folders: string[] = []
after(() => Promise.all(folders.map(folder => rm(folder, { recursive: true, force: true }))))

async function freshFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'waystation-disk-'))
  folders.push(folder)
  return folder
}

async function* one(text: string) {
  yield Buffer.from(text)
}

blobsContract('disk', async () => openDisk({ folder: await freshFolder() }))

test('a key is never given again, also after its blob was removed and the box restarted', async () => {
  const folder = await freshFolder()
  const first = await openDisk({ folder })
  const { key } = await first.write(one('a'))
  await first.remove(key)
  const second = await openDisk({ folder, after: key })
  assert.ok((await second.write(one('b'))).key > key)
})

test('unfinished writes of the last run are swept, whole blobs and strange files are not', async () => {
  const folder = await freshFolder()
  const { key } = await (await openDisk({ folder })).write(one('kept'))
  // The files that were made ahead, and one of an earlier version.
  const leaf = join(folder, '000', '00')
  await writeFile(join(leaf, '00000007.part'), 'half')
  await writeFile(join(leaf, 'notes.txt'), 'not ours')
  const disk = await openDisk({ folder, after: key })
  assert.deepEqual((await readdir(leaf)).sort(), [`${key}.dcm`, 'notes.txt'].sort())
  assert.ok((await disk.write(one('next'))).key > '00000007')
})

test('a blob begins a new folder when the number of its key overflows the old', async () => {
  const folder = await freshFolder()
  const disk = await openDisk({ folder, after: '00000fff' as BlobKey })
  const { key } = await disk.write(one('x'))
  await disk.close()
  assert.equal(key, '00001000')
  assert.deepEqual(await readdir(join(folder, '000', '01')), ['00001000.dcm'])
  const again = await openDisk({ folder })
  assert.ok((await again.write(one('y'))).key > key)
})

test('files made ahead are empty, not listed, and gone when the box stops', async () => {
  const folder = await freshFolder()
  const disk = await openDisk({ folder })
  const { key } = await disk.write(one('x'))
  const leaf = join(folder, '000', '00')
  assert.ok((await readdir(leaf)).length > 1)
  assert.deepEqual(await Array.fromAsync(disk.keys()), [{ key, bytes: 1 }])
  await disk.close()
  assert.deepEqual(await readdir(leaf), [`${key}.dcm`])
})

test('more blobs at once than files are made ahead all get theirs', async () => {
  const disk = await openDisk({ folder: await freshFolder() })
  const written = await Promise.all(Array.from({ length: 50 }, (_, n) => disk.write(one(`${n}`))))
  assert.equal(new Set(written.map(each => each.key)).size, 50)
  await disk.close()
})

test('a folder that cannot be written to for a while is tried again by the next write', async () => {
  const folder = await freshFolder()
  const disk = await openDisk({ folder })
  await writeFile(join(folder, '000'), 'in the way')
  await assert.rejects(disk.write(one('x')), (fault: Fault) => fault.code === 'storage-failed')
  await rm(join(folder, '000'))
  await disk.write(one('x'))
  await disk.close()
})

test('a folder that is a file is refused', async () => {
  const folder = await freshFolder()
  await writeFile(join(folder, 'blobs'), '')
  await assert.rejects(
    openDisk({ folder: join(folder, 'blobs') }),
    (fault: Fault) => fault.code === 'data-folder-refused',
  )
})

test('a blob of any length is what was given, in one lot or in several, among many writers', async () => {
  const disk = await openDisk({ folder: await freshFolder() })
  const given = (length: number) => Uint8Array.from({ length }, (_, at) => at % 251)
  async function* inPieces(bytes: Uint8Array) {
    for (let at = 0; at < bytes.length; at += 65_000) yield bytes.subarray(at, at + 65_000)
  }
  const lengths = [0, 1, 786_431, 786_432, 786_433, 2_000_001]
  const many = Array.from({ length: 20 }, () => 300_000)
  await Promise.all(
    [...lengths, ...many].map(async length => {
      const { key, bytes } = await disk.write(inPieces(given(length)))
      assert.equal(bytes, length)
      const back = Buffer.concat(await Array.fromAsync(disk.read(key)))
      assert.ok(back.equals(given(length)), `${length} bytes came back otherwise`)
    }),
  )
  await disk.close()
})

test('a source that fails behind the first lot leaves nothing', async () => {
  const folder = await freshFolder()
  const disk = await openDisk({ folder })
  async function* broken() {
    for (let n = 0; n < 20; n++) yield Buffer.alloc(65_536, n)
    throw new Error('broken off')
  }
  await assert.rejects(disk.write(broken()), { message: 'broken off' })
  await disk.close()
  assert.deepEqual(await readdir(join(folder, '000', '00')), [])
})

test('the room on the volume is told', async () => {
  const { free, total } = await (await openDisk({ folder: await freshFolder() })).room()
  assert.ok(free > 0 && free < total)
})

test('folder syncs are shared by all who ask while one is running, but never joined late', async () => {
  const begun: (() => void)[] = []
  const sync = createFolderSync(() => new Promise(resolve => begun.push(resolve)))
  const settled: string[] = []
  const ask = (name: string) => sync('/folder').then(() => settled.push(name))
  const all = [ask('a'), ask('b'), ask('c')]
  assert.equal(begun.length, 1)
  begun[0]!()
  await all[0]
  assert.deepEqual(settled, ['a'])
  await new Promise(setImmediate)
  assert.equal(begun.length, 2)
  begun[1]!()
  await Promise.all(all)
  assert.deepEqual(settled, ['a', 'b', 'c'])
})

test('a folder sync that fails fails those who waited for it, not those after', async () => {
  let fail = true
  const sync = createFolderSync(async () => {
    if (fail) throw new Error('EIO')
  })
  await assert.rejects(sync('/folder'))
  fail = false
  await sync('/folder')
})

test('what a short write left over is exactly the rest', () => {
  const lot = [Buffer.from('abc'), Buffer.from('de'), Buffer.from('fgh')]
  for (let written = 0; written < 8; written++) {
    assert.equal(Buffer.concat(behind(lot, written)).toString(), 'abcdefgh'.slice(written))
  }
})
