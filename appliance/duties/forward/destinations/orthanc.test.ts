import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type BadOrthanc, startBadOrthanc } from '../../../../test/peers/badOrthanc.ts'
import { freePort } from '../../../../test/peers/programs.ts'
import { silentLog } from '../../../log.ts'
import { collect, destinationContract, outcomesOf, study } from './destination.contract.ts'
import { openOrthancPeer, orthancPeerSettings } from './orthanc.ts'

const never = new AbortController().signal

function to(port: number, more: object = {}) {
  const settings = { name: 'peer', kind: 'orthanc', url: `http://127.0.0.1:${port}`, ...more }
  return openOrthancPeer(orthancPeerSettings.parse(settings), {
    ...{ aeTitle: 'WAYSTATION', log: silentLog },
  })
}

async function withPeer(work: (peer: BadOrthanc) => Promise<void>) {
  const peer = await startBadOrthanc()
  try {
    await work(peer)
  } finally {
    await peer.stop()
  }
}

destinationContract('an Orthanc peer', {
  async farSide() {
    const peer = await startBadOrthanc()
    return { destination: to(peer.port), taken: () => peer.taken, stop: () => peer.stop() }
  },
  unreachable: async () => to(await freePort()),
})

test('each word of the peer means what it says, and no status is taken for another', () =>
  withPeer(async peer => {
    const said = (Status: string) => ({ status: 200, body: JSON.stringify({ Status }) })
    const answers = [
      said('Success'),
      said('AlreadyStored'),
      said('FilteredOut'),
      said('StorageFull'),
      said('Failure'),
      { status: 400 },
      { status: 413 },
      { status: 500 },
      { status: 200 },
    ]
    peer.upload = uid => answers[Number(uid.split('.').at(-1)) - 1]
    const parcels = study(answers.length)
    const receipts = await collect(to(peer.port).deliver(parcels, never))
    assert.deepEqual(outcomesOf(receipts, parcels), [
      ...['accepted', 'accepted', 'declined', 'again', 'again'],
      ...['declined', 'declined', 'again', 'again'],
    ])
    const [full] = receipts.filter(each => each.why?.detail === 'StorageFull')
    assert.ok(full?.outcome === 'again' && full.unwell)
  }))

test('what a peer has already is success, unless its bytes were replaced here since', () =>
  withPeer(async peer => {
    const parcels = study(2)
    const replaced = { ...parcels[1]!, instance: { ...parcels[1]!.instance, revision: 1 } }
    await collect(to(peer.port).deliver(parcels, never))
    const receipts = await collect(to(peer.port).deliver([parcels[0]!, replaced], never))
    assert.deepEqual(
      receipts.map(each => each.outcome),
      ['accepted', 'declined'],
    )
  }))

test('a peer that does not let us in fails as a whole, and no image is blamed', () =>
  withPeer(async peer => {
    peer.admits = authorization => authorization === `Basic ${btoa('box:secret')}`
    const wrong = to(peer.port)
    await assert.rejects(wrong.probe(never), { code: 'peer-refused' })
    await assert.rejects(collect(wrong.deliver(study(2), never)), { code: 'peer-refused' })
    const right = to(peer.port, {
      credentials: { kind: 'basic', user: 'box', password: 'secret' },
    })
    await right.probe(never)
    assert.equal((await collect(right.deliver(study(2), never))).length, 2)
  }))

test('the peer is asked which images of a study it has', () =>
  withPeer(async peer => {
    peer.forgets = uid => uid === '1.2.3.1.2'
    const parcels = study(3)
    await collect(to(peer.port).deliver(parcels, never))
    const instances = parcels.map(each => each.instance)
    assert.deepEqual(
      [...((await to(peer.port).held?.(instances, never)) ?? [])],
      ['1.2.3.1.1', '1.2.3.1.3'],
    )
  }))

test('an answer that is lost costs the image that was under way, and its repeat is harmless', () =>
  withPeer(async peer => {
    peer.cue = request => (request === 2 ? { loseAnswer: true } : {})
    const parcels = study(3)
    const receipts = await collect(to(peer.port).deliver(parcels, never))
    assert.deepEqual(outcomesOf(receipts, parcels), ['accepted', 'accepted', 'accepted'])
    assert.equal(peer.arrived.get('1.2.3.1.2'), 2)
  }))
