import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { storeScu } from '../peers/dcmtk.ts'
import { end, eventually, run, start } from '../peers/programs.ts'
import { writeCt } from '../samples/synthetic.ts'
import { temporaryFolder } from './box.ts'

const root = join(import.meta.dirname, '../..')
const folder = temporaryFolder()
after(() => folder.remove())

test('a fresh clone needs nothing but `npm start`, and keeps its data in ./data', async () => {
  const clone = join(folder.path, 'clone')
  await run('git', ['clone', '-q', root, clone])
  const service = start('npm', [
    'start',
    '--prefix',
    clone,
    '--',
    '--http-port',
    '0',
    '--dicom-port',
    '0',
  ])
  const line = await eventually(
    () =>
      service
        .output()
        .split('\n')
        .find(each => each.includes('"ready"')),
    `the ready line of npm start; it said: ${service.output()}`,
    180,
  )
  const ready = JSON.parse(line) as { http: number; dicom: number }
  const page = await fetch(`http://127.0.0.1:${ready.http}/`)
  assert.equal(page.url, `http://127.0.0.1:${ready.http}/ui/`)
  assert.match(await page.text(), /<script type="module"/)
  mkdirSync(join(folder.path, 'files'))
  const image = writeCt(
    join(folder.path, 'files'),
    { uidRoot: '1.2.826.0.1.3680043.10.55', study: 1, instance: 1 },
    64,
  )
  const [sent] = await storeScu(ready.dicom, [image])
  assert.equal(sent!.outcome, 'sent', sent!.said)
  const studies = await fetch(`http://127.0.0.1:${ready.http}/studies?expand`)
  const [study] = (await studies.json()) as { MainDicomTags: Record<string, string> }[]
  assert.equal(study!.MainDicomTags.StudyInstanceUID, image.studyInstanceUid)
  assert.ok(readFileSync(join(clone, 'README.md'), 'utf8').includes('npm start'))
  await end(service)
})

test('`waystation` says what it can do, and refuses the rest with the exit codes of sysexits.h', async () => {
  const waystation = (...args: string[]) =>
    start('sh', [join(root, 'appliance/waystation.sh'), ...args])
  const help = waystation('--help')
  assert.equal(await help.ended, 0)
  assert.match(help.output(), /serve/)
  const serveHelp = waystation('serve', '--help')
  assert.equal(await serveHelp.ended, 0)
  assert.match(serveHelp.output(), /--dicom-port N/)
  const version = waystation('version')
  assert.equal(await version.ended, 0)
  assert.match(version.output(), /^waystation \d+\.\d+\.\d+/)

  const unknown = waystation('fly')
  assert.equal(await unknown.ended, 64)
  const config = join(folder.path, 'none.json')
  const misconfigured = waystation(
    'serve',
    '--config',
    config,
    '--data',
    join(folder.path, 'unused'),
  )
  assert.equal(await misconfigured.ended, 78)
  assert.match(misconfigured.output(), /none\.json cannot be read/)
})
