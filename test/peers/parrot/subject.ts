import assert from 'node:assert/strict'
import { faultOf } from '../../../appliance/faults.ts'
import { silentLog } from '../../../appliance/log.ts'
import {
  type Acceptor,
  type AcceptorOptions,
  type ConnectionRecord,
  createAcceptor,
  defaultLimits,
  defaultTimers,
  type Offer,
  type Services,
} from '../../../appliance/standard/dimse/dimse.ts'
import { associate, echo, image, releaseRq, store, uids } from './bytes.ts'
import { createTestClock } from './clock.ts'
import { type Connection, openConnection } from './connection.ts'
import type { Script, Stored } from './script.ts'

/** An acceptor as the box runs it, with a clock of ours and a store that remembers what came. */
export interface Subject {
  acceptor: Acceptor
  port: number
  /** 0 without TLS. */
  tlsPort: number
  stored: Stored[]
  /** The record of the connection from this port, once it is over. */
  record(port: number): Promise<ConnectionRecord>
  pass(seconds: number): void
  stop(): Promise<void>
}

const offered: Record<string, Offer> = {
  [uids.verification]: { transferSyntaxes: [uids.implicitLittleEndian] },
  [uids.ctImage]: { transferSyntaxes: 'any' },
  [uids.studyRootFind]: { transferSyntaxes: [uids.implicitLittleEndian] },
}

export async function startSubject(
  options: Pick<Script, 'limits' | 'services'> &
    Pick<AcceptorOptions, 'admit' | 'clock' | 'onRecord' | 'tls'> = {},
): Promise<Subject> {
  const { limits, services, admit } = options
  const clock = createTestClock()
  const stored: Stored[] = []
  const records = new Map<number, PromiseWithResolvers<ConnectionRecord>>()
  const recordOf = (port: number) => {
    const known = records.get(port) ?? Promise.withResolvers<ConnectionRecord>()
    records.set(port, known)
    return known
  }
  const stopping = new AbortController()
  const acceptor = createAcceptor({
    host: '127.0.0.1',
    port: 0,
    ...(options.tls ? { tls: options.tls } : {}),
    aeTitles: ['WAYSTATION'],
    offers: abstractSyntax => offered[abstractSyntax],
    log: silentLog,
    clock: options.clock ?? clock,
    timers: defaultTimers,
    admit: request =>
      request.callingAeTitle === witnessTitle ? 'accepted' : (admit?.(request) ?? 'accepted'),
    limits: { ...defaultLimits, ...limits },
    services: { store: remembering(stored), ...services },
    onRecord: options.onRecord ?? (record => recordOf(record.remotePort).resolve(record)),
  })
  const running = acceptor.run(stopping.signal)
  const { port, tlsPort = 0 } = await acceptor.listening
  assert.ok(port !== undefined)
  return {
    acceptor,
    port,
    tlsPort,
    stored,
    record: remotePort => recordOf(remotePort).promise,
    pass: clock.pass,
    async stop() {
      let over = false
      void running.finally(() => (over = true))
      stopping.abort()
      // It waits for this and that to close, each with a time of its own.
      while (!over) {
        clock.pass(1)
        await new Promise(resolve => setImmediate(resolve))
      }
      await running
    },
  }
}

function remembering(stored: Stored[]): NonNullable<Services['store']> {
  return async ({ sopInstanceUid, data }) => {
    const chunks: Uint8Array[] = []
    try {
      for await (const chunk of data) chunks.push(chunk)
    } catch (thrown) {
      stored.push({ sopInstanceUid, came: faultOf(thrown).code })
      throw thrown
    }
    stored.push({ sopInstanceUid, came: Buffer.concat(chunks).toString('hex') })
    return { status: 0x0000 }
  }
}

/** A peer without fault, whose association stays open beside the bad one's. */
export interface Witness {
  echoes(): Promise<void>
  stores(): Promise<void>
  leaves(): Promise<void>
}

const witnessTitle = 'WITNESS'

export const witnessInstance = '1.2.826.0.1.3680043.10.99.777'

export async function openWitness(port: number): Promise<Witness> {
  const connection: Connection = await openConnection(port)
  let messageId = 0
  const expectAnswer = async (expected: object) => {
    const answer = await connection.next()
    assert.notEqual(answer, 'end', 'the good association was ended')
    assert.partialDeepStrictEqual(answer, expected)
  }
  connection.write(associate({ calling: witnessTitle }))
  await expectAnswer({ pdu: 'A-ASSOCIATE-AC', contexts: { 1: 'accepted', 3: 'accepted' } })
  return {
    async echoes() {
      messageId = (messageId % 0xffff) + 1
      connection.write(echo(messageId))
      await expectAnswer({ field: 0x8030, messageId, status: 0x0000 })
    },
    async stores() {
      messageId = (messageId % 0xffff) + 1
      const dataset = image(2000, witnessInstance)
      connection.write(store({ messageId, sopInstanceUid: witnessInstance, dataset }))
      await expectAnswer({ field: 0x8001, messageId, status: 0x0000 })
    },
    async leaves() {
      connection.write(releaseRq)
      await expectAnswer({ pdu: 'A-RELEASE-RP' })
      assert.equal(await connection.next(), 'end')
      connection.halfClose()
    },
  }
}
