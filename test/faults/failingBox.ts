import assert from 'node:assert/strict'
import { cp, mkdir, mkdtemp, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Fault } from '../../appliance/faults.ts'
import { eventually } from '../peers/programs.ts'
import { openHoldings } from './holdings.ts'
import { fill } from './smallDisk.ts'

/**
 * A box whose catalogue lies on a disk that fails: a process of its own, since LMDB, where it gave
 * itself up, keeps its process from ending. Arguments: the disk, what stands behind it, and a folder
 * on a disk that does not fail. Its exit code says whether all was as it should be.
 */
const [mounted = '', behind = '', behindNothing = ''] = process.argv.slice(2)

try {
  const folder = await mkdtemp(join(behindNothing, 'box-'))
  await mkdir(join(mounted, 'catalog'))
  await symlink(join(mounted, 'catalog'), join(folder, 'catalog'))
  const box = await openHoldings({ folder, patience: 2_000 })
  await box.receive({ instance: 1 })
  await box.store.flushed()

  const giveBack = fill(behind, 0)
  const other = box.store.space('other')
  for (let n = 0; n < 24; n++) other.commit({ put: [[`k${n}`, 'x'.repeat(1_000_000)]] })
  // What `fdatasync` gives back: EIO of some kernels' loop devices, ENOSPC of others'.
  const refused = await box.store.flushed().then(
    () => assert.fail('nothing was flushed'),
    ({ code }: Fault) => code,
  )
  assert.ok(refused === 'storage-failed' || refused === 'storage-full')
  assert.deepEqual(box.archive.readiness(), { refused })
  await assert.rejects(
    box.receive({ instance: 2 }),
    ({ code, again }: Fault) => code === refused && again,
  )
  assert.equal(box.archive.catalog.totals().instances, 1)

  giveBack()
  // Where the disk failed LMDB's meta page itself, LMDB gives itself up until another process.
  await eventually(
    () => box.store.isStuck() || box.archive.readiness() === 'receiving',
    'receiving again, or stuck',
  )
  const { isStuck } = box.store
  if (isStuck()) {
    assert.notEqual(box.archive.readiness(), 'receiving')
    await assert.rejects(box.close(), ({ code }: Fault) => code.startsWith('storage-'))
    await assert.rejects(box.store.close(), ({ code }: Fault) => code.startsWith('storage-'))
  } else {
    assert.equal((await box.receive({ instance: 2 })).outcome, 'kept')
    await box.close()
  }
  // As another process finds it: LMDB knows a file it has by its place.
  const elsewhere = await mkdtemp(join(behindNothing, 'box-'))
  await cp(join(folder, 'blobs'), join(elsewhere, 'blobs'), { recursive: true })
  await cp(join(mounted, 'catalog'), join(elsewhere, 'catalog'), { recursive: true })
  const again = await openHoldings({ folder: elsewhere })
  assert.equal(again.archive.catalog.totals().instances, isStuck() ? 1 : 2)
  assert.equal((await again.receive({ instance: 2 })).outcome, isStuck() ? 'kept' : 'repeated')
  // They were one write-out: all of it or nothing.
  assert.ok([0, 24].includes(again.store.space('other').count()))
  await again.close()
  process.exit(0)
} catch (thrown) {
  process.stderr.write(`${(thrown as Error).stack}\n`)
  process.exit(1)
}
