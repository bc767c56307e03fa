import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { startBadScp } from '../../../../test/peers/badScp.ts'
import { storeScp } from '../../../../test/peers/dcmtk.ts'
import { freePort } from '../../../../test/peers/programs.ts'
import { startShapingProxy } from '../../../../test/peers/shapingProxy.ts'
import type { Origin } from '../../../holdings/catalog/catalog.ts'
import { silentLog } from '../../../log.ts'
import { collect, destinationContract, parcel, study } from './destination.contract.ts'
import { dimseSettings, openDimse } from './dimse.ts'

const folder = mkdtempSync(join(tmpdir(), 'waystation-dimse-'))
after(() => rmSync(folder, { recursive: true }))
const never = new AbortController().signal

function to(port: number, timers: object = {}, more: object = {}) {
  const settings = {
    ...{ name: 'cloud', kind: 'dimse', aet: 'CLOUD', host: '127.0.0.1', port, timers },
    ...more,
  }
  return openDimse(dimseSettings.parse(settings), { aeTitle: 'WAYSTATION', log: silentLog })
}

destinationContract('DCMTK storescp', {
  async farSide() {
    const scp = await storeScp(mkdtempSync(join(folder, 'scp-')))
    return { destination: to(scp.port), taken: () => scp.datasets(), stop: () => scp.stop() }
  },
  unreachable: async () => to(await freePort()),
})

destinationContract('our own acceptor', {
  async farSide() {
    const scp = await startBadScp()
    return { destination: to(scp.port), taken: () => scp.taken, stop: () => scp.stop() }
  },
  unreachable: async () => to(await freePort()),
})

test('images of more than 128 kinds go over as many associations as it takes', async () => {
  const scp = await startBadScp()
  const parcels = Array.from({ length: 300 }, (_, index) =>
    parcel({ image: index + 1, sopClassUid: `1.2.840.10008.5.1.4.1.1.${index + 1}` }),
  )
  const receipts = await collect(to(scp.port).deliver(parcels, never))
  assert.equal(receipts.filter(each => each.outcome === 'accepted').length, 300)
  assert.equal(new Set(scp.requests.map(each => each.association)).size, 3)
  await scp.stop()
})

test('a kind that the destination does not take is declined before its bytes are sent', async () => {
  const scp = await startBadScp()
  scp.takes = (sopClass, syntax) =>
    sopClass !== '1.2.840.10008.5.1.4.1.1.4' && syntax !== '1.2.840.10008.1.2.4.50'
  const parcels = [
    parcel({ image: 1, sopClassUid: '1.2.840.10008.5.1.4.1.1.4' }),
    parcel({ image: 2, transferSyntaxUid: '1.2.840.10008.1.2.4.50' }),
    parcel({ image: 3 }),
  ]
  const receipts = await collect(to(scp.port).deliver(parcels, never))
  assert.deepEqual(
    receipts.map(each => each.outcome),
    ['declined', 'declined', 'accepted'],
  )
  const [, syntax] = receipts
  assert.match(syntax?.why?.detail ?? '', / in /, 'the transfer syntax is to blame')
  assert.match(syntax?.why?.advice ?? '', /1\.2\.840\.10008\.1\.2\.4\.50/)
  assert.equal(scp.requests.length, 1)
  await scp.stop()
})

test('each image has the answer that was given to it', async () => {
  const scp = await startBadScp()
  const answers = [0x0000, 0xb000, 0x0111, 0x0110, 0xc123, 0x0124, 0xa700]
  scp.answer = uid => answers[Number(uid.split('.').at(-1)) - 1] ?? 0
  const receipts = await collect(to(scp.port).deliver(study(7), never))
  assert.deepEqual(
    receipts.map(each => ('status' in each ? each.status : undefined)),
    answers,
  )
  assert.deepEqual(
    receipts.map(each => each.outcome),
    ['accepted', 'accepted', 'accepted', 'again', 'declined', 'declined', 'again'],
  )
  await scp.stop()
})

test('"duplicate" is as good as success, but not for an image whose bytes were replaced here since', async () => {
  const scp = await startBadScp()
  scp.answer = () => 0x0111
  const [same, replaced] = study(2)
  const revised = { ...replaced!, instance: { ...replaced!.instance, revision: 1 } }
  const receipts = await collect(to(scp.port).deliver([same!, revised], never))
  assert.deepEqual(
    receipts.map(each => each.outcome),
    ['accepted', 'declined'],
  )
  assert.match(receipts[1]?.why?.advice ?? '', /Remove the older one/)
  await scp.stop()
})

test('the destination is asked which images of a study it has', async () => {
  const scp = await startBadScp()
  const destination = to(scp.port)
  const parcels = study(4)
  await collect(destination.deliver(parcels.slice(0, 3), never))
  scp.forgotten.add('1.2.3.1.2')
  const instances = parcels.map(each => each.instance)
  assert.deepEqual(
    [...((await destination.held?.(instances, never)) ?? [])],
    ['1.2.3.1.1', '1.2.3.1.3'],
  )
  scp.findAnswer = 0xa700
  await assert.rejects(destination.held?.(instances, never) ?? Promise.resolve(), {
    code: 'peer-failed',
  })
  scp.takes = () => false
  await assert.rejects(destination.held?.(instances, never) ?? Promise.resolve(), {
    code: 'peer-declined',
  })
  await scp.stop()
})

test('by count one question tells that a series is there; where the count falls short images are listed', async () => {
  const scp = await startBadScp()
  const destination = to(scp.port, {}, { verify: 'count' })
  const parcels = study(4)
  await collect(destination.deliver(parcels, never))
  const instances = parcels.map(each => each.instance)
  const [series] = instances.map(each => each.series)
  const held = async (went: number) =>
    [...((await destination.held?.(instances, never, new Map([[series!, went]]))) ?? [])].length
  assert.equal(await held(4), 4)
  assert.deepEqual(scp.questions, ['SERIES'])
  assert.equal(await held(5), 4, 'an earlier one is missing; these are listed')
  assert.deepEqual(scp.questions, ['SERIES', 'SERIES', 'IMAGE'])
  scp.forgotten.add('1.2.3.1.2')
  assert.equal(await held(4), 3)
  scp.count = () => undefined
  assert.equal(await held(4), 3, 'it does not say how many')
  scp.forgotten.clear()
  scp.findAnswer = 0xa900
  await assert.rejects(held(4), { code: 'peer-failed' })
  await scp.stop()
})

test('at a paced rate the first bytes of an image leave before a second of it has been read', async () => {
  const scp = await startBadScp()
  const proxy = await startShapingProxy(scp.port)
  const settings = { name: 'cloud', kind: 'dimse', aet: 'CLOUD', host: '127.0.0.1' }
  const destination = openDimse(dimseSettings.parse({ ...settings, port: proxy.port }), {
    ...{ aeTitle: 'WAYSTATION', log: silentLog },
    rate: () => 125_000,
  })
  const whole = parcel({ image: 1, pixels: new Uint8Array(60_000) })
  const passed = () => proxy.passed.reduce((sum, each) => sum + each.bytes, 0)
  let read = 0
  async function* slowly() {
    for await (const chunk of whole.dataset())
      for (let at = 0; at < chunk.length; at += 1000) {
        yield chunk.subarray(at, at + 1000)
        read += 1000
        if (read !== 10_000) continue
        // Nothing more is read until this has come through.
        while (passed() < 5_000) await new Promise(setImmediate)
      }
  }
  const receipts = await collect(destination.deliver([{ ...whole, dataset: slowly }], never))
  assert.equal(receipts[0]?.outcome, 'accepted')
  assert.ok(read >= 60_000)
  await proxy.stop()
  await scp.stop()
})

test('while an image is on its way of the next one only the first piece is read, and no other is opened', async () => {
  const scp = await startBadScp()
  const read = Array.from({ length: 5 }, () => 0)
  const parcels = read.map((_, at) => {
    const whole = parcel({ image: at + 1, pixels: new Uint8Array(3_000) })
    async function* pieces() {
      for await (const chunk of whole.dataset())
        for (let from = 0; from < chunk.length; from += 1000) {
          read[at]!++
          yield chunk.subarray(from, from + 1000)
        }
    }
    return { ...whole, dataset: pieces }
  })
  const seen: number[][] = []
  scp.answer = () => {
    seen.push([...read])
    return 0
  }
  await collect(to(scp.port).deliver(parcels, never))
  await scp.stop()
  assert.deepEqual(seen, [
    [4, 1, 0, 0, 0],
    [4, 4, 1, 0, 0],
    [4, 4, 4, 1, 0],
    [4, 4, 4, 4, 1],
    [4, 4, 4, 4, 4],
  ])
})

test('a destination that refuses us says so, to the probe too', async () => {
  const scp = await startBadScp()
  scp.open = false
  await assert.rejects(to(scp.port).probe(never), { code: 'peer-refused' })
  await assert.rejects(collect(to(scp.port).deliver(study(1), never)), { code: 'peer-refused' })
  await scp.stop()
})

test('a cut at any byte leaves the receipts that came, and names the image that was under way', async () => {
  const scp = await startBadScp()
  for (const cutAfter of [10, 500, 2_000, 20_000, 70_000, 150_000]) {
    scp.taken.clear()
    const proxy = await startShapingProxy(scp.port, { cutAfter: () => cutAfter })
    const parcels = Array.from({ length: 20 }, (_, index) =>
      parcel({ image: index + 1, pixels: new Uint8Array(10_000) }),
    )
    const outcomes: string[] = []
    await assert.rejects(async () => {
      for await (const receipt of to(proxy.port).deliver(parcels, never)) {
        outcomes.push(receipt.outcome)
      }
    })
    const accepted = outcomes.filter(each => each === 'accepted').length
    assert.ok(accepted <= scp.taken.size && scp.taken.size <= accepted + 1)
    assert.equal(outcomes.length, cutAfter < 500 ? 0 : accepted + 1)
    assert.ok(accepted < 20)
    await proxy.stop()
  }
  await scp.stop()
})

test('a far side that swallows connections is given up after the time set for silence', async () => {
  const proxy = await startShapingProxy(1, { swallow: true })
  const destination = to(proxy.port, { artim: 0.2 })
  await assert.rejects(destination.probe(never), { code: 'peer-timeout' })
  await proxy.stop()
})

test('a stop ends the wait for a far side that is silent', async () => {
  const scp = await startBadScp()
  scp.answer = () => 'silence'
  const stop = new AbortController()
  const receipts = collect(to(scp.port, { stop: 0.05 }).deliver(study(2), stop.signal))
  while (scp.requests.length === 0) await new Promise(resolve => setImmediate(resolve))
  stop.abort()
  await assert.rejects(receipts)
  await scp.stop()
})

test('where an image came from is known by AE title and address, over DIMSE only', () => {
  const { isSource } = to(104)
  const origin = { door: 'DicomProtocol', callingAeTitle: 'CLOUD', address: '::ffff:127.0.0.1' }
  const asked = [
    origin,
    { ...origin, address: '127.0.0.1' },
    { ...origin, address: '127.0.0.2' },
    { ...origin, callingAeTitle: 'CLOUD2' },
    { ...origin, door: 'RestApi' },
  ]
  assert.deepEqual(
    asked.map(each => isSource({ at: '2026-03-01T08:00:00Z', ...each } as Origin)),
    [true, true, false, false, false],
  )
})
