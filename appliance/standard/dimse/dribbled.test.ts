import assert from 'node:assert/strict'
import { createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { encodeCommand } from './command.ts'
import { calling, find, handClock, implicit, standingStill } from './listening.peer.ts'
import { Fragmenter } from './outflow.ts'
import { decodeAssociateRq, encodeAssociateAc } from './pdu.ts'
import type { ConnectionRecord } from './record.ts'
import { defaultTimers } from './settings.ts'
import { commandField, pduType, responseBit } from './vocabulary.ts'

const contextOf = { echo: 1, find: 5 }

/** Command or dataset as one P-DATA-TF. */
function pduOf(contextId: number, kind: 'command' | 'dataset', bytes: Uint8Array): Buffer {
  const out: Uint8Array[] = []
  const fragmenter = new Fragmenter(contextId, kind, 0)
  fragmenter.add(bytes, out)
  fragmenter.end(out)
  return Buffer.concat(out)
}

/**
 * A peer that accepts everything and answers the first request with `prompt` at once and then
 * `dribbled` byte by byte, one for every `seconds` of our clock, until it is cut off.
 */
async function dribbling(answer: { prompt?: Buffer; dribbled: Buffer; seconds: number }) {
  const { clock, pass } = handClock()
  let given = 0
  const aborts: Buffer[] = []
  async function dribble(socket: Socket): Promise<void> {
    if (answer.prompt) socket.write(answer.prompt)
    // All but the last byte: the answer itself never ends the wait.
    for (; given < answer.dribbled.length - 1 && aborts.length === 0; given++) {
      socket.write(answer.dribbled.subarray(given, given + 1))
      await standingStill(() => given)
      pass(answer.seconds)
      await standingStill(() => aborts.length)
    }
  }
  const server = createServer(socket => {
    let asked = false
    socket.on('error', () => {})
    socket.on('data', chunk => {
      if (chunk[0] === pduType.associateRq) {
        const rq = decodeAssociateRq(chunk.subarray(6))
        const contexts = rq.contexts.map(({ id }) => ({ id, result: 0, transferSyntax: implicit }))
        const user = { ...rq.user, roles: [], extended: [], commonExtended: [] }
        socket.write(encodeAssociateAc({ ...rq, contexts, user }))
      } else if (chunk[0] === pduType.abort) aborts.push(chunk)
      else if (!asked) {
        asked = true
        void dribble(socket)
      }
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const ended = Promise.withResolvers<ConnectionRecord>()
  const peer = await calling(port, { clock, onRecord: ended.resolve })
  return {
    peer,
    record: ended.promise,
    seconds: () => given * answer.seconds,
    aborts,
    close: () => server.close(),
  }
}

test('a peer that dribbles its answer to us is aborted when the time for the answer is over', async () => {
  const dribbled = pduOf(
    contextOf.echo,
    'command',
    encodeCommand({
      commandField: commandField['C-ECHO-RQ'] | responseBit,
      messageIdBeingRespondedTo: 1,
      commandDataSetType: 0x0101,
      status: 0,
    }),
  )
  const { peer, record, seconds, aborts, close } = await dribbling({ dribbled, seconds: 50 })
  await assert.rejects(peer.echo(), { code: 'peer-timeout' })
  const { outcome, abort } = await record
  assert.equal(outcome, 'timed-out')
  assert.deepEqual(abort, { by: 'us', source: 0, reason: 0 })
  await standingStill(() => aborts.length)
  assert.equal(aborts[0]?.toString('hex'), '07000000000400000000')
  assert.ok(seconds() <= defaultTimers.response, `it went on for ${seconds()} s`)
  close()
})

test('a peer that dribbles the identifier of an answer, never silent for long, is aborted', async () => {
  const prompt = pduOf(
    contextOf.find,
    'command',
    encodeCommand({
      affectedSopClassUid: find,
      commandField: commandField['C-FIND-RQ'] | responseBit,
      messageIdBeingRespondedTo: 1,
      commandDataSetType: 1,
      status: 0xff00,
    }),
  )
  const dribbled = pduOf(contextOf.find, 'dataset', Buffer.alloc(4096))
  const { peer, record, seconds, close } = await dribbling({ prompt, dribbled, seconds: 100 })
  const asking = peer.perform({ operation: 'C-FIND', sopClassUid: find, dataset: Buffer.alloc(0) })
  await assert.rejects(Array.fromAsync(asking), { code: 'peer-timeout' })
  assert.equal((await record).outcome, 'timed-out')
  assert.ok(seconds() <= 2 * defaultTimers.idle, `it went on for ${seconds()} s`)
  close()
})
