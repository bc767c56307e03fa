import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { keyOf, openStore } from '../../appliance/holdings/catalog/catalog.ts'
import { fill, remount, smallDisks } from '../faults/smallDisk.ts'
import { storeScu } from '../peers/dcmtk.ts'
import { eventually, start } from '../peers/programs.ts'
import { writeCt } from '../samples/synthetic.ts'
import { type Box, startBox, temporaryFolder } from './box.ts'

/**
 * What a start meets: a sentence, an exit code of sysexits.h, nothing changed on disk. 78 is for a
 * person to mend, 74 for whoever makes room.
 */
const folder = temporaryFolder()
after(() => folder.remove())
const smallDisk = smallDisks(after)
const noDisk = 'may not mount a disk of its own here'
const waystation = join(import.meta.dirname, '../../appliance/waystation.sh')

function fingerprint(path: string): string {
  const files = readdirSync(path, { recursive: true, encoding: 'utf8' }).sort()
  const hash = createHash('sha256')
  for (const name of files) {
    hash.update(`${name}\n`)
    if (statSync(join(path, name)).isFile()) hash.update(readFileSync(join(path, name)))
  }
  return hash.digest('hex')
}

/** Below `around`, the data folder or one above it, all is as it was. */
async function assertRefused(
  data: string,
  sentence: RegExp,
  { code = 78, around = data, as = [] as string[] } = {},
): Promise<void> {
  const before = fingerprint(around)
  const ports = ['--http-port', '0', '--dicom-port', '0']
  const [command, ...args] = [...as, 'sh', waystation, 'serve', '--data', data, ...ports]
  const program = start(command!, args)
  assert.equal(await program.ended, code, program.output())
  assert.match(program.output(), sentence)
  // A sentence for a person, no trace of the program's inside.
  assert.doesNotMatch(program.output(), /^ +at /m)
  assert.equal(fingerprint(around), before)
}

function oldFolder(name: string): string {
  const data = join(folder.path, name)
  mkdirSync(data)
  const sample = join(import.meta.dirname, '../samples/schemas/1.tar.gz')
  execFileSync('tar', ['-xzf', sample, '-C', data])
  return data
}

test('a folder with something else in it is refused', async () => {
  const data = join(folder.path, 'photos')
  mkdirSync(data)
  writeFileSync(join(data, 'holiday.jpg'), 'not ours')
  await assertRefused(data, /not empty/)
})

test('a data folder of a newer format is refused', async () => {
  const data = oldFolder('newer-format')
  writeFileSync(join(data, 'waystation.json'), '{"product":"Waystation","format":99,"id":"x"}\n')
  await assertRefused(data, /newer version/)
})

test('a catalogue of a newer version is refused', async () => {
  const data = oldFolder('newer-catalogue')
  const store = await openStore({ folder: join(data, 'catalog') })
  store.space('c').commit({ put: [[`m${keyOf('schema').slice(0, -1)}`, 99]] })
  await store.close()
  // A reader's slots are no content.
  execFileSync('rm', [join(data, 'catalog', 'catalog.mdb-lock')])
  const before = readFileSync(join(data, 'catalog', 'catalog.mdb'))
  const ports = ['--http-port', '0', '--dicom-port', '0']
  const program = start('sh', [waystation, 'serve', '--data', data, ...ports])
  assert.equal(await program.ended, 78, program.output())
  assert.match(program.output(), /newer version/)
  assert.ok(before.equals(readFileSync(join(data, 'catalog', 'catalog.mdb'))))
})

test('a data folder that is a file is refused', async () => {
  const data = join(folder.path, 'file')
  writeFileSync(data, 'a file')
  const program = start('sh', [waystation, 'serve', '--data', data])
  assert.equal(await program.ended, 78, program.output())
  assert.equal(readFileSync(data, 'utf8'), 'a file')
})

test('a folder where nothing can be made is refused', async () => {
  const program = start('sh', [waystation, 'serve', '--data', '/proc/waystation'])
  assert.equal(await program.ended, 78, program.output())
  assert.match(program.output(), /data folder cannot be used/)
})

test('a read-only disk is refused, with a data folder on it and without', async t => {
  const disk = await smallDisk(80)
  if (!disk) return t.skip(noDisk)
  const ours = join(disk, 'ours')
  mkdirSync(ours)
  execFileSync('cp', ['-r', `${oldFolder('for-read-only')}/.`, ours])
  mkdirSync(join(disk, 'empty'))
  remount(disk, 'ro')
  for (const name of ['ours', 'empty', 'missing']) {
    await assertRefused(join(disk, name), /read-only file system/, { around: disk })
  }
})

test('a folder of another user is refused', async t => {
  if (process.getuid?.() !== 0) return t.skip('only root can become another user')
  const data = oldFolder('of-root')
  chmodSync(folder.path, 0o755)
  const as = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
  await assertRefused(data, /permission denied/, { as })
  await assertRefused(join(data, 'below'), /permission denied/, { as, around: data })
})

test('a first start on a full disk is refused with 74', async t => {
  const disk = await smallDisk(40)
  if (!disk) return t.skip(noDisk)
  const data = join(disk, 'data')
  for (const leave of [0, 10_000_000]) {
    const giveBack = fill(disk, leave)
    await assertRefused(data, /disk is full/, { code: 74, around: disk })
    giveBack()
  }
  mkdirSync(data)
  fill(disk, 0)
  await assertRefused(data, /disk is full/, { code: 74, around: disk })
})

/** A box with images in it, ended as a power cut ends it. */
async function killedBox(data: string, config: unknown): Promise<string[]> {
  const box = await startBox({ data, config })
  const uidRoot = '1.2.826.0.1.3680043.10.89'
  const images = [1, 2, 3].map(instance =>
    writeCt(folder.path, { uidRoot, study: 1, instance }, 16),
  )
  for (const { outcome, said } of await storeScu(box.dicomPort, images)) {
    assert.equal(outcome, 'sent', said)
  }
  const ids = await box.get<string[]>('/instances')
  await box.kill()
  return ids
}

const hasImage = async (box: Box, id: string) =>
  (await fetch(`${box.url}/instances/${id}/file`)).status === 200

test('on a full disk a box that has its images starts: it serves, says why it takes none, and resumes', async t => {
  const disk = await smallDisk(80)
  if (!disk) return t.skip(noDisk)
  const data = join(disk, 'data')
  const config = { archive: { reserve: '4 MB' } }
  const [first] = await killedBox(data, config)
  // What LMDB maps for writing must have its blocks before.
  rmSync(join(data, 'catalog', 'catalog.mdb-lock'))
  writeFileSync(join(data, 'catalog', 'catalog.mdb-lock'), Buffer.alloc(8_272, 1))
  const giveBack = fill(disk, 0)
  const box = await startBox({ data, args: ['--config', `${data}.json`] })
  assert.ok(await hasImage(box, first!))
  const ready = await eventually(async () => {
    const response = await fetch(`${box.url}/readyz`)
    return response.status === 503 ? response.text() : undefined
  }, 'not ready')
  assert.match(ready, /disk is full/)
  giveBack()
  await eventually(async () => (await fetch(`${box.url}/readyz`)).ok, 'ready again')
  assert.equal(await box.stop(), 0)
})

test('a damaged image does not keep the box from starting; verify names it and ends with 65', async () => {
  const data = join(folder.path, 'damaged')
  const ids = await killedBox(data, {})
  const whole = await startBox({ data })
  await whole.stop()
  const leaf = join(data, 'blobs', '000', '00')
  const files = readdirSync(leaf).filter(name => statSync(join(leaf, name)).size > 0)
  const [flipped, cut] = files.map(name => join(leaf, name))
  const bytes = readFileSync(flipped!)
  bytes[bytes.length >> 1]! ^= 1
  writeFileSync(flipped!, bytes)
  truncateSync(cut!, 700)
  const box = await startBox({ data })
  assert.ok(await hasImage(box, ids[2]!))
  assert.equal((await box.get<string[]>('/instances')).length, 3)
  assert.equal(await box.stop(), 0)
  const verify = start('sh', [waystation, 'verify', '--data', data])
  assert.equal(await verify.ended, 65, verify.output())
  assert.equal(JSON.parse(verify.output()).damaged.length, 2)
  assert.deepEqual(
    [readFileSync(flipped!).equals(bytes), statSync(cut!).size],
    [true, 700],
    'neither is changed',
  )
})

test('a damaged image is left where it is, and told, when the catalogue is made from nothing', async () => {
  const data = join(folder.path, 'damaged-and-lost')
  await killedBox(data, {})
  const leaf = join(data, 'blobs', '000', '00')
  const files = readdirSync(leaf).filter(name => statSync(join(leaf, name)).size > 0)
  const [flipped, cut] = files.map(name => join(leaf, name))
  const bytes = readFileSync(flipped!)
  bytes[bytes.length >> 1]! ^= 1
  writeFileSync(flipped!, bytes)
  truncateSync(cut!, 700)
  rmSync(join(data, 'catalog'), { recursive: true })
  const box = await startBox({ data })
  assert.equal((await box.get<string[]>('/instances')).length, 1)
  const told = box.log().filter(line => line.event === 'blob-not-recovered')
  assert.equal(told.length, 2)
  assert.ok(told.every(line => line.level === 'error' && String(line.advice).length > 10))
  assert.equal(await box.stop(), 0)
  assert.deepEqual([readFileSync(flipped!).equals(bytes), statSync(cut!).size], [true, 700])
})
