import assert from 'node:assert/strict'
import { test } from 'node:test'
import { relay } from '../../../test/peers/relay.ts'

const away = { name: 'away', kind: 'dimse', aet: 'AWAY', host: '10.1.1.1' }

test('a rule is tried against what is stored, and nothing is sent', async () => {
  const box = await relay({ rules: [] })
  box.held.keep({ study: 1, image: 1, tags: { Modality: 'CT' }, at: '2026-02-20T00:00:00Z' })
  box.held.keep({ study: 1, image: 2, tags: { Modality: 'CT' }, at: '2026-02-20T00:00:00Z' })
  box.held.keep({ study: 2, image: 1, tags: { Modality: 'MR' } })
  const given = {
    name: 'new',
    when: { modality: 'CT' },
    send: ['cloud'],
    priority: 'stat',
    label: ['x'],
  }
  const asked = box.forward.trial({ studies: ['s1', 's2'] }, { given })
  const report = await asked
  assert.ok(!('problems' in report))
  assert.equal(report.instances, 3)
  assert.equal(report.untouched, 1)
  assert.deepEqual(
    { ...report.destinations.cloud, bytes: 0 },
    { instances: 2, bytes: 0, held: 0, stat: 2 },
  )
  assert.deepEqual(report.studies, [
    { study: 's1', destinations: { cloud: 2 }, labels: ['x'], dropped: 0 },
  ])
  const since = Date.parse('2026-02-01')
  const lately = await box.forward.trial({ since }, { given: { ...given, drop: true, send: [] } })
  assert.ok(!('problems' in lately))
  assert.deepEqual([lately.instances, lately.dropped], [2, 2])
  assert.ok(
    'problems' in (await box.forward.trial({ since }, { given: { name: 'x', send: ['clod'] } })),
  )
  await box.time.settle()
  assert.equal(box.cloud.offered.size, 0)
  assert.deepEqual(box.forward.deliveries({}).deliveries, [])
  assert.equal(box.labels.size, 0)
  await box.stop()
})

test('a destination added later is given the past from a date, once', async () => {
  const box = await relay({ rules: [] })
  box.held.keep({ study: 1, image: 1, at: '2026-01-10T00:00:00Z' })
  box.held.keep({ study: 2, image: 1, at: '2026-02-20T00:00:00Z' })
  box.held.keep({ study: 3, image: 1, at: '2026-02-21T00:00:00Z' })
  await box.time.settle()
  await box.forward.saveDestination(away)
  const since = Date.parse('2026-02-01')
  await assert.rejects(box.forward.backfill('away', since), { code: 'request-malformed' })
  await box.forward.saveRule({ name: 'more', send: ['away'] })
  await box.forward.backfill('away', since)
  await box.time.until(() => box.count('accepted', 'away') === 2)
  await box.time.until(() => box.forward.backfills().length === 0)
  await box.forward.backfill('away', 0)
  await box.stop()
  box.start()
  await box.time.until(() => box.count('accepted', 'away') === 3)
  assert.ok([...box.clouds.get('away')!.taken.values()].every(times => times === 1))
  await box.stop()
})
