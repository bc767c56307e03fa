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
