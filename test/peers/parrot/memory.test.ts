import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ConnectionRecord, Services } from '../../../appliance/standard/dimse/dimse.ts'
import { eventually } from '../programs.ts'
import {
  associate,
  bytes,
  command,
  data,
  echo,
  fragment,
  image,
  instanceUid,
  item,
  maximumLength,
  pdu,
  pdv,
  releaseRq,
  store,
  storeCommand,
  uids,
} from './bytes.ts'
import { type Connection, openConnection } from './connection.ts'
import { memoryInUse } from './memory.ts'
import { play } from './play.ts'
import type { Script } from './script.ts'
import { scripts } from './scripts.ts'
import { openWitness, type Subject, startSubject, type Witness } from './subject.ts'

/** A store that takes nothing until it is let go, as a disk that stands still. */
function standingStore() {
  const { promise: moves, resolve: letGo } = Promise.withResolvers<void>()
  let bytesTaken = 0
  return {
    letGo,
    bytesTaken: () => bytesTaken,
    async store({ data }: { data: AsyncIterable<Uint8Array> }) {
      await moves
      for await (const chunk of data) bytesTaken += chunk.length
      return { status: 0x0000 }
    },
  }
}

const findRq = command({
  sopClassUid: uids.studyRootFind,
  field: 0x0020,
  messageId: 1,
  dataset: true,
})

async function associated(port: number): Promise<Connection> {
  const connection = await openConnection(port)
  connection.write(associate())
  assert.partialDeepStrictEqual(await connection.next(), { pdu: 'A-ASSOCIATE-AC' })
  return connection
}

/** Runs beside a good association; whatever happens, everything is closed. */
async function beside(
  options: Pick<Script, 'limits' | 'services'>,
  run: (subject: Subject, witness: Witness) => Promise<void>,
): Promise<void> {
  const subject = await startSubject(options)
  try {
    const witness = await openWitness(subject.port)
    await run(subject, witness)
    await witness.leaves()
  } finally {
    await subject.stop()
  }
}

/** The appliance has read all that it is going to read by now. */
async function settles(witness: Witness): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await witness.echoes()
}

describe('memory', () => {
  it('is given back by every bad peer', async () => {
    const all = async () => {
      for (const script of scripts) await play(script)
    }
    await all()
    const before = await memoryInUse()
    await all()
    const grown = (await memoryInUse()) - before
    assert.ok(grown < 4, `${scripts.length} bad peers left ${grown.toFixed(1)} MB behind`)
  })

  it('holds a megabyte of a dataset that the disk does not take, and the network the rest', async () => {
    const disk = standingStore()
    await beside({ services: { store: disk.store } }, async (subject, witness) => {
      const sender = await associated(subject.port)
      const before = await memoryInUse()
      // The same 128 KB again and again, so that what waits to be sent costs this process nothing.
      const value = data(pdv(3, fragment.dataset, Buffer.alloc(131_066)))
      const values = 500
      sender.write(data(pdv(3, fragment.lastCommand, storeCommand())))
      for (let sent = 0; sent < values; sent++) sender.write(value)
      await settles(witness)
      const held = (await memoryInUse()) - before
      assert.ok(held < 8, `${held.toFixed(1)} MB are held of 63`)
      assert.equal(disk.bytesTaken(), 0)
      disk.letGo()
      sender.write(data(pdv(3, fragment.lastDataset, [])))
      assert.partialDeepStrictEqual(await sender.next(), { field: 0x8001, status: 0x0000 })
      assert.equal(disk.bytesTaken(), values * 131_066)
      sender.reset()
    })
  })

  it('holds a few hundred of ten thousand requests that nobody waited to have answered', async () => {
    const disk = standingStore()
    await beside({ services: { store: disk.store } }, async (subject, witness) => {
      const sender = await associated(subject.port)
      sender.write(store())
      const before = await memoryInUse()
      const thousand = bytes(...Array.from({ length: 1000 }, (_, at) => echo(at + 1)))
      for (let sent = 0; sent < 10; sent++) sender.write(thousand)
      await settles(witness)
      const held = (await memoryInUse()) - before
      assert.ok(held < 8, `${held.toFixed(1)} MB are held`)
      disk.letGo()
      for (let answers = 0; answers <= 10_000; answers++)
        assert.notEqual(await sender.next(), 'end')
      sender.reset()
    })
  })

  it('is not taken for full because of peers that left with requests waiting', async () => {
    const disk = standingStore()
    await beside({ services: { store: disk.store } }, async (subject, witness) => {
      const thousand = bytes(store(), ...Array.from({ length: 1000 }, (_, at) => echo(at + 1)))
      for (let peer = 0; peer < 3; peer++) {
        const leaver = await associated(subject.port)
        leaver.write(thousand)
        await settles(witness)
        leaver.reset()
        await subject.record(leaver.port)
      }
      // The next sender still gets its whole megabyte of room.
      const sender = await associated(subject.port)
      sender.write(data(pdv(3, fragment.lastCommand, storeCommand())))
      for (let sent = 0; sent < 7; sent++)
        sender.write(data(pdv(3, fragment.dataset, Buffer.alloc(131_066))))
      await settles(witness)
      sender.reset()
      const { bytesReceived } = await subject.record(sender.port)
      assert.ok(bytesReceived > 7 * 131_066, `${bytesReceived} bytes were taken`)
      disk.letGo()
    })
  })

  it('holds a bounded part of what two hundred callers ask with endless identifiers', async () => {
    await beside({}, async (subject, witness) => {
      const before = await memoryInUse()
      const value = data(pdv(5, fragment.dataset, Buffer.alloc(131_066)))
      const callers: Connection[] = []
      for (let at = 0; at < 200; at++) {
        const caller = await associated(subject.port)
        caller.write(data(pdv(5, fragment.lastCommand, findRq)))
        for (let sent = 0; sent < 15; sent++) caller.write(value)
        callers.push(caller)
        await witness.echoes()
      }
      await settles(witness)
      const held = (await memoryInUse()) - before
      assert.ok(held < 150, `${held.toFixed(1)} MB are held of 390`)
      for (const caller of callers) caller.reset()
    })
  })

  it('holds a bounded part of what four hundred callers begin and do not end', async () => {
    await beside({}, async (subject, witness) => {
      const before = await memoryInUse()
      // A request of 256 KB less one byte: as long as may be, and not over.
      const begun = pdu(0x01, Buffer.alloc(262_144)).subarray(0, -1)
      const callers: Connection[] = []
      for (let at = 0; at < 400; at++) {
        const caller = await openConnection(subject.port)
        caller.write(begun)
        await witness.echoes()
        callers.push(caller)
      }
      await settles(witness)
      const held = (await memoryInUse()) - before
      assert.ok(held < 80, `${held.toFixed(1)} MB are held of 100`)
      for (const caller of callers) caller.reset()
    })
  })

  it('holds one identifier, and a megabyte of those that nobody waited to have answered', async () => {
    const { promise: moves, resolve: letGo } = Promise.withResolvers<void>()
    const lengths: (number | undefined)[] = []
    const services: Services = {
      operations: {
        async *'C-FIND'({ dataset }) {
          await moves
          lengths.push(dataset?.length)
          yield { status: 0x0000 }
        },
      },
    }
    await beside({ services }, async (subject, witness) => {
      const asker = await associated(subject.port)
      const before = await memoryInUse()
      const value = data(pdv(5, fragment.dataset, Buffer.alloc(131_066)))
      const identifier = [
        data(pdv(5, fragment.lastCommand, findRq)),
        ...Array.from({ length: 63 }, () => value),
        data(pdv(5, fragment.lastDataset, [])),
      ]
      for (let asked = 0; asked < 8; asked++) for (const pdu of identifier) asker.write(pdu)
      await settles(witness)
      const held = (await memoryInUse()) - before
      assert.ok(held < 16, `${held.toFixed(1)} MB are held of 63`)
      letGo()
      for (let answers = 0; answers < 8; answers++)
        assert.partialDeepStrictEqual(await asker.next(), { field: 0x8020, status: 0x0000 })
      assert.deepEqual(
        lengths,
        Array.from({ length: 8 }, () => 63 * 131_066),
      )
      asker.reset()
    })
  })

  it('is not filled by the records of callers with endless names', async () => {
    const kept: ConnectionRecord[] = []
    const subject = await startSubject({ onRecord: record => kept.push(record) })
    try {
      const endless = 'x'.repeat(30_000)
      const user = [maximumLength(16384), item(0x52, endless), item(0x55, endless)]
      const transferSyntaxes = Array.from({ length: 60 }, (_, at) => `1.2.${at}.${'9'.repeat(90)}`)
      const callers = [
        associate({ user }),
        associate({ applicationContext: endless }),
        associate({ contexts: [{ id: 1, abstractSyntax: endless }] }),
        associate({ contexts: [{ id: 1, abstractSyntax: uids.verification, transferSyntaxes }] }),
      ]
      const call = async (request: Uint8Array) => {
        const caller = await openConnection(subject.port)
        caller.write(request)
        await caller.next()
        caller.reset()
      }
      for (const request of callers) await call(request)
      const before = await memoryInUse()
      for (let at = 0; at < 400; at++) await call(callers[at % callers.length]!)
      await eventually(() => kept.length === 400 + callers.length, 'the records', 10)
      // A context and its syntaxes are let go as records age, the rest is kept of ten thousand.
      const held = ((await memoryInUse()) - before) / 400
      assert.ok(held < 0.008, `${(held * 1024).toFixed(1)} KB a record`)
      for (const { sentence } of kept) assert.ok(sentence.length < 700, sentence)
    } finally {
      await subject.stop()
    }
  })

  it('is given back wherever a conversation is cut, and nothing is half kept', async () => {
    const conversation = bytes(associate(), echo(), store({ dataset: image(100) }), releaseRq)
    await beside({}, async (subject, witness) => {
      for (let end = 0; end < conversation.length; end++) {
        const peer = await openConnection(subject.port)
        peer.write(conversation.subarray(0, end))
        await witness.echoes()
        if (end % 2 === 0) peer.halfClose()
        else peer.reset()
        assert.notEqual((await subject.record(peer.port)).sentence, '', `cut at byte ${end}`)
        peer.reset()
      }
      const whole = image(100).toString('hex')
      const came = Map.groupBy(subject.stored, each => each.came)
      for (const each of came.keys())
        assert.ok([whole, 'peer-aborted', 'protocol-broken'].includes(each), each)
      // Of those that were whole, every byte of the dataset had come.
      assert.equal(came.get(whole)?.length, releaseRq.length)
      assert.ok(subject.stored.every(each => each.sopInstanceUid === instanceUid))
      await eventually(() => subject.acceptor.associations() === 1, 'only the good one', 10)
    })
  })
})
