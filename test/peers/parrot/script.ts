import assert from 'node:assert/strict'
import type {
  AcceptorOptions,
  ConnectionRecord,
  Limits,
  Services,
} from '../../../appliance/standard/dimse/dimse.ts'
import type { Answer, ContextAnswer } from './answers.ts'
import { bytes } from './bytes.ts'
import type { Connection } from './connection.ts'

/**
 * A bad peer: what it does on one connection, in order, and what the appliance makes of it. A step
 * that is bytes sends them; the others wait for an answer, let time pass, or break the connection.
 */
export interface Script {
  /** A fact about the appliance. */
  title: string
  /** Where it is written that this is the answer. */
  source: string
  steps: readonly Step[]
  /** Said on the TLS port, below TLS. */
  onTlsPort?: true
  record: ExpectedRecord
  /** What the store service saw of each C-STORE that reached it; default: none did. */
  stored?: readonly Stored[]
  limits?: Partial<Limits>
  admit?: NonNullable<AcceptorOptions['admit']>
  services?: Services
}

export type Step = Uint8Array | Deed

export type Deed = (parrot: Parrot) => Promise<void> | void

export interface Parrot extends Connection {
  /**
   * Resolves when the appliance has read what was sent before, told by an answer to the good
   * association: what came first over loopback is read first.
   */
  heard(): Promise<void>
  /** Time of the appliance's clock; the good association is never idle meanwhile. */
  pass(seconds: number): Promise<void>
  /** Has its record been written? */
  recorded(): boolean
}

export interface ExpectedRecord {
  outcome: ConnectionRecord['outcome']
  abort?: NonNullable<ConnectionRecord['abort']>
  rejection?: NonNullable<ConnectionRecord['rejection']>
  /** Of the sentence; without it any sentence will do. */
  sentence?: RegExp
}

/** One C-STORE: its instance, and its bytes in hexadecimal or the code of the fault instead. */
export interface Stored {
  sopInstanceUid: string
  came: string
}

export const whole = (sopInstanceUid: string, dataset: Buffer): Stored => ({
  sopInstanceUid,
  came: dataset.toString('hex'),
})

/** The next thing that comes over the wire has at least these fields. */
export function hears(expected: Partial<Answer>): Deed {
  return async parrot => {
    const answer = await parrot.next()
    assert.notEqual(answer, 'end', `the connection is over instead of ${JSON.stringify(expected)}`)
    assert.partialDeepStrictEqual(answer, expected)
  }
}

/** The appliance closes, and has nothing more to say before it does. */
export const hearsEnd: Deed = async parrot => {
  assert.deepEqual(await parrot.next(), 'end')
}

export const accepted = (contexts?: Record<number, ContextAnswer>): Deed =>
  hears({ pdu: 'A-ASSOCIATE-AC', ...(contexts ? { contexts } : {}) })

/** PS3.8 table 9-21. */
export const rejected = (result: number, source: number, reason: number): Deed =>
  hears({ pdu: 'A-ASSOCIATE-RJ', result, source, reason })

export const released: Deed = hears({ pdu: 'A-RELEASE-RP' })

/** PS3.8 table 9-26; after it nothing more comes, and the connection is closed from both ends. */
export function aborted(from: { source: number; reason: number }): Deed {
  const abort = hears({ pdu: 'A-ABORT', ...from })
  return async parrot => {
    await abort(parrot)
    await closes(parrot)
  }
}

/** FIN, and the appliance's behind it. */
export const closes: Deed = async parrot => {
  parrot.halfClose()
  await hearsEnd(parrot)
}

/**
 * AA-1: where no association is yet, the abort comes from the service-user and its reason is not
 * significant (PS3.8 tables 9-9 and 9-26).
 */
export const beforeAssociation = { source: 0, reason: 0 }

/** AA-8: the service-provider aborts, and says why (PS3.8 tables 9-9 and 9-26). */
export const provider = {
  unrecognizedPdu: { source: 2, reason: 1 },
  unexpectedPdu: { source: 2, reason: 2 },
  unrecognizedParameter: { source: 2, reason: 4 },
  unexpectedParameter: { source: 2, reason: 5 },
  invalidParameter: { source: 2, reason: 6 },
} as const

/** The record of a peer that was aborted for what it sent. */
export const broken = (abort: { source: number; reason: number }, sentence?: RegExp) =>
  ({
    outcome: 'protocol-broken',
    abort: { by: 'us', ...abort },
    ...(sentence ? { sentence } : {}),
  }) satisfies ExpectedRecord

/** Commands by their response's Command Field, PS3.7 table E.1-1. */
const responses = { 'C-STORE': 0x8001, 'C-FIND': 0x8020, 'C-ECHO': 0x8030 }

export const answered = (operation: keyof typeof responses, status: number, messageId = 1): Deed =>
  hears({ pdu: 'P-DATA-TF', field: responses[operation], status, messageId })

export const resets: Deed = parrot => parrot.reset()
export const halfCloses: Deed = parrot => parrot.halfClose()
export const stopsReading: Deed = parrot => parrot.pause()

export const passes =
  (seconds: number): Deed =>
  async parrot => {
    await parrot.heard()
    await parrot.pass(seconds)
  }

/**
 * As many seconds as it takes, where a wait begins only when the appliance has looked at files; the
 * record says whether it was that wait which ended.
 */
export const passesUntilRecorded: Deed = async parrot => {
  const deadline = performance.now() + 10_000
  while (!parrot.recorded() && performance.now() < deadline) {
    await parrot.heard()
    await parrot.pass(1)
  }
}

/** One byte at a time, each in a segment of its own, with seconds in between. */
export const trickles =
  (what: Uint8Array, seconds = 0): Deed =>
  async parrot => {
    for (const byte of what) {
      parrot.write(bytes([byte]))
      await parrot.heard()
      if (seconds > 0) await parrot.pass(seconds)
    }
  }
