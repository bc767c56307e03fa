import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { describe, test } from 'node:test'
import type { Fault } from '../../faults.ts'
import { calling, ct, explicit, handClock } from './listening.peer.ts'
import { encodeAbort, encodeAssociateRj, encodeReleaseRp, encodeReleaseRq } from './pdu.ts'
import type { ConnectionRecord } from './record.ts'
import { accepting, leave, peer, silent } from './scripted.peer.ts'

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
    leave()
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
