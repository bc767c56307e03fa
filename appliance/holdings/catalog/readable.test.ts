import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { freshFolders } from '../../../test/faults/holdings.ts'
import type { Fault } from '../../faults.ts'
import { openStore } from './lmdb.ts'
import { standingOf } from './standing.ts'

const freshFolder = freshFolders(after)
const isDamage = (thrown: Fault) => thrown.code === 'catalogue-damaged' && thrown.again

/** A closed store with one value in the middle that is not what was written. */
async function withGarbage(): Promise<string> {
  const folder = await freshFolder()
  const store = await openStore({ folder, ahead: 0 })
  store.commit({
    put: Array.from({ length: 90 }, (_, n) => [`key ${10 + n}`, { n, mark: `${n}-` }]),
  })
  await store.close()
  const file = join(folder, 'catalog.mdb')
  const bytes = await readFile(file)
  for (let at = bytes.indexOf('"50-"'); at >= 0; at = bytes.indexOf('"50-"', at))
    bytes.write('\x01', at)
  await writeFile(file, bytes)
  return folder
}

test('a value that is not what was written is a fault of its own, and no other value is', async () => {
  const folder = await withGarbage()
  const store = await openStore({ folder, onDamage: () => assert.fail('its pages are sound') })
  assert.equal(store.unreadable(), undefined)
  assert.throws(() => store.get('key 60'), isDamage)
  assert.throws(() => [...store.range()], isDamage)
  assert.deepEqual(store.get('key 61'), { n: 51, mark: '51-' })
  assert.deepEqual(store.unreadable(), { keys: ['key 60'] })
  const all = [...store.range({ unreadable: 'undefined' })]
  assert.equal(all.length, 90)
  assert.deepEqual(all[50], ['key 60', undefined])
  assert.equal(store.count(), 90)
  await store.close()
})

test('its fault tells nothing of key or value', async () => {
  const store = await openStore({ folder: await withGarbage() })
  assert.throws(
    () => store.get('key 60'),
    ({ message }: Fault) => !/key 60|mark|50/.test(message),
  )
  await store.close()
})

test('it is forgotten once another value is written, or none', async () => {
  const store = await openStore({ folder: await withGarbage() })
  assert.throws(() => store.get('key 60'), isDamage)
  store.commit({ put: [['key 60', 1]] })
  assert.equal(store.unreadable(), undefined)
  assert.equal(store.get('key 60'), 1)
  await store.close()
})

test('a file that was disowned is moved aside at the next opening, and only then', async () => {
  const folder = await freshFolder()
  const store = await openStore({ folder })
  store.commit({ put: [['a', 1]] })
  store.disown()
  assert.equal(store.get('a'), 1)
  await store.close()
  const told: string[] = []
  const next = await openStore({ folder, onDamage: ({ aside }) => told.push(aside) })
  assert.equal(told.length, 1)
  assert.equal(next.get('a'), undefined)
  next.commit({ put: [['b', 1]] })
  await next.close()
  const third = await openStore({ folder, onDamage: () => assert.fail('it is sound') })
  assert.equal(third.get('b'), 1)
  await third.close()
})

test('a file is doubted when its process ended without closing it, or met damage', async () => {
  const folder = await withGarbage()
  const store = await openStore({ folder })
  assert.equal(standingOf(folder).found, 'doubted')
  await store.close()
  assert.equal(standingOf(folder).found, 'good')
  const again = await openStore({ folder })
  assert.throws(() => again.get('key 60'), isDamage)
  await again.close()
  assert.equal(standingOf(folder).found, 'doubted')
})

test('a machine that was started anew since does not make its file doubted', async () => {
  const folder = await freshFolder()
  await writeFile(join(folder, 'in-use'), '00000000-0000-0000-0000-000000000000')
  assert.equal(standingOf(folder).found, 'good')
})
