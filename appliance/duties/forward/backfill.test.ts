import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Relay, relay } from '../../../test/peers/relay.ts'
import { idOf } from '../../../test/peers/standInArchive.ts'
import { Fault } from '../../faults.ts'

const away = { name: 'away', kind: 'dimse', aet: 'AWAY', host: '10.1.1.1' }

/** Three studies of the past, a destination that is to have them, and a way for it to go wrong. */
async function box(onStudy: (study: string) => void): Promise<Relay> {
  const one = await relay({ rules: [] })
  for (const study of [1, 2, 3]) one.held.keep({ study, image: 1 })
  await one.time.settle()
  await one.forward.saveDestination(away)
  await one.forward.saveRule({ name: 'more', send: ['away'] })
  const { catalog } = one.held.archive
  const { instancesOf } = catalog
  catalog.instancesOf = id => {
    onStudy(id)
    return instancesOf(id)
  }
  return one
}

test('a destination that is being given the past when the box stops is given all of it after the next start, once', async () => {
  const seen: string[] = []
  const one = await box(study => {
    seen.push(study)
    if (study === 's2' && seen.length === 2) throw new Fault('storage-failed', 'on cue')
  })
  await one.forward.backfill('away', 0)
  await one.time.settle()
  assert.deepEqual(seen, ['s1', 's2'])
  assert.equal(one.count('accepted', 'away'), 1)
  await one.stop()
  one.start()
  assert.deepEqual(
    one.forward.backfills().map(each => each.destination),
    ['away'],
  )
  await one.time.until(() => one.count('accepted', 'away') === 3)
  await one.time.until(() => one.forward.backfills().length === 0)
  assert.deepEqual([...one.clouds.get('away')!.taken.values()], [1, 1, 1])
  assert.deepEqual(seen, ['s1', 's2', 's1', 's2', 's3'])
  await one.stop()
})

test('what is yet to be given with the past is not evicted before', async () => {
  const box = await relay({ destinations: ['cloud', 'away'], rules: [] })
  box.held.keep({ study: 1, image: 1, at: '2026-02-20T00:00:00Z' })
  box.held.keep({ study: 2, image: 1, at: '2026-01-20T00:00:00Z' })
  box.held.keep({ study: 3, image: 1, at: '2026-02-20T00:00:00Z', callingAeTitle: 'OTHER' })
  await box.time.settle()
  await box.forward.saveRule({ name: 'r', when: { sender: 'CT01' }, send: ['away'] })
  const owed = () => [1, 2, 3].map(study => box.forward.owes(idOf(study, 1)))
  assert.deepEqual(owed(), [false, false, false])
  // Begun, and nothing of it given yet.
  void box.forward.backfill('away', Date.parse('2026-02-01'))
  assert.equal(box.count('owed', 'away'), 0)
  assert.deepEqual(owed(), [true, false, false])
  await box.time.until(() => box.count('accepted', 'away') === 1)
  await box.time.until(() => box.forward.backfills().length === 0)
  assert.deepEqual(owed(), [false, false, false])
  await box.stop()
})

test('who asks for more of the past while it is given gets it, and who asks for less loses nothing', async () => {
  let asked = 0
  const one = await box(() => {
    // An earlier date is asked for while the first is being given, then a later one.
    if (asked++ === 0) {
      void one.forward.backfill('away', Date.parse('2025-01-01'))
      void one.forward.backfill('away', Date.parse('2026-02-27'))
    }
  })
  await one.forward.backfill('away', Date.parse('2026-02-01'))
  await one.time.until(() => one.forward.backfills().length === 0)
  await one.time.until(() => one.count('accepted', 'away') === 3)
  await one.stop()
})

test('a fault while the past is given neither ends the relay nor the giving', async () => {
  let failures = 0
  const one = await box(study => {
    if (study === 's2' && failures++ < 3) throw new Fault('storage-failed', 'on cue')
  })
  await one.forward.backfill('away', 0)
  await one.time.until(() => failures === 2)
  one.held.keep({ study: 4, image: 1 })
  await one.time.until(() => one.count('accepted', 'away') === 4)
  assert.ok([...one.clouds.get('away')!.taken.values()].every(times => times === 1))
  await one.stop()
})

test('what came under a clock that showed 1970 is given with the past since any date', async () => {
  const one = await relay({ rules: [] })
  one.held.keep({ study: 1, image: 1, at: '1970-01-01T00:10:00Z' })
  one.held.keep({ study: 2, image: 1, at: '2026-01-10T00:00:00Z' })
  one.held.keep({ study: 3, image: 1, at: '2026-02-20T00:00:00Z' })
  const { catalog } = one.held.archive
  const { parent } = catalog
  catalog.parent = id => ({
    ...parent(id)!,
    ...(id === 's1' ? { lastUpdate: '1970-01-01T00:10:00.000Z' } : {}),
  })
  await one.time.settle()
  await one.forward.saveDestination(away)
  await one.forward.saveRule({ name: 'more', send: ['away'] })
  await one.forward.backfill('away', Date.parse('2026-02-01'))
  await one.time.until(() => one.forward.backfills().length === 0)
  await one.time.until(() => one.count('accepted', 'away') === 2)
  assert.deepEqual([...one.clouds.get('away')!.taken.keys()], ['i1-1', 'i3-1'])
  await one.stop()
})
