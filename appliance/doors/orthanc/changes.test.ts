import assert from 'node:assert/strict'
import { test } from 'node:test'
import { logExport } from './exports.ts'
import type { JsonObject } from './json.ts'
import { type DoorUnderTest, withDoor } from './orthanc.contract.ts'

/** Four changes and four exports, asked for with odd arguments: as Debian's Orthanc answers them. */
const settings = { logExportedResources: true }

async function withLogs(
  use: (told: (query: string) => Promise<unknown[]>, door: DoorUnderTest) => Promise<void>,
  log: 'changes' | 'exports',
): Promise<void> {
  await withDoor(
    async door => {
      const { ID } = await door.upload({})
      const desk = { ...door.behind, settings, now: () => new Date('2026-03-04T05:06:07Z') }
      for (let each = 0; each < 4; each++) {
        logExport(desk as unknown as Parameters<typeof logExport>[0], ID, 'pacs')
      }
      await use(async query => {
        const { Changes, Exports, Done, Last } = (await door.told(`/${log}${query}`)) as JsonObject
        const listed = (Changes ?? Exports) as readonly JsonObject[]
        return [listed.map(({ Seq }) => Seq), Done, Last]
      }, door)
    },
    { settings },
  )
}

for (const log of ['changes', 'exports'] as const) {
  /** What the last is said to be where nothing is listed. */
  const last = (since: number) => (log === 'changes' ? 4 : since)

  test(`odd limits of /${log} list what they list in Orthanc`, () =>
    withLogs(async told => {
      const all = [[1, 2, 3, 4], true, 4]
      assert.deepEqual(await told(''), all)
      for (const limit of ['a', '', '2.5', '0x2', '2a', '2%20', '4294967296', '-4294967296']) {
        assert.deepEqual(await told(`?limit=${limit}`), all, limit)
      }
      for (const limit of ['2147483648', '-2', '-2147483648']) {
        assert.deepEqual(await told(`?limit=${limit}`), all, limit)
      }
      // A number of 32 bits without a sign, to which Orthanc adds one.
      for (const limit of ['-1', '4294967295']) {
        assert.deepEqual(await told(`?limit=${limit}`), [[], true, last(0)], limit)
        assert.deepEqual(await told(`?limit=${limit}&since=2`), [[], true, last(2)], limit)
      }
      assert.deepEqual(await told('?limit=0'), [[], false, last(0)])
      assert.deepEqual(await told('?limit=0&since=2'), [[], false, last(2)])
      assert.deepEqual(await told('?limit=0&since=100'), [[], true, last(100)])
      assert.deepEqual(await told('?limit=-4294967294'), [[1, 2], false, 2])
      assert.deepEqual(await told('?limit=+2'), [[1, 2], false, 2])
      assert.deepEqual(await told('?limit=002'), [[1, 2], false, 2])
    }, log))

  test(`an odd beginning of /${log} takes the limit with it, as in Orthanc`, () =>
    withLogs(async told => {
      const all = [[1, 2, 3, 4], true, 4]
      for (const since of ['a', '', '2.5', '-', '--1', '9223372036854775808']) {
        assert.deepEqual(await told(`?since=${since}&limit=2`), all, since)
      }
      assert.deepEqual(await told('?since=3&limit=a'), all)
      assert.deepEqual(await told('?since=-5&limit=2'), [[1, 2], false, 2])
      assert.deepEqual(await told('?since=-5&limit=-1'), [[], true, last(-5)])
      assert.deepEqual(await told('?since=100'), [[], true, last(100)])
      assert.deepEqual(await told('?since=4294967297'), [[], true, last(4294967297)])
    }, log))

  test(`of arguments of /${log} that are given twice the last one counts`, () =>
    withLogs(async told => {
      assert.deepEqual(await told('?since=0&since=2&limit=1'), [[3], false, 3])
      assert.deepEqual(await told('?limit=1&limit=2'), [[1, 2], false, 2])
    }, log))

  test(`the last of /${log} is told for whatever is said of it`, () =>
    withLogs(async told => {
      for (const query of ['last', 'last=', 'last=0', 'last=false', 'last=nonsense', 'last=-1']) {
        assert.deepEqual(await told(`?${query}`), [[4], true, 4], query)
        assert.deepEqual(await told(`?${query}&since=a&limit=-1`), [[4], true, 4], query)
      }
    }, log))
}

test('since and limit of lists are numbers of 64 bits without a sign, as in Orthanc', () =>
  withDoor(async door => {
    await door.upload({})
    await door.upload({ SOPInstanceUID: '1.2.3.5' })
    const all = (await door.told('/instances')) as readonly string[]
    for (const query of [
      'since=0&limit=-1',
      'since=-1&limit=2',
      'since=-3&limit=-3',
      'since=0&limit=18446744073709551615',
      'since=0&limit=4294967296',
      'since=0&limit=1&limit=2',
    ]) {
      assert.deepEqual(await door.told(`/instances?${query}`), all, query)
    }
    for (const since of [
      '2',
      '4294967296',
      '4294967297',
      '9007199254740991',
      '9000000000000000000',
    ]) {
      assert.deepEqual(await door.told(`/instances?since=${since}&limit=2`), [], since)
    }
    for (const query of [
      'since=0&limit=18446744073709551616',
      'since=&limit=',
      'since=2.5&limit=1',
      'since=0&limit=2%20',
    ]) {
      assert.equal((await door.get(`/instances?${query}`)).status, 400, query)
    }
  }))
