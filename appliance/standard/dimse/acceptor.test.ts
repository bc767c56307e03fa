import assert from 'node:assert/strict'
import { connect as connectTcp } from 'node:net'
import { describe, test } from 'node:test'
import { Fault } from '../../faults.ts'
import { calling, ct, explicit, image, listening, standingStill } from './listening.peer.ts'
import { rejections } from './negotiation.ts'
import { defaultLimits, defaultTimers } from './settings.ts'

const success = { status: 0x0000 }

describe('an incoming C-STORE', () => {
  test('gives its service every byte, and what is known of the sender', async () => {
    let stored = 0
    const box = await listening({
      services: {
        async store(request) {
          assert.equal(request.association.callingAeTitle, 'CT01')
          assert.equal(request.sopInstanceUid, '1.2.3.4')
          assert.equal(request.transferSyntaxUid, explicit)
          for await (const chunk of request.data) stored += chunk.length
          return success
        },
      },
    })
    const scanner = await calling(box.port)
    assert.equal((await scanner.store(image(1_000_001))).status, 0)
    assert.equal((await scanner.store(image(0))).status, 0, 'an empty dataset is one too')
    await scanner.release()
    assert.equal(stored, 1_000_001)
    const record = await box.record()
    assert.equal(record.outcome, 'released')
    assert.deepEqual(record.requests, { 'C-STORE': { received: 2, sent: 0, failed: 0 } })
    assert.match(record.sentence, /^CT01 at 127\.0\.0\.1 called, 2 C-STORE, /)
    await box.stop()
  })

  test('comes in the same whether it is sent as it is read or all at once', async () => {
    const got: Buffer[] = []
    const box = await listening({
      services: {
        async store({ data }) {
          got.push(Buffer.concat(await Array.fromAsync(data)))
          return success
        },
      },
    })
    const scanner = await calling(box.port)
    for (const length of [0, 1, 65_536, 1_000_001, 5_000_000]) {
      const data = Buffer.alloc(length, `image of ${length} bytes`)
      // Asked for while one is on its way: never one inside another.
      const replies = await Promise.all([
        scanner.store({ ...image(0), data }),
        scanner.store({
          ...image(0),
          data: (async function* () {
            yield data
          })(),
        }),
      ])
      assert.deepEqual(
        replies.map(({ status }) => status),
        [0, 0],
      )
      for (const each of got.splice(0)) assert.ok(each.equals(data), `${length}`)
    }
    await scanner.release()
    await box.stop()
  })

  test('answered before its dataset is read is answered after it has come, and the association lives on', async () => {
    const box = await listening({
      services: { store: async () => ({ status: 0xa700, errorComment: 'the disk is full' }) },
    })
    const scanner = await calling(box.port)
    for (let count = 0; count < 3; count++) {
      const reply = await scanner.store(image(3_000_000))
      assert.equal(reply.status, 0xa700)
      assert.equal(reply.errorComment, 'the disk is full')
    }
    assert.equal((await scanner.echo()).status, 0)
    await scanner.release()
    assert.equal((await box.record()).requests['C-STORE']?.failed, 3)
    await box.stop()
  })

  test('whose service throws is answered by a failure, and the association lives on', async () => {
    const box = await listening({
      services: {
        async store({ data }) {
          for await (const _chunk of data) throw new Fault('storage-full', 'somewhere')
          return success
        },
      },
    })
    const scanner = await calling(box.port)
    const reply = await scanner.store(image(2_000_000))
    assert.equal(reply.status, 0xa700)
    assert.match(reply.errorComment ?? '', /disk is full/)
    assert.equal((await scanner.echo()).status, 0)
    await scanner.release()
    await box.stop()
  })

  test('whose sender vanishes throws at its service, which then keeps nothing', async () => {
    const thrown = Promise.withResolvers<unknown>()
    const box = await listening({
      services: {
        async store({ data }) {
          try {
            for await (const _chunk of data);
          } catch (error) {
            thrown.resolve(error)
          }
          return success
        },
      },
    })
    const scanner = await calling(box.port)
    const endless = image(1)
    const storing = scanner.store({
      ...endless,
      data: (async function* () {
        yield Buffer.alloc(200_000)
        scanner.abort()
        yield Buffer.alloc(200_000)
      })(),
    })
    await assert.rejects(storing, { code: 'cancelled' })
    assert.equal(((await thrown.promise) as Fault).code, 'peer-aborted')
    assert.equal((await box.record()).outcome, 'aborted')
    await box.stop()
  })

  test('whose service is slow holds its sender back, and memory stays bounded', async () => {
    const reading = Promise.withResolvers<void>()
    const limits = { ...defaultLimits, bufferedBytes: 262_144 }
    let taken = 0
    const box = await listening({
      limits,
      services: {
        async store({ data }) {
          await reading.promise
          for await (const chunk of data) taken += chunk.length
          return success
        },
      },
    })
    const scanner = await calling(box.port)
    const total = 64 * 1_048_576
    let given = 0
    const storing = scanner.store({
      ...image(0),
      data: (async function* () {
        while (given < total) {
          given += 1_048_576
          yield Buffer.alloc(1_048_576)
        }
      })(),
    })
    await standingStill(() => given)
    // What the sockets of both ends hold is the kernel's; of ours there is a quarter of a megabyte.
    assert.ok(given < total / 2, `${given} of ${total} bytes were taken from the sender`)
    reading.resolve()
    assert.equal((await storing).status, 0)
    assert.equal(taken, total)
    await scanner.release()
    await box.stop()
  })
})

describe('admission', () => {
  test('a wrong called AE title is refused with the sentence that says what to change', async () => {
    const box = await listening({ aeTitles: ['WAYSTATION', 'ARCHIVE'] })
    await assert.rejects(calling(box.port, { calledAeTitle: 'ORTHANC' }), (error: Fault) => {
      assert.equal(error.code, 'peer-refused')
      assert.match(error.detail, /AE title we call/)
      return true
    })
    const record = await box.record()
    assert.deepEqual(record.rejection, { result: 'permanent', source: 1, reason: 7 })
    assert.equal(
      record.sentence,
      'CT01 at 127.0.0.1 was refused: it calls AE title ORTHANC; this box is WAYSTATION, ARCHIVE; change the scanner or add the alias.',
    )
    const scanner = await calling(box.port, { calledAeTitle: 'ARCHIVE' })
    await scanner.release()
    await box.stop()
  })

  test('a user identity is checked as bytes, and answered when an answer is asked for', async () => {
    const box = await listening({
      async admit({ userIdentity }) {
        const passcode = Buffer.from(userIdentity?.secondary ?? []).toString()
        return passcode === 'secret'
          ? { userIdentityResponse: Uint8Array.of(0, 255, 1) }
          : { ...rejections.noReason, sentence: 'its passcode is wrong; correct it there' }
      },
    })
    const identity = (passcode: string) => ({
      userIdentity: {
        type: 2,
        positiveResponseRequested: true,
        primary: Buffer.from('eve'),
        secondary: Buffer.from(passcode),
      },
    })
    await assert.rejects(calling(box.port, identity('wrong')), { code: 'peer-refused' })
    assert.match((await box.record()).sentence, /passcode is wrong/)
    const known = await calling(box.port, identity('secret'))
    assert.deepEqual([...(known.userIdentityResponse ?? [])], [0, 255, 1])
    await known.release()
    await box.stop()
  })

  test('an admission that fails is a transient refusal, and the box lives on', async () => {
    let broken = true
    const box = await listening({
      admit() {
        if (broken) throw new Error('no database')
        return 'accepted'
      },
    })
    await assert.rejects(calling(box.port), { code: 'peer-refused' })
    assert.equal((await box.record()).rejection?.result, 'transient')
    broken = false
    await (await calling(box.port)).release()
    await box.stop()
  })

  test('one connection too many without an association costs the oldest of them, not the newcomer', async () => {
    const box = await listening({
      limits: { ...defaultLimits, connectionsWithoutAssociation: 2 },
    })
    const silent = await Promise.all(
      [1, 2].map(
        () =>
          new Promise<ReturnType<typeof connectTcp>>(resolve => {
            const socket = connectTcp(box.port, '127.0.0.1', () => resolve(socket))
            socket.on('error', () => {})
          }),
      ),
    )
    const closed = Promise.race(
      silent.map(socket => new Promise(resolve => socket.once('close', resolve))),
    )
    const scanner = await calling(box.port)
    await closed
    assert.equal((await scanner.echo()).status, 0)
    await scanner.release()
    for (const socket of silent) socket.destroy()
    await box.stop()
  })
})

describe('a stop', () => {
  test('finishes what is in work, refuses newcomers as transient, and then is over', async () => {
    const begun = Promise.withResolvers<void>()
    const finish = Promise.withResolvers<void>()
    const box = await listening({
      services: {
        async store({ data }) {
          for await (const _chunk of data);
          begun.resolve()
          await finish.promise
          return success
        },
      },
    })
    const idle = await calling(box.port)
    const scanner = await calling(box.port)
    const storing = scanner.store(image(100_000))
    await begun.promise
    const stopped = box.stop()
    assert.equal((await idle.ended).outcome, 'aborted', 'nothing was in work there')
    await assert.rejects(calling(box.port), (error: Fault) => /transient/.test(error.detail))
    finish.resolve()
    assert.equal((await storing).status, 0, 'the image was answered')
    assert.equal((await scanner.ended).outcome, 'aborted')
    await stopped
    await assert.rejects(calling(box.port), { code: 'peer-unreachable' })
  })

  test('gives up what is not finished in its time', async () => {
    const box = await listening({
      timers: { ...defaultTimers, stop: 0.05 },
      services: { store: () => new Promise(() => {}) },
    })
    const scanner = await calling(box.port)
    const storing = assert.rejects(scanner.store(image(100_000)), { code: 'peer-aborted' })
    await scannerBusy(box.acceptor.associations)
    await box.stop()
    await storing
  })
})

async function scannerBusy(associations: () => number): Promise<void> {
  while (associations() === 0) await new Promise(resolve => setImmediate(resolve))
}

test('a port that is taken is a fault that says so', async () => {
  const box = await listening({})
  await assert.rejects(listening({ port: box.port }), { code: 'port-taken' })
  await box.stop()
})

test('what is refused is named in the record: abstract syntax, or its transfer syntaxes', async () => {
  const box = await listening({
    offers: uid => (uid === ct ? { transferSyntaxes: ['1.2.840.10008.1.2.4.50'] } : undefined),
  })
  const scanner = await calling(box.port)
  assert.equal(scanner.accepted(ct), undefined)
  await assert.rejects(scanner.store(image(10)), { code: 'peer-declined' })
  await assert.rejects(scanner.echo(), { code: 'peer-declined' })
  await scanner.release()
  const record = await box.record()
  assert.deepEqual(
    record.contexts.map(context => context.answer),
    [
      'abstract-syntax-not-supported',
      'transfer-syntaxes-not-supported',
      'abstract-syntax-not-supported',
    ],
  )
  assert.match(record.sentence, /not taken: .* and 2 more/)
  await box.stop()
})
