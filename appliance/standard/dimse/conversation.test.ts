import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  associate,
  bytes,
  command,
  data,
  echo,
  fragment,
  item,
  maximumLength,
  pdv,
  u16,
  uids,
} from '../../../test/peers/parrot/bytes.ts'
import { createTestClock } from '../../../test/peers/parrot/clock.ts'
import { openConnection } from '../../../test/peers/parrot/connection.ts'
import { type Fault, faultOf } from '../../faults.ts'
import { silentLog } from '../../log.ts'
import { createAcceptor } from './acceptor.ts'
import type { ConnectionRecord } from './record.ts'
import type { OperationRequest } from './services.ts'
import { defaultTimers } from './settings.ts'

const get = '1.2.840.10008.5.1.4.1.2.2.3'

/** The C-GET of PS3.7 §9.3.3 without its identifier. */
const getRq = data(
  pdv(5, fragment.lastCommand, command({ sopClassUid: get, field: 0x10, messageId: 1 })),
)

test('a caller whose own requests keep its answer to ours from being read is given up in its time', async () => {
  const clock = createTestClock()
  const stop = new AbortController()
  const ended = Promise.withResolvers<ConnectionRecord>()
  const failed = Promise.withResolvers<Fault>()
  const acceptor = createAcceptor({
    host: '127.0.0.1',
    port: 0,
    aeTitles: 'any',
    clock,
    log: silentLog,
    offers: () => ({ transferSyntaxes: 'any', callerMayBeScp: true }),
    onRecord: ended.resolve,
    services: {
      operations: {
        async 'C-GET'({ peer }: OperationRequest) {
          const what = { sopClassUid: uids.ctImage, sopInstanceUid: '1.2.3' }
          const data = (async function* () {
            yield Buffer.alloc(100)
          })()
          try {
            return await peer.store({
              ...what,
              data,
              transferSyntaxUid: uids.implicitLittleEndian,
            })
          } catch (thrown) {
            failed.resolve(faultOf(thrown))
            throw thrown
          }
        },
      },
    },
  })
  const running = acceptor.run(stop.signal)
  const { port = 0 } = await acceptor.listening
  const caller = await openConnection(port)
  const role = item(0x54, bytes(u16(uids.ctImage.length), uids.ctImage, [1, 1]))
  caller.write(
    associate({
      contexts: [
        { id: 1, abstractSyntax: uids.verification },
        { id: 3, abstractSyntax: uids.ctImage },
        { id: 5, abstractSyntax: get },
      ],
      user: [maximumLength(16384), role],
    }),
  )
  const echoes = Array.from({ length: 12 }, (_, at) => echo(at + 2))
  let due: NodeJS.Timeout | undefined
  try {
    assert.partialDeepStrictEqual(await caller.next(), { pdu: 'A-ASSOCIATE-AC' })
    caller.write(bytes(getRq, ...echoes))
    // The C-STORE-RQ of the sub-operation: its answer would come behind the twelve echoes, which are
    // not read while the C-GET is served.
    assert.partialDeepStrictEqual(await caller.next(), { field: 0x0001 })
    due = setInterval(() => clock.pass(defaultTimers.response), 5)
    const { outcome, abort } = await ended.promise
    assert.equal(outcome, 'timed-out')
    assert.equal(abort?.by, 'us')
    assert.equal((await failed.promise).code, 'peer-timeout')
    assert.equal(acceptor.associations(), 0)
  } finally {
    caller.reset()
    stop.abort()
    await running
    clearInterval(due)
  }
})
