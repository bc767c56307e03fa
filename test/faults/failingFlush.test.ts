import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { freshFolders } from './holdings.ts'
import { failingDisks } from './smallDisk.ts'

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
