import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import {
  createForward,
  type Forward,
  forwardSettings,
} from '../../appliance/duties/forward/forward.ts'
import { openStore } from '../../appliance/holdings/catalog/catalog.ts'
import { silentLog } from '../../appliance/log.ts'
import { createBadCloud } from '../peers/badCloud.ts'
import { createStandInArchive } from '../peers/standInArchive.ts'
import { createSteppedTime } from '../peers/steppedTime.ts'

const folder = mkdtempSync(join(tmpdir(), 'waystation-month-'))
after(() => rmSync(folder, { recursive: true }))

test('after 30 days without a line, daily restarts and clock jumps, 10,000 images arrive once each', async () => {
  const held = createStandInArchive()
  const time = createSteppedTime()
  const cloud = createBadCloud('cloud')
  cloud.down = 'peer-unreachable'
  const settings = forwardSettings.parse({
    destinations: [{ name: 'cloud', kind: 'dimse', aet: 'CLOUD', host: 'h', parallel: 2 }],
    rules: [{ name: 'all', send: ['cloud'] }],
  })
  const day = 86_400
  const clocks = [0, Date.parse('2026-03-02'), Date.parse('2031-01-01'), Date.parse('2026-03-05')]
  let images = 0

  async function liveOn(today: number, until: (forward: Forward) => boolean): Promise<void> {
    const store = await openStore({ folder })
    if (today % 5 === 4) time.setClock(clocks[Math.floor(today / 5) % clocks.length]!)
    const stopping = new AbortController()
    const forward = createForward({
      archive: held.archive,
      ...{ store, settings, aeTitle: 'WAYSTATION', log: silentLog },
      ...{ now: time.now, pause: time.pause, random: () => 0.5 },
      open: () => cloud.destination,
    })
    const running = forward.run(stopping.signal)
    await time.until(() => until(forward))
    stopping.abort()
    await running
    await store.close()
  }

  for (let today = 0; today < 30; today++) {
    for (; images < ((today + 1) * 10_000) / 30; images++) {
      held.keep({ study: Math.floor(images / 250), image: images })
    }
    await liveOn(today, () => time.passed() > (today + 1) * day)
    assert.equal(cloud.offered.size, 0, 'no image was sent into the void')
  }
  const probes = cloud.probes
  assert.ok(probes < 30 * 400, `${probes} probes`)

  cloud.down = undefined
  await liveOn(30, forward => forward.destinations()[0]?.sums.accepted.deliveries === 10_000)
  assert.equal(cloud.taken.size, 10_000)
  assert.ok([...cloud.taken.values()].every(times => times === 1))
  assert.ok(time.passed() < 30 * day + 600, 'within ten minutes of the line’s return')
})
