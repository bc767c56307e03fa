import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, test } from 'node:test'
import { freshFolders, openHoldings } from './holdings.ts'
import { type ImageOf, imageOf, whole } from './images.ts'

const freshFolder = freshFolders(after)
const rounds = 4

/** Runs the receiver until it has told so many lines, kills it, and answers all it told. */
async function killedAfter(folder: string, round: number, lines: number): Promise<string[]> {
  const program = join(import.meta.dirname, 'receiver.ts')
  const child = spawn(process.execPath, [program, folder, String(round)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const told: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    told.push(line)
    if (told.length === lines) child.kill('SIGKILL')
  }
  assert.ok(told.length >= lines, 'it lived long enough to be killed')
  return told
}

test('killed at any moment under load, all that was answered is there, intact, and nothing is half there', async () => {
  const folder = await freshFolder()
  /** As JSON: kept and not removed; and those whose removal was begun but not answered. */
  const kept = new Set<string>()
  const between = new Set<string>()
  let lastSeq = 0
  for (let round = 1; round <= rounds; round++) {
    const told = await killedAfter(folder, round, 2 + ((round * 53) % 97))
    for (const line of told) {
      const [what, image] = [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)]
      if (what === 'kept') kept.add(image)
      if (what === 'removing') {
        kept.delete(image)
        between.add(image)
      }
      if (what === 'removed') between.delete(image)
    }

    const { archive, close } = await openHoldings({ folder })
    const { catalog } = archive
    for (const image of kept) await assertWhole(archive, JSON.parse(image))
    const blobs = await readdir(join(folder, 'blobs'), { recursive: true })
    const files = blobs.filter(name => name.endsWith('.dcm'))
    // What was neither answered nor refused may be there, but then as whole as the rest.
    const all = catalog.ids('Patient').flatMap(id => [...catalog.instancesOf(id)])
    assert.equal(files.length, all.length)
    assert.equal(catalog.totals().instances, all.length)
    assert.equal(
      catalog.totals().bytes,
      all.reduce((sum, each) => sum + each.bytes, 0),
    )
    for (const each of all) {
      assert.equal((await whole(archive.open(each.id))).length, each.bytes)
    }
    const known = kept.size + between.size
    assert.ok(
      all.length >= kept.size && all.length <= known + 4 * round,
      `${all.length} of ${known}`,
    )
    const seqs = catalog.changes(0, 100_000).map(each => each.seq)
    assert.ok(seqs.every((seq, at) => at === 0 || seq > seqs[at - 1]!))
    assert.ok(catalog.lastChange() >= lastSeq)
    lastSeq = catalog.lastChange()
    await close()
  }
})

async function assertWhole(
  archive: Awaited<ReturnType<typeof openHoldings>>['archive'],
  image: ImageOf,
): Promise<void> {
  const { announced, file } = imageOf(image)
  const [found] = archive.catalog.lookup(announced.sopInstanceUid)
  assert.ok(found, `answered and lost: ${announced.sopInstanceUid}`)
  assert.deepEqual(await whole(archive.open(found.id)), file)
}
