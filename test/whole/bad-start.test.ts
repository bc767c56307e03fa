import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { keyOf, openStore } from '../../appliance/holdings/catalog/catalog.ts'
import { start } from '../peers/programs.ts'
import { temporaryFolder } from './box.ts'

/** What a start meets that only a person can mend: a sentence, exit code 78, nothing changed. */
const folder = temporaryFolder()
after(() => folder.remove())
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

async function assertRefused(data: string, sentence: RegExp): Promise<void> {
  const before = fingerprint(data)
  const ports = ['--http-port', '0', '--dicom-port', '0']
  const program = start('sh', [waystation, 'serve', '--data', data, ...ports])
  assert.equal(await program.ended, 78, program.output())
  assert.match(program.output(), sentence)
  assert.equal(fingerprint(data), before)
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
