import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { pydicomSamples, roundsOf } from '../../samples/pydicom.ts'
import { type Server, startOurs } from './peer.ts'

/** Our media, read by DCMTK and pydicom, and compared with what dcmmkdir makes of the same files. */

const missing = existsSync('/usr/bin/dcmmkdir') ? undefined : 'DCMTK is not installed'

let ours: Server
let folder: string

before(async () => {
  if (missing) return
  ours = await startOurs()
  for (const { file } of roundsOf(pydicomSamples())[0] ?? []) {
    await fetch(`${ours.url}/instances`, { method: 'POST', body: readFileSync(file) })
  }
  folder = mkdtempSync(join(tmpdir(), 'waystation-media-'))
  const patients = (await (await fetch(`${ours.url}/patients`)).json()) as string[]
  const answer = await fetch(`${ours.url}/tools/create-media`, {
    method: 'POST',
    body: JSON.stringify(patients),
  })
  assert.equal(answer.status, 200)
  writeFileSync(join(folder, 'media.zip'), Buffer.from(await answer.arrayBuffer()))
  execFileSync('/usr/bin/python3', ['-m', 'zipfile', '-e', 'media.zip', 'media'], { cwd: folder })
})

after(async () => {
  await ours?.stop()
  if (folder) rmSync(folder, { recursive: true, force: true })
})

/** The records of a DICOMDIR by what they refer to or are named by: their type and keys. */
const tree = `
import json, sys, warnings
warnings.simplefilter('ignore')
import pydicom
d = pydicom.dcmread(sys.argv[1])
at = {r.seq_item_tell: r for r in d.DirectoryRecordSequence}
def walk(offset, path):
    while offset:
        r = at[offset]
        kind = r.DirectoryRecordType
        name = {'PATIENT': 'PatientID', 'STUDY': 'StudyInstanceUID', 'SERIES': 'SeriesInstanceUID'}.get(kind)
        own = str(r.get(name)) if name else r.ReferencedSOPInstanceUIDInFile
        keys = sorted(e.keyword for e in r if e.tag.group > 4 and e.keyword != 'SpecificCharacterSet')
        out.append([path + [own], kind, keys])
        walk(r.OffsetOfReferencedLowerLevelDirectoryEntity, path + [own])
        offset = r.OffsetOfTheNextDirectoryRecord
out = []
walk(d.OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity, [])
assert len(out) == len(at)
from pydicom.fileset import FileSet
files = 0
for instance in FileSet(d):
    instance.load()
    files += 1
json.dump({'records': out, 'files': files}, sys.stdout)
`

type Record = [path: string[], type: string, keys: string[]]

function treeOf(dicomdir: string): { records: Record[]; files: number } {
  return JSON.parse(
    execFileSync('/usr/bin/python3', ['-c', tree, dicomdir], { encoding: 'utf8', maxBuffer: 1e8 }),
  )
}

test('DCMTK reads the DICOMDIR without a complaint', { skip: missing ?? false }, () => {
  const read = spawnSync('dcmdump', ['+E', join(folder, 'media/DICOMDIR')], { encoding: 'utf8' })
  assert.equal(read.stderr, '')
  assert.equal(read.status, 0)
})

test('pydicom reaches every file through the DICOMDIR', { skip: missing ?? false }, () => {
  const files = readdirSync(join(folder, 'media/IMAGES'))
  assert.ok(files.length > 30)
  assert.ok(files.every(name => /^[A-Z0-9]{1,8}$/.test(name)))
  assert.equal(treeOf(join(folder, 'media/DICOMDIR')).files, files.length)
})

test('the DICOMDIR has the records and keys that dcmmkdir makes of the same files', {
  skip: missing ?? false,
}, () => {
  cpSync(join(folder, 'media'), join(folder, 'theirs'), { recursive: true })
  rmSync(join(folder, 'theirs/DICOMDIR'))
  spawnSync('dcmmkdir', ['+r', '+I', '-W', '+id', '.', 'IMAGES'], { cwd: join(folder, 'theirs') })
  const ours = new Map(
    treeOf(join(folder, 'media/DICOMDIR')).records.map(([path, type, keys]) => [
      `${type} ${path.at(-1)}`,
      keys,
    ]),
  )
  const theirs = treeOf(join(folder, 'theirs/DICOMDIR')).records
  assert.ok(theirs.length > 60)
  const surprises = theirs.flatMap(([path, type, keys]) => {
    const name = `${type} ${path.at(-1)}`
    const own = ours.get(name)
    // Patients without an identifier get one that each program invents for itself.
    if (!own) return type === 'PATIENT' ? [] : [`${name} is missing`]
    // Of an image PS3.3 F.5.4 asks only for its number; dcmmkdir copies the type, too.
    const lacks = keys.filter(key => !own.includes(key) && key !== 'ImageType')
    return lacks.length > 0 ? [`${name} lacks ${lacks.join(', ')}`] : []
  })
  assert.deepEqual(surprises, [])
})
