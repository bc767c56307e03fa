import assert from 'node:assert/strict'
import { closeSync, fdatasyncSync, openSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Fault } from '../../appliance/faults.ts'
import { openDisk } from '../../appliance/holdings/storage/storage.ts'
import { failingDisks, fill } from './smallDisk.ts'

const failingDisk = failingDisks(after)
const megabyte = 1024 * 1024

test('a large image of which the disk lost an early part is refused, though it takes all the rest', async t => {
  const disk = await failingDisk(80)
  if (!disk) return t.skip('may not mount a disk of its own here')
  const blobs = await openDisk({ folder: disk.folder })
  const leaf = join(disk.folder, '000', '00')
  const files = () =>
    readdirSync(leaf)
      .map(name => join(leaf, name))
      .filter(path => statSync(path).size > 0)
  /** How it came out that the disk lost what was written. */
  let lost: 'while it came' | 'by another who synced it' | undefined

  async function* bytes() {
    const chunk = Buffer.alloc(megabyte / 4, 7)
    yield chunk
    // Opened before, since of a file's failed write Linux tells those who had it open then.
    const [taken] = readdirSync(leaf).sort()
    const file = openSync(join(leaf, taken!), 'r')
    // From now on what is written is lost when it is synced.
    const giveBack = fill(disk!.behind, 0)
    lost = 'while it came'
    try {
      for (let n = 0; n < 80; n++) yield chunk
      lost = undefined
      try {
        fdatasyncSync(file)
      } catch {
        lost = 'by another who synced it'
      }
    } finally {
      closeSync(file)
      giveBack()
    }
    for (let n = 0; n < 8; n++) yield chunk
  }

  await assert.rejects(blobs.write(bytes()), (thrown: Fault) =>
    ['storage-failed', 'storage-full'].includes(thrown.code),
  )
  assert.ok(lost, 'the disk lost nothing: this test shows nothing')
  assert.deepEqual(files(), [])
  await blobs.close()
})
