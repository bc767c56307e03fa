import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { calling, find, handClock, image, standingStill } from './listening.peer.ts'
import { accepting, peer, silent } from './scripted.peer.ts'
import { defaultLimits } from './settings.ts'

describe('a request of ours', () => {
  test('that is not answered is given up in its time, with the association', async () => {
    const { clock, pass } = handClock()
    const heard = Promise.withResolvers<void>()
    const port = await peer(accepting(socket => void socket.on('data', () => heard.resolve())))
    const association = await calling(port, { clock })
    const echo = association.echo()
    await heard.promise
    pass(301)
    await assert.rejects(echo, { code: 'peer-timeout' })
    assert.equal((await association.ended).outcome, 'timed-out')
  })

  test('that the other end takes no data of is given up in its time', async () => {
    const { clock, pass } = handClock()
    const port = await peer(accepting(socket => void socket.pause()))
    const association = await calling(port, { clock })
    let given = 0
    const storing = assert.rejects(
      association.store({
        ...image(0),
        data: (async function* () {
          for (;;) {
            given += 1_048_576
            yield Buffer.alloc(1_048_576)
          }
        })(),
      }),
      { code: 'peer-timeout' },
    )
    await standingStill(() => given)
    pass(61)
    // What was flushed since the wait began gives it another turn.
    pass(61)
    await storing
    assert.match((await association.ended).sentence, /takes no more data/)
  })

  for (const [wanted, longest] of [
    [2500, 2500],
    [undefined, 131_072],
    [200_000, 131_072],
  ] as const)
    test(`goes out in PDUs of at most ${longest} bytes where the other end takes 131,072 and we want ${wanted ?? 'any'}`, async () => {
      let heard = Buffer.alloc(0)
      const hear = (data: Uint8Array) => {
        heard = Buffer.concat([heard, data])
      }
      const port = await peer(accepting(socket => void socket.on('data', hear)))
      const association = await calling(port, { longestPdu: () => wanted })
      const storing = assert.rejects(association.store(image(400_000)), { code: 'cancelled' })
      while (heard.length < 400_000) await new Promise(resolve => setImmediate(resolve))
      const lengths: number[] = []
      for (let at = 0; at + 6 <= heard.length; at += 6 + (lengths.at(-1) ?? 0))
        lengths.push(heard.readUInt32BE(at + 2))
      assert.equal(Math.max(...lengths), longest)
      association.abort()
      await storing
    })

  test('whose source breaks off ends the association, and says what the source said', async () => {
    const port = await peer(accepting(silent))
    const association = await calling(port)
    const broken = new Error('the disk')
    await assert.rejects(
      association.store({
        ...image(0),
        data: (async function* () {
          yield Buffer.alloc(100)
          throw broken
        })(),
      }),
      broken,
    )
    assert.equal((await association.ended).outcome, 'stopped')
  })

  test('whose source fails before its first byte leaves the association as it was', async () => {
    const requests: Buffer[] = []
    const port = await peer(
      accepting(socket => void socket.on('data', data => requests.push(data as Buffer))),
    )
    const association = await calling(port)
    const source = {
      [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error('no file')) }),
    }
    await assert.rejects(association.store({ ...image(0), data: source }), /no file/)
    assert.deepEqual(requests, [])
    association.abort()
  })

  test('that is answered with another message id is answered by an abort', async () => {
    /*
     * 04 00 0000002c  00000028 01 03   P-DATA-TF, context 1, command, last
     *   0000 0100 00000002 3080        C-ECHO-RSP
     *   0000 0120 00000002 0900        to message 9, which is not ours
     *   0000 0800 00000002 0101        no dataset
     *   0000 0900 00000002 0000        success
     */
    const answer = Buffer.from(
      `04000000002e 0000002a0103 0000000102000000 3080 0000200102000000 0900
       0000000802000000 0101 0000000902000000 0000`.replaceAll(/\s/g, ''),
      'hex',
    )
    const port = await peer(
      accepting(socket => void socket.once('data', () => socket.write(answer))),
    )
    const association = await calling(port)
    await assert.rejects(association.echo(), { code: 'protocol-broken' })
  })
})

test('what a peer answers is bounded as what it asks', async () => {
  /*
   * C-FIND-RSP, pending, with a dataset: PS3.7 §9.3.2.2; then values of 65,000 bytes without end.
   */
  const response = Buffer.from(
    `04000000002e 0000002a0503 0000000102000000 2080 0000200102000000 0100
     0000000802000000 0000 0000000902000000 00ff`.replaceAll(/\s/g, ''),
    'hex',
  )
  const value = Buffer.alloc(12 + 65_000)
  Buffer.from('04000000fdee0000fdea0500', 'hex').copy(value)
  const port = await peer(
    accepting(socket => {
      socket.once('data', () => {
        socket.write(response)
        for (let count = 0; count < 4; count++) socket.write(value)
      })
    }),
  )
  const association = await calling(port, {
    limits: { ...defaultLimits, identifierBytes: 200_000 },
  })
  const replies = association.perform({ operation: 'C-FIND', sopClassUid: find })
  await assert.rejects(replies[Symbol.asyncIterator]().next(), { code: 'protocol-broken' })
})
