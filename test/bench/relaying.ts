import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startBadScp } from '../peers/badScp.ts'
import { startBadStow } from '../peers/badStow.ts'
import { imageOf, startRelay } from '../peers/realRelay.ts'
import { type ShapingProxy, startShapingProxy } from '../peers/shapingProxy.ts'

type Say = (line?: string) => void

const to = (name: string, port: number, more: object = {}) => ({
  ...{ name, kind: 'dimse', aet: 'CLOUD', host: '127.0.0.1', port, timers: { stop: 0.1 } },
  ...more,
})

/**
 * How the images of a comparison come: owed beforehand, all at once when the relay begins, or so many
 * a second.
 */
type Coming = 'owed' | 'at once' | number

/**
 * Images a second that the good destination gets, with two bad ones beside it that are owed as much,
 * or without. Counted at the far side: asking the relay would be work for the relay.
 */
async function rateOfThird(folder: string, inCompany: boolean, coming: Coming): Promise<number> {
  const images = typeof coming === 'number' ? coming * 4 : 6000
  const good = await startBadScp()
  const hole = await startShapingProxy(1, { swallow: true })
  const rejecting = await startBadScp()
  rejecting.open = false
  const bad = [to('hole', hole.port), to('rejecting', rejecting.port)]
  const destinations = [to('good', good.port), ...(inCompany ? bad : [])]
  const relay = await startRelay(folder, { destinations })
  const keep = (image: number) => relay.held.keep(imageOf(Math.floor(image / 100), image, 25_000))
  if (typeof coming !== 'number') for (let image = 0; image < images; image++) keep(image)
  if (coming === 'owed') {
    relay.pause('good')
    relay.begin()
    await relay.owing(images)
  }
  const begun = performance.now()
  if (coming === 'owed') relay.resume('good')
  else relay.begin()
  if (typeof coming === 'number') {
    for (let image = 0; image < images; ) {
      const due = ((performance.now() - begun) / 1000) * coming
      for (; image < Math.min(due, images); image++) keep(image)
      await sleep(20)
    }
  }
  while (good.taken.size < images) await sleep(2)
  const seconds = (performance.now() - begun) / 1000
  await relay.stop(hole)
  await Promise.all([good.stop(), rejecting.stop()])
  return images / seconds
}

/** The rate alone, and the share of it that is left in company: medians of so many pairs. */
export async function shareOfThird(folder: string, coming: Coming, pairs: number) {
  const rates: { alone: number[]; inCompany: number[] } = { alone: [], inCompany: [] }
  for (let run = 0; run <= pairs; run++)
    for (const inCompany of run % 2 === 0 ? [false, true] : [true, false]) {
      const rate = await rateOfThird(join(folder, `${run}-${inCompany}`), inCompany, coming)
      // The first of each warms up.
      if (run > 0) rates[inCompany ? 'inCompany' : 'alone'].push(rate)
    }
  const median = (numbers: number[]) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!
  return {
    alone: median(rates.alone),
    // Each against the one beside it: what else the machine does comes and goes.
    share: median(rates.inCompany.map((rate, run) => rate / rates.alone[run]!)),
  }
}

/** The highest average of any one second, in bytes a second. */
function highestSecond(passed: ShapingProxy['passed'], from: number, until: number): number {
  let highest = 0
  for (let at = from; at + 1000 <= until; at += 50) {
    const within = passed.filter(each => each.at >= at && each.at < at + 1000)
    highest = Math.max(
      highest,
      within.reduce((sum, each) => sum + each.bytes, 0),
    )
  }
  return highest
}

/** A cap of 1 Mbit/s over so many seconds with four connections, and a STAT image in the middle. */
export async function underCap(folder: string, kind: 'dimse' | 'dicomweb', seconds: number) {
  const far = kind === 'dimse' ? await startBadScp() : await startBadStow()
  const proxy = await startShapingProxy(far.port)
  const url = `http://127.0.0.1:${proxy.port}`
  const destination =
    kind === 'dimse'
      ? to('cloud', proxy.port, { parallelAtLeast: 4 })
      : { name: 'cloud', kind, url, parallelAtLeast: 4 }
  const relay = await startRelay(folder, { destinations: [destination], link: { cap: 1000 } })
  for (let image = 0; image < 40; image++)
    relay.held.keep(imageOf(Math.floor(image / 10), image, 526_000))
  const begun = Date.now()
  relay.begin()
  await sleep((seconds / 2) * 1000)
  const before = far.requests.length
  relay.held.keep({ ...imageOf(90, 1, 526_000), callingAeTitle: 'ER01' })
  const came = performance.now()
  // Of STOW-RS it is the next request that begins: nothing else may.
  const isThere = () =>
    'batches' in far
      ? far.requests.length > before
      : far.requests.some(each => each.sopInstanceUid === '1.2.3.90.1')
  while (!isThere()) await sleep(2)
  const firstByte = (performance.now() - came) / 1000
  await sleep((seconds / 2) * 1000)
  const ended = Date.now()
  await relay.stop(proxy)
  await far.stop()
  const carried = proxy.passed.filter(each => each.at < ended)
  const sum = carried.reduce((total, each) => total + each.bytes, 0)
  return {
    highest: highestSecond(proxy.passed, begun, ended) / 125_000,
    average: sum / ((ended - begun) / 1000) / 125_000,
    firstByte,
  }
}

/** What share of 384 kbit/s at 700 ms carries images, once the first bytes are under way. */
async function shareOfLine(folder: string, kind: 'dimse' | 'dicomweb', seconds: number) {
  const line = { bytesPerSecond: 48_000, latency: 350 }
  const far = kind === 'dimse' ? await startBadScp() : await startBadStow()
  const proxy = await startShapingProxy(far.port, line)
  const url = `http://127.0.0.1:${proxy.port}`
  const destination =
    kind === 'dimse'
      ? to('cloud', proxy.port, { parallelAtLeast: 3 })
      : { name: 'cloud', kind, url, parallelAtLeast: 2 }
  const relay = await startRelay(folder, { destinations: [destination] })
  for (let image = 0; image < 20; image++) relay.held.keep(imageOf(1, image, 500_000))
  relay.begin()
  while (proxy.passed.reduce((sum, each) => sum + each.bytes, 0) < 20_000) await sleep(20)
  const from = Date.now()
  await sleep(seconds * 1000)
  const until = Date.now()
  await relay.stop(proxy)
  await far.stop()
  const bytes = proxy.passed
    .filter(each => each.at >= from && each.at < until)
    .reduce((sum, each) => sum + each.bytes, 0)
  return bytes / ((until - from) / 1000) / line.bytesPerSecond
}

/** Images a second: more than the box takes in over DIMSE with their syncs. */
const pace = 500

/**
 * What the relay gets through a line: one destination beside two bad ones; a cap, and STAT under it;
 * a slow and far line. Some three minutes, mostly of waiting for the line.
 */
export async function measureRelaying(folder: string, say: Say): Promise<void> {
  const thirds = [
    { how: 'once all is owed', ...(await shareOfThird(join(folder, 'owed'), 'owed', 7)) },
    {
      how: `while ${pace} images a second come`,
      ...(await shareOfThird(join(folder, 'paced'), pace, 2)),
    },
    {
      how: 'from the arrival of all at once',
      ...(await shareOfThird(join(folder, 'atOnce'), 'at once', 7)),
    },
  ]
  const [cap, dimse, stow] = await Promise.all([
    underCap(join(folder, 'cap'), 'dimse', 60),
    shareOfLine(join(folder, 'dimse'), 'dimse', 60),
    shareOfLine(join(folder, 'stow'), 'dicomweb', 60),
  ])
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`
  say('\n### Relaying\n')
  say('| what | measured | wanted |')
  say('|---|---:|---:|')
  for (const { how, alone, share } of thirds)
    say(
      `| one destination beside a black hole and one that rejects, ${how}, against alone (${alone.toFixed(0)} images/s) | ${share.toFixed(2)} | ≥ 0.90 |`,
    )
  say(`| cap of 1 Mbit/s, highest one-second average | ${cap.highest.toFixed(3)} × cap | ≤ 1.1 |`)
  say(`| … average | ${cap.average.toFixed(3)} × cap | |`)
  say(`| … STAT, its first byte there after it came | ${cap.firstByte.toFixed(2)} s | < 2 s |`)
  say(`| 384 kbit/s at 700 ms, C-STORE over several associations | ${percent(dimse)} | ≥ 85 % |`)
  say(`| … STOW-RS | ${percent(stow)} | ≥ 85 % |`)
}
