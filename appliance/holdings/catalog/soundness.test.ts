import assert from 'node:assert/strict'
import { open, readFile, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { freshFolders } from '../../../test/faults/holdings.ts'
import { openStore } from './lmdb.ts'
import { unsoundnessOf } from './soundness.ts'

const freshFolder = freshFolders(after)

async function filled(): Promise<{ folder: string; file: string }> {
  const folder = await freshFolder()
  const store = await openStore({ folder, ahead: 0 })
  for (let n = 0; n < 3_000; n++) store.commit({ put: [[`key ${n}`, 'x'.repeat(200)]] })
  await store.close()
  return { folder, file: join(folder, 'catalog.mdb') }
}

const spoilings: Record<string, (file: string) => Promise<void>> = {
  'cut short': async file => truncate(file, (await stat(file)).size >> 1),
  'cut to a few bytes': file => truncate(file, 100),
  'all garbage': async file => writeFile(file, Buffer.alloc((await stat(file)).size, 0xa5)),
  'zeros at its begin': async file => {
    const handle = await open(file, 'r+')
    await handle.write(Buffer.alloc(8_192), 0, 8_192, 0)
    await handle.close()
  },
  'garbage behind its first pages': async file => {
    const handle = await open(file, 'r+')
    const garbage = Buffer.alloc((await stat(file)).size - 8_192, 0x5a)
    await handle.write(garbage, 0, garbage.length, 8_192)
    await handle.close()
  },
}

for (const [how, spoil] of Object.entries(spoilings)) {
  test(`a store that is ${how} is told, moved aside whole, and begun anew`, async () => {
    const { folder, file } = await filled()
    assert.equal(await unsoundnessOf(file), undefined)
    await spoil(file)
    const spoilt = await readFile(file)
    const told: string[] = []
    const store = await openStore({ folder, onDamage: ({ aside }) => told.push(aside) })
    assert.equal(store.count(), 0)
    assert.equal(told.length, 1)
    assert.ok(spoilt.equals(await readFile(told[0]!)))
    store.commit({ put: [['a', 1]] })
    await store.close()
    const again = await openStore({ folder, onDamage: () => assert.fail('it is sound') })
    assert.equal(again.get('a'), 1)
    await again.close()
  })
}

/** The same numbers for the same seed (a linear congruential generator). */
function seeded(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
    return state % below
  }
}

test('a store is sound whatever was written, replaced and removed in it', async () => {
  const folder = await freshFolder()
  const random = seeded(11)
  for (let round = 0; round < 5; round++) {
    const store = await openStore({ folder, onDamage: ({ why }) => assert.fail(why) })
    for (let lot = 0; lot < 3; lot++) {
      const put = Array.from({ length: 200 }, () => {
        const length = random(40) === 0 ? random(30_000) : random(600)
        const key = `${'k'.repeat(1 + random(400))}${String.fromCharCode(random(256))}${random(900)}`
        return [key, 'v'.repeat(length)] as const
      })
      const [first] = store.range({ from: `${random(9)}`, limit: 1 })
      store.commit({ put, ...(first && { remove: [first[0]] }) })
      if (round > 2) {
        store.commit({ remove: Array.from(store.range({ limit: 300 }), ([key]) => key) })
      }
      await store.flushed()
    }
    await store.close()
    assert.equal(await unsoundnessOf(join(folder, 'catalog.mdb'), 'thorough'), undefined)
  }
})

/** LMDB would end the process, or lose the page's records, over each of these. */
const withinLeaf: Record<string, (page: Buffer, random: (below: number) => number) => void> = {
  'its nodes’ places': (page, random) => {
    for (let at = 24; at < 44; at++) page[at] = random(251) | 1
  },
  'its nodes, all zeros': page => void page.fill(0, 24),
  'its length': (page, random) => void page.writeUInt16LE(1 + random(65_535), 20),
  'a key’s length': page => void page.writeUInt16LE(0xfff0, 24 + page.readUInt16LE(24) + 6),
  'a value’s length': page => void page.writeUInt16LE(0xfff0, 24 + page.readUInt16LE(24)),
  'a key': page =>
    void page.fill(0xff, 24 + page.readUInt16LE(24) + 8, 24 + page.readUInt16LE(24) + 12),
}

for (const [what, spoil] of Object.entries(withinLeaf)) {
  test(`damage within a leaf is found before LMDB meets it: ${what}`, async () => {
    const { file } = await filled()
    const sound = await readFile(file)
    const random = seeded(23)
    const leaves = Array.from({ length: sound.length / 4_096 }, (_, number) => number)
      .filter(number => number > 1 && (sound.readUInt16LE(number * 4_096 + 18) & 0x0f) === 2)
      .filter(number => sound.readUInt16LE(number * 4_096 + 20) > 2)
    let found = 0
    for (let n = 0; n < 20; n++) {
      const spoilt = Buffer.from(sound)
      const number = leaves[random(leaves.length)]!
      spoil(spoilt.subarray(number * 4_096, (number + 1) * 4_096), random)
      await writeFile(file, spoilt)
      if (await unsoundnessOf(file)) found++
    }
    assert.equal(found, 20)
  })
}
