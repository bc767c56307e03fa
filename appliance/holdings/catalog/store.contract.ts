import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { keyOf } from './key.ts'
import type { OpenStore, Range } from './store.ts'

/** What every store must do. `open` gives a fresh one; `reopen` closes and opens the same again. */
export function storeContract(
  kind: string,
  open: () => Promise<{ store: OpenStore; reopen: () => Promise<OpenStore> }>,
): void {
  test(`${kind}: what was committed is read at once, and after it was written out`, async () => {
    const { store, reopen } = await open()
    assert.equal(store.get('a'), undefined)
    assert.ok(store.commit({ put: [['a', { n: 1, text: 'é' }]] }))
    assert.deepEqual(store.get('a'), { n: 1, text: 'é' })
    await store.flushed()
    assert.deepEqual(store.get('a'), { n: 1, text: 'é' })
    store.commit({ remove: ['a'], put: [['b', 0]] })
    assert.equal(store.get('a'), undefined)
    const again = await reopen()
    assert.equal(again.get('a'), undefined)
    assert.equal(again.get('b'), 0)
    await again.close()
  })

  test(`${kind}: a commit whose condition does not hold changes nothing`, async () => {
    const { store } = await open()
    assert.equal(store.commit({ when: [['a', undefined]], put: [['a', { n: 1 }]] }), true)
    assert.equal(store.commit({ when: [['a', undefined]], put: [['b', 1]] }), false)
    assert.equal(store.get('b'), undefined)
    await store.flushed()
    assert.equal(store.commit({ when: [['a', { n: 2 }]], remove: ['a'] }), false)
    assert.equal(store.commit({ when: [['a', { n: 1 }]], remove: ['a'] }), true)
    await store.close()
  })

  test(`${kind}: spaces do not see each other`, async () => {
    const { store } = await open()
    const [one, two] = [store.space('one'), store.space('two')]
    one.commit({ put: [['k', 1]] })
    two.commit({ put: [['k', 2]] })
    one.space('one').commit({ put: [['k', 3]] })
    assert.equal(one.get('k'), 1)
    assert.equal(two.get('k'), 2)
    assert.deepEqual([...two.range()], [['k', 2]])
    await store.flushed()
    assert.deepEqual([...two.range()], [['k', 2]])
    assert.deepEqual([...one.space('one').range()], [['k', 3]])
    await store.close()
  })

  test(`${kind}: many who wait for a flush are all served`, async () => {
    const { store } = await open()
    await Promise.all(
      Array.from({ length: 50 }, async (_, n) => {
        store.commit({ put: [[keyOf(n), n]] })
        await store.flushed()
      }),
    )
    assert.equal(store.count(), 50)
    await store.close()
  })

  test(`${kind}: ranges are what a sorted map would give, written out or not`, async () => {
    const { store } = await open()
    const key = fc.array(fc.constantFrom(0, 1, 97, 98, 255), { minLength: 1, maxLength: 3 })
    const name = key.map(bytes => String.fromCharCode(...bytes))
    const step = fc.oneof(
      fc.record({ put: name, value: fc.nat(9) }),
      fc.record({ remove: name }),
      fc.constant('flush' as const),
    )
    const model = new Map<string, number>()
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 30 }),
        fc.record(
          {
            under: name,
            from: name,
            to: name,
            reverse: fc.boolean(),
            skip: fc.nat(3),
            limit: fc.nat(4),
          },
          { requiredKeys: [] },
        ),
        async (steps, range) => {
          for (const each of steps) {
            if (each === 'flush') await store.flushed()
            else if ('put' in each) {
              model.set(each.put, each.value)
              store.commit({ put: [[each.put, each.value]] })
            } else {
              model.delete(each.remove)
              store.commit({ remove: [each.remove] })
            }
          }
          const expected = expectedRange(model, range)
          assert.deepEqual([...store.range(range)], expected)
          if (!range.skip) assert.equal(store.count(range), expected.length)
        },
      ),
      { numRuns: 60 },
    )
    await store.close()
  })

  test(`${kind}: a range is complete both ways where more than a page of it is not written out yet`, async () => {
    const { store } = await open()
    const model = new Map(Array.from({ length: 1500 }, (_, n) => [keyOf(n), n]))
    store.commit({ put: [...model].filter(([, n]) => n % 2 === 0) })
    await store.flushed()
    const removed = [...model].filter(([, n]) => n < 700 && n % 3 === 0).map(([key]) => key)
    store.commit({ put: [...model].filter(([, n]) => n % 2 === 1), remove: removed })
    for (const key of removed) model.delete(key)
    for (const reverse of [false, true]) {
      for (const limit of [1, 40, 2000]) {
        const range = { reverse, limit }
        assert.deepEqual([...store.range(range)], expectedRange(model, range))
      }
    }
    await store.close()
  })

  test(`${kind}: passing over more entries than there can be leaves none`, async () => {
    const { store } = await open()
    store.commit({ put: [0, 1, 2, 3].map(n => [keyOf(n), n] as const) })
    for (const where of ['in memory', 'written out']) {
      for (const skip of [2 ** 31, 2 ** 32, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER]) {
        for (const reverse of [false, true]) {
          assert.deepEqual([...store.range({ skip, reverse })], [], `${skip} ${where}`)
        }
      }
      await store.flushed()
    }
    await store.close()
  })

  test(`${kind}: a long range survives being written out half way`, async () => {
    const { store } = await open()
    const put = Array.from({ length: 2000 }, (_, n) => [keyOf(n), n] as const)
    store.commit({ put: put.filter((_, n) => n % 2 === 0) })
    await store.flushed()
    store.commit({ put: put.filter((_, n) => n % 2 === 1) })
    const seen: number[] = []
    for (const [, value] of store.range<number>()) {
      seen.push(value)
      if (seen.length === 100) await store.flushed()
    }
    assert.deepEqual(
      seen,
      put.map(([, n]) => n),
    )
    await store.close()
  })
}

function expectedRange(model: ReadonlyMap<string, number>, range: Range): [string, number][] {
  const under = range.under ?? ''
  const entries = [...model]
    .filter(([key]) => key.startsWith(under))
    .filter(([key]) => range.from === undefined || key >= under + range.from)
    .filter(([key]) => range.to === undefined || key < under + range.to)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  if (range.reverse) entries.reverse()
  const skip = range.skip ?? 0
  return entries.slice(skip, skip + (range.limit ?? entries.length))
}
