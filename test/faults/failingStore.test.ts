import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Fault } from '../../appliance/faults.ts'
import { faultyStore, type StoreCalls, type StoreTrouble } from './faultyStore.ts'
import { blobFiles, freshFolders, type Holdings, openHoldings } from './holdings.ts'
import { type ImageOf, imageOf, whole } from './images.ts'

const freshFolder = freshFolders(after)

/** A box whose store will do as `troubles` say; `next` counts from now on. */
async function openWith(
  troubles: StoreTrouble[],
  sameUidOtherBytes: 'overwrite' | 'keep-first' = 'overwrite',
) {
  const calls: StoreCalls = { commit: 0, flushed: 0 }
  const box = await openHoldings({
    folder: await freshFolder(),
    settings: { sameUidOtherBytes },
    wrapStore: store => faultyStore(store, troubles, calls),
  })
  const next = (verb: StoreTrouble['verb'], nth = 1) => calls[verb] + nth
  return { box, next, calls }
}

const isOfTheDisk = (code: string) => (thrown: Fault) => thrown.code === code && thrown.again

test('a catalogue that takes no commit at the n-th call refuses that image, keeps nothing of it, and takes it next time', async () => {
  for (const [how, code] of [
    ['full', 'storage-full'],
    ['failing', 'storage-failed'],
  ] as const) {
    const troubles: StoreTrouble[] = []
    const { box, next } = await openWith(troubles)
    await box.receive({ instance: 1 })
    troubles.push({ verb: 'commit', at: next('commit'), how })
    await assert.rejects(box.receive({ instance: 2 }), isOfTheDisk(code))
    assert.equal(box.archive.catalog.totals().instances, 1)
    assert.equal((await blobFiles(box.folder)).length, 1)
    assert.equal((await box.receive({ instance: 2 })).outcome, 'kept')
    await box.close()
  }
})

/** What may stand under each SOP Instance UID; `undefined` for nothing. */
type Allowed = Map<string, (ImageOf | undefined)[]>

const second = { instance: 2, study: 2 }
/** It completes its series, which is told in a commit of its own. */
const last = {
  ...{ instance: 1, series: 2 },
  more: [
    { tag: 'ImagesInAcquisition', value: '1' },
    { tag: 'NumberOfTemporalPositions', value: '1' },
  ],
}
const images: ImageOf[] = [{ instance: 1 }, second, { ...second, shade: 9 }, { instance: 3 }, last]

/**
 * Asks things of the box, one after the other. What it said yes to must be so; what it said no to
 * may be so or as it was before.
 */
async function work({ archive, receive }: Holdings): Promise<Allowed> {
  const allowed: Allowed = new Map()
  const uidOf = (image?: ImageOf) => imageOf(image).announced.sopInstanceUid
  const attempt = async <T>(
    uid: string,
    work: Promise<T>,
    becomes: (done: T, before: readonly (ImageOf | undefined)[]) => (ImageOf | undefined)[],
    tried?: ImageOf,
  ) => {
    const before = allowed.get(uid) ?? [undefined]
    const states = await work.then(
      done => becomes(done, before),
      (thrown: Fault) => {
        assert.match(thrown.code, /^storage-(full|failed)$/)
        return [...before, tried]
      },
    )
    allowed.set(uid, states)
  }
  for (const image of images) {
    await attempt(
      uidOf(image),
      receive(image),
      ({ outcome }, before) => (outcome === 'quarantined' ? before.filter(Boolean) : [image]),
      image,
    )
  }
  const [found] = archive.catalog.lookup(uidOf(images[0]))
  if (found) await attempt(uidOf(images[0]), archive.remove(found.id), () => [undefined])
  return allowed
}

for (const mode of ['overwrite', 'keep-first'] as const) {
  test(`whichever call of the store fails, after the restart all is as it was answered, and nothing is half there (${mode})`, async () => {
    const sound = await openWith([], mode)
    const from = { ...sound.calls }
    await work(sound.box)
    const { commit, flushed } = sound.calls
    const made = { commit: commit - from.commit, flushed: flushed - from.flushed }
    assert.ok(made.commit >= 5 && made.flushed >= 1, JSON.stringify(made))
    await sound.box.close()

    for (const verb of ['commit', 'flushed'] as const) {
      for (let nth = 1; nth <= made[verb]; nth++) {
        const troubles: StoreTrouble[] = []
        const { box, next } = await openWith(troubles, mode)
        troubles.push({ verb, at: next(verb, nth), how: nth % 2 ? 'full' : 'failing' })
        const allowed = await work(box)
        // Also before a restart: whatever is listed can be read.
        for (const id of box.archive.catalog.ids('Instance')) await whole(box.archive.open(id))
        await box.close()

        const again = await openHoldings({ folder: box.folder })
        const { catalog } = again.archive
        for (const [uid, states] of allowed) {
          const [found] = catalog.lookup(uid)
          const file = found && (await whole(again.archive.open(found.id)))
          const stands = states.some(image =>
            image ? file?.equals(imageOf(image).file) : file === undefined,
          )
          assert.ok(stands, `${verb} ${nth}: ${uid}`)
        }
        const known = catalog.totals().instances + again.archive.quarantine().length
        assert.equal((await blobFiles(again.folder)).length, known)
        await again.close()
      }
    }
  })
}

test('whichever call of the store fails while the catalogue is made again, it answers as before, and the next making succeeds', async () => {
  const sound = await openWith([])
  const fill = async (box: Holdings) => {
    for (let n = 1; n <= 12; n++) await box.receive({ study: n % 3, series: n % 2, instance: n })
  }
  const answers = ({ archive: { catalog } }: Holdings) =>
    (['Patient', 'Study', 'Series', 'Instance'] as const).map(level =>
      catalog.ids(level).map(id => catalog.parent(id) ?? catalog.instance(id)),
    )
  await fill(sound.box)
  const from = { ...sound.calls }
  await sound.box.archive.rebuild()
  const { commit, flushed } = sound.calls
  const made = { commit: commit - from.commit, flushed: flushed - from.flushed }
  await sound.box.close()
  assert.ok(made.commit > 12 && made.flushed > 2, JSON.stringify(made))

  for (const verb of ['commit', 'flushed'] as const) {
    for (let nth = 1; nth <= made[verb]; nth++) {
      const troubles: StoreTrouble[] = []
      const { box, next } = await openWith(troubles)
      await fill(box)
      const before = answers(box)
      // Twice: what is written of the failure itself may fail, too.
      for (const at of [nth, nth + 1]) {
        troubles.push({ verb, at: next(verb, at), how: 'failing' })
      }
      await box.archive.rebuild().catch((thrown: Fault) => {
        assert.equal(thrown.code, 'storage-failed')
      })
      assert.deepEqual(answers(box), before, `${verb} ${nth}`)
      troubles.length = 0
      await box.archive.rebuild()
      assert.deepEqual(answers(box), before, `${verb} ${nth}, made again`)
      await box.close()
    }
  }
})

test('while one flush of the catalogue is slow a removal waits for it, and receiving does not', async () => {
  const troubles: StoreTrouble[] = []
  const { box, next } = await openWith(troubles)
  const { instance } = await box.receive({ instance: 1 })
  const { promise, resolve } = Promise.withResolvers<void>()
  troubles.push({ verb: 'flushed', at: next('flushed'), how: 'slow', until: promise })
  let removed = false
  const removal = box.archive.remove(instance.id).then(() => {
    removed = true
  })
  assert.equal((await box.receive({ instance: 2 })).outcome, 'kept')
  assert.equal(removed, false)
  assert.equal((await blobFiles(box.folder)).length, 2)
  resolve()
  await removal
  assert.equal((await blobFiles(box.folder)).length, 1)
  await box.close()
})
