import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createStandInArchive, type Image } from '../../../../test/peers/standInArchive.ts'
import { Fault } from '../../../faults.ts'
import type { Bytes } from '../../../holdings/storage/storage.ts'
import type { Destination, Parcel, Receipt } from './destination.ts'

/** A far side of one kind, with the destination that reaches it. */
export interface FarSide {
  destination: Destination
  /** The datasets it took, by SOP Instance UID. */
  taken(): Map<string, Uint8Array>
  /** How many instances share one request, and so one answer: 1 or 2. */
  together?: number
  stop(): Promise<void>
}

/** What every kind of destination does. `unreachable`: one behind which nobody listens. */
export function destinationContract(
  kind: string,
  parts: { farSide(): Promise<FarSide>; unreachable(): Promise<Destination> },
): void {
  const never = new AbortController().signal

  async function withFarSide(work: (farSide: FarSide) => Promise<void>): Promise<void> {
    const farSide = await parts.farSide()
    try {
      await work(farSide)
    } finally {
      await farSide.stop()
    }
  }

  test(`${kind}: parcels arrive byte by byte, each with its receipt`, () =>
    withFarSide(async ({ destination, taken }) => {
      const large = randomBytes(3_000_000)
      const parcels = [
        parcel({ image: 1 }),
        parcel({ image: 2, pixels: large }),
        parcel({ image: 3, pixels: new Uint8Array(0) }),
      ]
      const receipts = await collect(destination.deliver(parcels, never))
      assert.deepEqual(
        outcomesOf(receipts, parcels),
        parcels.map(() => 'accepted'),
      )
      for (const each of parcels) {
        const bytes = taken().get(each.instance.sopInstanceUid)
        assert.ok(bytes && Buffer.from(bytes).equals(await whole(each)), each.instance.id)
      }
    }))

  test(`${kind}: a parcel that left the archive is gone, one that cannot be read comes again; the others arrive`, () =>
    withFarSide(async ({ destination, taken }) => {
      const parcels = [
        parcel({ image: 1 }),
        failing(parcel({ image: 2 }), new Fault('not-found'), 0),
        parcel({ image: 3 }),
        failing(parcel({ image: 4, pixels: randomBytes(600_000) }), new Fault('storage-failed'), 2),
        parcel({ image: 5 }),
        failing(parcel({ image: 6 }), new Fault('damaged'), 1),
        parcel({ image: 7 }),
      ]
      const receipts = await collect(destination.deliver(parcels, never))
      assert.deepEqual(outcomesOf(receipts, parcels), [
        'accepted',
        'gone',
        'accepted',
        'again',
        'accepted',
        'declined',
        'accepted',
      ])
      // A far side may keep the beginning of what broke off; what was accepted it has.
      for (const at of [0, 2, 4, 6]) {
        assert.ok(taken().has(parcels[at]!.instance.sopInstanceUid))
      }
    }))

  test(`${kind}: a parcel that is called off while the one before it is on its way does not begin`, () =>
    withFarSide(async ({ destination, taken }) => {
      let withdrawn = false
      const [first, second, third, fourth] = study(4)
      async function* underWay(bytes: Bytes): Bytes {
        yield* bytes
        withdrawn = true
      }
      const parcels: Parcel[] = [
        first!,
        {
          ...second!,
          dataset: () => underWay(second!.dataset()),
          file: () => underWay(second!.file()),
        },
        {
          ...third!,
          calledOff: () => (withdrawn ? new Fault('not-found', 'it was withdrawn') : undefined),
        },
        fourth!,
      ]
      const receipts = await collect(destination.deliver(parcels, never))
      assert.deepEqual(outcomesOf(receipts, parcels), ['accepted', 'accepted', 'gone', 'accepted'])
      assert.equal(taken().has(third!.instance.sopInstanceUid), false)
    }))

  test(`${kind}: who leaves at a receipt ends the connection, and nothing more is sent`, () =>
    withFarSide(async ({ destination, taken, together = 1 }) => {
      for await (const receipt of destination.deliver(study(5), never)) {
        assert.equal(receipt.outcome, 'accepted')
        break
      }
      assert.equal(taken().size, together)
      assert.equal((await collect(destination.deliver(study(2), never))).length, 2)
    }))

  test(`${kind}: at a stop the parcel under way arrives and no other begins`, () =>
    withFarSide(async ({ destination, taken }) => {
      const stop = new AbortController()
      const receipts: Receipt[] = []
      for await (const receipt of destination.deliver(study(5), stop.signal)) {
        receipts.push(receipt)
        if (receipts.length === 2) stop.abort()
      }
      assert.equal(receipts.length, 2)
      assert.equal(taken().size, 2)
    }))

  test(`${kind}: a far side that listens answers the probe`, () =>
    withFarSide(({ destination }) => destination.probe(never)))

  test(`${kind}: behind which nobody listens, both fail, and no parcel has a receipt`, async () => {
    const destination = await parts.unreachable()
    await assert.rejects(destination.probe(never), { code: 'peer-unreachable' })
    const receipts: Receipt[] = []
    await assert.rejects(
      async () => {
        for await (const receipt of destination.deliver(study(3), never)) receipts.push(receipt)
      },
      { code: 'peer-unreachable' },
    )
    assert.deepEqual(receipts, [])
  })
}

export async function collect(receipts: AsyncIterable<Receipt>): Promise<Receipt[]> {
  const all: Receipt[] = []
  for await (const receipt of receipts) all.push(receipt)
  return all
}

/** The outcome of each parcel; an answer may come before that to an earlier one, but only once. */
export function outcomesOf(receipts: readonly Receipt[], parcels: readonly Parcel[]) {
  assert.equal(new Set(receipts.map(each => each.instance)).size, receipts.length)
  const outcomes = new Map(receipts.map(each => [each.instance, each.outcome]))
  return parcels.map(each => outcomes.get(each.instance.id))
}

export function study(images: number): Parcel[] {
  return Array.from({ length: images }, (_, index) => parcel({ image: index + 1 }))
}

/** A parcel with a true, if small, dataset in explicit VR little endian. */
export function parcel(image: Partial<Image> & { image: number; pixels?: Uint8Array }): Parcel {
  const archive = createStandInArchive()
  const sopClassUid = image.sopClassUid ?? '1.2.840.10008.5.1.4.1.1.2'
  const study = image.study ?? 1
  const instance = archive.keep({
    ...image,
    ...{ study, sopClassUid },
    dataset: Buffer.concat([
      element(0x0008, 0x0016, 'UI', sopClassUid),
      element(0x0008, 0x0018, 'UI', `1.2.3.${study}.${image.image}`),
      element(0x0008, 0x0060, 'CS', 'CT'),
      element(0x0010, 0x0010, 'PN', 'Nobody'),
      element(0x0020, 0x000d, 'UI', `1.2.3.${study}`),
      element(0x0020, 0x000e, 'UI', `1.2.3.${study}.0`),
      ...(image.pixels ? [pixelData(image.pixels)] : []),
    ]),
  })
  const from = instance.datasetOffset
  return {
    instance,
    dataset: () => archive.archive.open(instance.id, { from, to: instance.bytes }),
    file: () => archive.archive.open(instance.id),
  }
}

/** PS3.5 §7.1.2, a short VR: tag, VR, 16-bit length, value padded to an even length. */
function element(group: number, number: number, vr: string, text: string): Buffer {
  const value = text.length % 2 === 0 ? text : text + (vr === 'UI' ? '\0' : ' ')
  const head = Buffer.alloc(8)
  head.writeUInt16LE(group, 0)
  head.writeUInt16LE(number, 2)
  head.write(vr, 4, 'latin1')
  head.writeUInt16LE(value.length, 6)
  return Buffer.concat([head, Buffer.from(value, 'latin1')])
}

/** (7FE0,0010) OB: a long VR, with two reserved bytes and a 32-bit length. */
function pixelData(pixels: Uint8Array): Buffer {
  const head = Buffer.alloc(12)
  head.writeUInt16LE(0x7fe0, 0)
  head.writeUInt16LE(0x0010, 2)
  head.write('OB', 4, 'latin1')
  head.writeUInt32LE(pixels.length, 8)
  return Buffer.concat([head, pixels])
}

/** The same parcel, whose bytes end in a fault after so many chunks. */
export function failing(of: Parcel, fault: Fault, after: number): Parcel {
  async function* broken(source: () => Bytes) {
    const bytes = await whole({ dataset: source })
    const size = Math.ceil(bytes.length / (after + 1))
    for (let chunk = 0; chunk < after; chunk++) {
      yield bytes.subarray(chunk * size, (chunk + 1) * size)
    }
    throw fault
  }
  return { ...of, dataset: () => broken(of.dataset), file: () => broken(of.file) }
}

async function whole({ dataset }: Pick<Parcel, 'dataset'>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of dataset()) chunks.push(chunk)
  return Buffer.concat(chunks)
}

function randomBytes(length: number): Uint8Array {
  let seed = length
  return Uint8Array.from({ length }, () => {
    seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff
    return seed >> 16
  })
}
