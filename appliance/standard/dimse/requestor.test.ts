import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { after, describe, test } from 'node:test'
import type { Fault } from '../../faults.ts'
import { calling, ct, explicit, find, handClock, image, standingStill } from './listening.peer.ts'
import {
  type AssociateAc,
  decodeAssociateRq,
  encodeAbort,
  encodeAssociateAc,
  encodeAssociateRj,
  encodeReleaseRp,
  encodeReleaseRq,
} from './pdu.ts'
import type { ConnectionRecord } from './record.ts'
import { defaultLimits } from './settings.ts'

const open = new Set<{ close(): void }>()
after(() => {
  for (const each of open) each.close()
})

/** The other end as a script: what it does with a connection, byte by byte. */
async function peer(script: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    script(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  open.add({
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  })
  return (server.address() as { port: number }).port
}

/** Accepts every context of the request that comes first, then goes on with `then`. */
function accepting(then: (socket: Socket) => void, differing: Partial<AssociateAc> = {}) {
  return (socket: Socket) => {
    socket.once('data', data => {
      const { contexts, ...head } = decodeAssociateRq(data.subarray(6) as Uint8Array)
      const ac: AssociateAc = {
        ...head,
        contexts: contexts.map(({ id, transferSyntaxes }) => ({
          id,
          result: 0,
          transferSyntax: transferSyntaxes[0]!,
        })),
        ...differing,
      }
      socket.write(encodeAssociateAc(ac))
      then(socket)
    })
  }
}

const silent = (socket: Socket) => void socket.resume()

describe('an association that we ask for', () => {
  const refusals: [string, (socket: Socket) => void, Fault['code'], RegExp][] = [
    [
      'that is rejected says where and why',
      socket => void socket.end(encodeAssociateRj({ result: 1, source: 1, reason: 3 })),
      'peer-refused',
      /does not know our AE title/,
    ],
    [
      'that is rejected for a reason nobody knows says its numbers',
      socket => void socket.end(encodeAssociateRj({ result: 2, source: 3, reason: 9 })),
      'peer-refused',
      /source 3, reason 9 \(transient\)/,
    ],
    [
      'that is aborted says so',
      socket => void socket.end(encodeAbort({ source: 2, reason: 1 })),
      'peer-aborted',
      /source 2, reason 1/,
    ],
    ['that is hung up on says so', socket => void socket.end(), 'peer-aborted', /closed/],
    [
      'of a web server is told from DICOM',
      socket => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'),
      'protocol-broken',
      /HTTP/,
    ],
    [
      'of a TLS port is told from DICOM: an alert (15H) of protocol version (46H)',
      socket => void socket.end(Buffer.from('15030100020246', 'hex')),
      'protocol-broken',
      /TLS/,
    ],
    [
      'that is answered by an association request is the end of it',
      socket => void socket.write(Buffer.from('0100000000440001', 'hex')),
      'protocol-broken',
      /./,
    ],
  ]
  for (const [title, script, code, detail] of refusals)
    test(title, async () => {
      const records: ConnectionRecord[] = []
      const port = await peer(socket => {
        socket.once('data', () => {
          script(socket)
          if (title.includes('association request')) socket.write(Buffer.alloc(66))
        })
      })
      await assert.rejects(
        calling(port, { onRecord: record => records.push(record) }),
        (fault: Fault) => {
          assert.equal(fault.code, code)
          assert.match(fault.detail, detail)
          return true
        },
      )
      assert.equal(records.length, 1)
      assert.match(records[0]!.sentence, /^WAYSTATION at 127\.0\.0\.1:\d+ /)
    })

  test('of nobody is unreachable, and leaves a record', async () => {
    const records: ConnectionRecord[] = []
    const port = await peer(silent)
    for (const each of open) each.close()
    await assert.rejects(calling(port, { onRecord: record => records.push(record) }), {
      code: 'peer-unreachable',
      detail: /nothing listens there \(ECONNREFUSED\)/,
    })
    assert.equal(records[0]?.outcome, 'unreachable')
  })

  test('is not waited for longer than the timer says', async () => {
    const { clock, pass } = handClock()
    const heard = Promise.withResolvers<void>()
    const port = await peer(socket => void socket.on('data', () => heard.resolve()))
    const attempt = calling(port, { clock })
    await heard.promise
    pass(31)
    await assert.rejects(attempt, { code: 'peer-timeout' })
  })

  test('can be called off while nobody answers', async () => {
    const heard = Promise.withResolvers<void>()
    const port = await peer(socket => void socket.on('data', () => heard.resolve()))
    const stop = new AbortController()
    const attempt = calling(port, { stop: stop.signal })
    await heard.promise
    stop.abort()
    await assert.rejects(attempt, { code: 'cancelled' })
  })

  test('with more than 128 contexts is not asked for', async () => {
    const contexts = Array.from({ length: 129 }, () => ({
      abstractSyntax: ct,
      transferSyntaxes: [explicit],
    }))
    await assert.rejects(calling(1, { contexts }), { code: 'request-malformed' })
  })

  test('counts a context as accepted only with a transfer syntax that was proposed', async () => {
    const port = await peer(
      accepting(silent, {
        contexts: [{ id: 3, result: 0, transferSyntax: '1.2.840.10008.1.2.2' }],
      }),
    )
    const association = await calling(port)
    assert.equal(association.accepted(ct), undefined)
    association.abort()
  })
})

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

describe('a release', () => {
  test('that the other end asks for is answered, and ends the association well', async () => {
    const port = await peer(
      accepting(socket => {
        socket.write(encodeReleaseRq())
        socket.once('data', data => {
          assert.deepEqual(Buffer.from(data as Uint8Array), Buffer.from(encodeReleaseRp()))
          socket.end()
        })
      }),
    )
    const association = await calling(port)
    assert.equal((await association.ended).outcome, 'released')
    await association.release()
    await assert.rejects(association.echo(), { code: 'peer-aborted' })
  })

  test('that both ask for at once is a release all the same', async () => {
    const port = await peer(
      accepting(socket => {
        socket.on('data', data => {
          const [type] = data as Uint8Array
          if (type === 0x05) socket.write(encodeReleaseRq())
          else if (type === 0x06) socket.end(encodeReleaseRp())
        })
      }),
    )
    const association = await calling(port)
    await association.release()
    assert.equal((await association.ended).outcome, 'released')
  })

  test('that nobody answers is over when its time is', async () => {
    const { clock, pass } = handClock()
    const asked = Promise.withResolvers<void>()
    const port = await peer(accepting(socket => void socket.on('data', () => asked.resolve())))
    const association = await calling(port, { clock })
    const released = association.release()
    await asked.promise
    pass(31)
    await released
    assert.equal((await association.ended).outcome, 'timed-out')
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
