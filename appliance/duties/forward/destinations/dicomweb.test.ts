import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type BadStow, startBadStow } from '../../../../test/peers/badStow.ts'
import { freePort } from '../../../../test/peers/programs.ts'
import { startShapingProxy } from '../../../../test/peers/shapingProxy.ts'
import { silentLog } from '../../../log.ts'
import { collect, destinationContract, outcomesOf, parcel, study } from './destination.contract.ts'
import type { Receipt } from './destination.ts'
import { dicomwebSettings, openDicomweb } from './dicomweb.ts'

const never = new AbortController().signal

function to(port: number, more: object = {}) {
  const settings = { name: 'cloud', kind: 'dicomweb', url: `http://127.0.0.1:${port}/`, ...more }
  return openDicomweb(dicomwebSettings.parse(settings), {
    ...{ aeTitle: 'WAYSTATION', log: silentLog },
  })
}

const statusOf = (receipt: Receipt | undefined) =>
  receipt && 'status' in receipt ? receipt.status : undefined

async function withCloud(work: (cloud: BadStow) => Promise<void>) {
  const cloud = await startBadStow()
  try {
    await work(cloud)
  } finally {
    await cloud.stop()
  }
}

destinationContract('STOW-RS, two images a request', {
  async farSide() {
    const cloud = await startBadStow()
    const destination = to(cloud.port, { batch: { instances: 2 } })
    return { destination, together: 2, taken: () => cloud.taken, stop: () => cloud.stop() }
  },
  unreachable: async () => to(await freePort()),
})

destinationContract('STOW-RS of a server that wants Content-Length', {
  async farSide() {
    const cloud = await startBadStow()
    cloud.lengthWanted = true
    return { destination: to(cloud.port), taken: () => cloud.taken, stop: () => cloud.stop() }
  },
  unreachable: async () => to(await freePort()),
})

for (const answers of ['json', 'xml'] as const) {
  test(`each image of a request has the outcome that was told of it, in ${answers}`, () =>
    withCloud(async cloud => {
      cloud.answers = answers
      const reasons = [0, 0xa700, 0xa900, 0xc000, 0x0122, 0x0111, 0xb00e, 0x0110]
      cloud.reason = uid => reasons[Number(uid.split('.').at(-1)) - 1] ?? 0
      const parcels = study(reasons.length)
      const receipts = await collect(to(cloud.port).deliver(parcels, never))
      assert.deepEqual(outcomesOf(receipts, parcels), [
        ...['accepted', 'again', 'declined', 'declined', 'declined'],
        ...['accepted', 'accepted', 'again'],
      ])
      assert.deepEqual(receipts.map(statusOf), [202, ...reasons.slice(1)])
      assert.equal(cloud.batches.length, 1, 'all went in one request')
    }))
}

test('a 200 that says nothing is an answer for all; one that leaves an image out is not for that one', () =>
  withCloud(async cloud => {
    cloud.answers = 'nothing'
    const parcels = study(3)
    assert.deepEqual(outcomesOf(await collect(to(cloud.port).deliver(parcels, never)), parcels), [
      'accepted',
      'accepted',
      'accepted',
    ])
    cloud.answers = 'json'
    cloud.reason = uid => (uid === '1.2.3.1.1' ? 0 : 'unnamed')
    cloud.taken.delete('1.2.3.1.3')
    cloud.forgets = uid => uid === '1.2.3.1.3'
    assert.deepEqual(
      outcomesOf(await collect(to(cloud.port).deliver(parcels, never)), parcels),
      ['accepted', 'accepted', 'again'],
      'the second is listed there, the third is not',
    )
  }))

test('409 for an image that is there already is success; for one that is not, it is parked', () =>
  withCloud(async cloud => {
    const parcels = study(4)
    await collect(to(cloud.port).deliver(parcels.slice(0, 2), never))
    cloud.conflicts = uid => uid !== '1.2.3.1.4'
    const receipts = await collect(to(cloud.port).deliver(parcels, never))
    assert.deepEqual(outcomesOf(receipts, parcels), [
      ...['accepted', 'accepted', 'declined', 'accepted'],
    ])
    assert.equal(statusOf(receipts.find(each => each.outcome === 'declined')), 409)
    cloud.qido = false
    const unasked = await collect(to(cloud.port).deliver(parcels.slice(0, 1), never))
    assert.equal(unasked[0]?.outcome, 'declined', 'nobody can tell what is there')
  }))

test('one image that spoils its request is found, and the others arrive', () =>
  withCloud(async cloud => {
    const spoilt = parcel({ image: 3 })
    const noDicom = {
      ...spoilt,
      async *file() {
        yield Buffer.alloc(spoilt.instance.bytes)
      },
    }
    const parcels = [parcel({ image: 1 }), parcel({ image: 2 }), noDicom, parcel({ image: 4 })]
    const receipts = await collect(to(cloud.port).deliver(parcels, never))
    assert.deepEqual(outcomesOf(receipts, parcels), [
      ...['accepted', 'accepted', 'declined', 'accepted'],
    ])
  }))

test('a server that takes little at once is given less at once', () =>
  withCloud(async cloud => {
    cloud.mostBytes = 5_000
    const parcels = [1, 2, 3, 4, 5, 6, 7].map(image =>
      parcel({ image, pixels: new Uint8Array(image === 7 ? 9_000 : 2_000) }),
    )
    const receipts = await collect(to(cloud.port).deliver(parcels, never))
    assert.deepEqual(outcomesOf(receipts, parcels), [
      ...Array.from({ length: 6 }, () => 'accepted'),
      'declined',
    ])
  }))

test('a server at rest is an affair of the whole destination, with the time it asked for', () =>
  withCloud(async cloud => {
    for (const [status, code] of [
      [503, 'peer-failed'],
      [429, 'peer-failed'],
      [507, 'peer-failed'],
      [401, 'peer-refused'],
      [403, 'peer-refused'],
      [404, 'peer-refused'],
      [302, 'peer-refused'],
    ] as const) {
      cloud.cue = (_, path) =>
        path === '/studies' ? { refuse: status, headers: { 'Retry-After': '77' } } : {}
      const receipts: Receipt[] = []
      await assert.rejects(
        async () => {
          for await (const each of to(cloud.port).deliver(study(3), never)) receipts.push(each)
        },
        { code, retryAfter: 77 },
      )
      assert.deepEqual(receipts, [], String(status))
    }
    cloud.cue = () => ({ refuse: 503, headers: { 'Retry-After': '5' } })
    await assert.rejects(to(cloud.port).probe(never), { code: 'peer-failed', retryAfter: 5 })
  }))

test('a refusal in the middle of a large body ends the body, and is heard', () =>
  withCloud(async cloud => {
    cloud.cue = (_, path) => (path === '/studies' ? { refuse: 403 } : {})
    const large = parcel({ image: 1, pixels: new Uint8Array(30_000_000) })
    const destination = to(cloud.port)
    // The kernel may drop the answer with the connection; then it is asked for leave first.
    const codes: string[] = []
    for (let attempt = 0; attempt < 2 && !codes.includes('peer-refused'); attempt++) {
      await collect(destination.deliver([large], never)).catch(error => codes.push(error.code))
    }
    assert.equal(codes.at(-1), 'peer-refused')
  }))

test('every third request is reset before its answer, and everything arrives', () =>
  withCloud(async cloud => {
    cloud.cue = request => (request % 3 === 0 ? { loseAnswer: true } : {})
    const parcels = study(20)
    let left = parcels
    const destination = to(cloud.port, { batch: { instances: 4 } })
    for (let attempt = 0; attempt < 20 && left.length > 0; attempt++) {
      const done = new Set<string>()
      try {
        for await (const each of destination.deliver(left, never))
          if (each.outcome === 'accepted') done.add(each.instance)
      } catch {}
      left = left.filter(each => !done.has(each.instance.id))
    }
    assert.deepEqual(left, [])
    assert.equal(cloud.taken.size, 20)
  }))

test('a server that closes each connection after some requests, without a word, stops nothing', () =>
  withCloud(async cloud => {
    cloud.requestsPerConnection = 7
    const parcels = study(100)
    const receipts = await collect(
      to(cloud.port, { batch: { instances: 1 } }).deliver(parcels, never),
    )
    assert.equal(receipts.filter(each => each.outcome === 'accepted').length, 100)
    assert.ok(new Set(cloud.requests.map(each => each.connection)).size >= 14)
  }))

test('a server that hangs at a byte is given up after the time set for silence', () =>
  withCloud(async cloud => {
    cloud.cue = () => ({ hangAfter: 100_000 })
    const destination = to(cloud.port, { timers: { idle: 0.3, answer: 0.3 } })
    const receipts: Receipt[] = []
    const large = parcel({ image: 1, pixels: new Uint8Array(20_000_000) })
    await assert.rejects(
      async () => {
        for await (const each of destination.deliver([large], never)) receipts.push(each)
      },
      { code: 'peer-timeout' },
    )
    assert.deepEqual(
      receipts.map(each => each.outcome),
      ['again'],
    )
  }))

test('a cut at any byte costs at most what shares the request', () =>
  withCloud(async cloud => {
    for (const cutAfter of [10, 300, 3_000, 25_000, 90_000, 180_000]) {
      cloud.taken.clear()
      cloud.arrived.clear()
      const proxy = await startShapingProxy(cloud.port, { cutAfter: () => cutAfter })
      const parcels = Array.from({ length: 20 }, (_, index) =>
        parcel({ image: index + 1, pixels: new Uint8Array(10_000) }),
      )
      const receipts: Receipt[] = []
      const destination = to(proxy.port, { batch: { instances: 4 } })
      let cut = false
      try {
        for await (const each of destination.deliver(parcels, never)) receipts.push(each)
      } catch {
        cut = true
      }
      const accepted = receipts.filter(each => each.outcome === 'accepted').length
      assert.ok(accepted <= cloud.taken.size && cloud.taken.size <= accepted + 4)
      // On a connection that had been kept open, a cut is followed by another connection at once.
      assert.equal(accepted === 20, !cut)
      assert.ok(cut || cutAfter > 80_000, 'a connection that was new is not tried again')
      await proxy.stop()
    }
  }))

test('what is accepted and forgotten is missing in the list, however it is cut into pages', () =>
  withCloud(async cloud => {
    cloud.forgets = uid => Number(uid.split('.').at(-1)) % 20 === 0
    cloud.page = 7
    const parcels = study(60)
    const destination = to(cloud.port)
    await collect(destination.deliver(parcels, never))
    const instances = parcels.map(each => each.instance)
    const held = (await destination.held?.(instances, never)) ?? new Set()
    assert.equal(held.size, 57)
    cloud.qido = false
    await assert.rejects(destination.held?.(instances, never) ?? Promise.resolve(), {
      code: 'peer-declined',
    })
  }))

test('by count one question tells that a series is there; where the count falls short images are listed', () =>
  withCloud(async cloud => {
    const parcels = study(6)
    const destination = to(cloud.port, { verify: 'count' })
    await collect(destination.deliver(parcels, never))
    const instances = parcels.map(each => each.instance)
    const [series] = instances.map(each => each.series)
    const asked = () => cloud.requests.filter(each => each.path.includes('/instances')).length
    const held = async () =>
      (await destination.held?.(instances, never, new Map([[series!, 6]])))?.size
    assert.deepEqual([await held(), asked()], [6, 0])
    cloud.taken.delete('1.2.3.1.2')
    assert.equal(await held(), 5)
    cloud.counts = false
    assert.equal(await held(), 5, 'it does not say how many')
    cloud.qido = false
    await assert.rejects(held(), { code: 'peer-declined' })
  }))

test('a stop ends the request after the image under way, and its receipts still come', () =>
  withCloud(async cloud => {
    const stop = new AbortController()
    const parcels = [1, 2, 3, 4, 5].map(image => {
      const made = parcel({ image, pixels: new Uint8Array(3_000_000) })
      const file = () => {
        if (image === 3) stop.abort()
        return made.file()
      }
      return { ...made, file }
    })
    const receipts = await collect(to(cloud.port).deliver(parcels, stop.signal))
    assert.equal(receipts.length, 2)
    assert.equal(cloud.taken.size, 2)
  }))

test('what is more urgent ends a request after the image under way, and not in its middle', () =>
  withCloud(async cloud => {
    let begun = 0
    const parcels = study(9).map(each => ({
      ...each,
      file() {
        begun++
        return each.file()
      },
    }))
    const receipts: Receipt[] = []
    const deliveries = to(cloud.port).deliver(parcels, never, () => begun >= 4)
    for await (const each of deliveries) receipts.push(each)
    assert.ok(receipts.length >= 3 && receipts.length <= 4)
    assert.ok(receipts.every(each => each.outcome === 'accepted'))
    assert.equal(cloud.batches.length, 1)
  }))
